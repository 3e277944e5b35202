// Kinds of answers, each by cases that nobody reported: words that scale a number in several languages, sentences that
// deny or suppose, arithmetic with infinity, sums, residue classes, days, numerals with a base.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "framework/grade/grade.h"

using ft::Verdict;
using ft::grade::equal;
using ft::grade::extract;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void all_equal(const Pairs& pairs) {
  for (const auto& [gold, candidate] : pairs) {
    const auto forward = equal(gold, candidate);
    CHECK_MESSAGE(forward.verdict == Verdict::equal, gold, " and ", candidate, ": ", forward.reason);
    CHECK_MESSAGE(equal(candidate, gold).verdict == Verdict::equal, candidate, " and ", gold, ": not symmetric");
  }
}

void none_equal(const Pairs& pairs) {
  for (const auto& [gold, candidate] : pairs) {
    const auto forward = equal(gold, candidate);
    CHECK_MESSAGE(forward.verdict != Verdict::equal, gold, " and ", candidate, ": ", forward.reason);
    CHECK_MESSAGE(equal(candidate, gold).verdict == forward.verdict, candidate, " and ", gold, ": not symmetric");
  }
}

}  // namespace

TEST_CASE("a word that scales does so in its language") {
  all_equal({{"3000000", "3 Millionen"},
             {"4000000000", "4 Milliarden"},
             {"24", "2 Dutzend"},
             {"7000000000", "7 milliards"},
             {"36", "3 douzaines"},
             {"5000000", "5 millones"},
             {"9000", "9 mil"},
             {"6000", "6 тысяч"},
             {"2000000", "2 млн"},
             {"80000", "8万"},
             {"30000", "3 万人"},
             {"200000000", "2亿"},
             {"4000000", "4 मिलियन"},
             {"5 kg", "5 kg"},
             {"12", "a dozen"},
             {"3.25", "3 and a quarter"},
             {"0.25", "a quarter"}});
  none_equal({{"3", "3 Millionen"},    {"3", "3 milliards"},  {"3", "3 docenas"},      {"3", "3 тыс."},
              {"3", "3万亿"},          {"3", "3倍"},          {"3", "3 oder mehr"},    {"3", "3 quadrillion"},
              {"3", "3 pairs of ten"}, {"3", "3 point five"}, {"3", "3% of 50"},       {"3", "3 percent of 50"},
              {"3", "3 too many"},     {"3", "3 in binary"},  {"3", "3 square roots"}, {"3", "3 repeating"},
              {"3", "3 fois"},         {"3", "3 以上"},       {"3", "3 у.е. или 4"},   {"3", "3 Billionen"}});
  all_equal(
      {{"3", "3 more apples"}, {"3", "3 人"}, {"3", "3 Äpfel"}, {"3", "3 яблок"}, {"25", "25 percent of the boys"}});
}

TEST_CASE("a sentence that denies, supposes, asks or reminds states nothing") {
  for (const std::string text : {"It is not true that x = 8.",
                                 "We cannot conclude that x is 8.",
                                 "So neither 8 nor 9 works.",
                                 "The answer cannot be 8.",
                                 "It can never be 8.",
                                 "Let x = 8.",
                                 "Suppose that n = 8.",
                                 "Assume the length is 8.",
                                 "Recall that 8 = 2^3.",
                                 "If x = 8, then y is odd.",
                                 "Find the value of x when y = 8.",
                                 "Determine whether 8 is a solution.",
                                 "However, 8 is extraneous.",
                                 "This contradicts x = 8.",
                                 "Thus x differs from 8.",
                                 "We have to check 8 cases.",
                                 "There are no solutions for n = 8.",
                                 "No such triangle with side 8 exists.",
                                 "I am not sure whether it is 8.",
                                 "The answer is unknown, as 8 values are missing.",
                                 "Sorry, I cannot answer questions about 8."}) {
    const auto extracted = extract(text);
    CHECK_MESSAGE(!(extracted.found && equal("8", extracted.answer).verdict == Verdict::equal), text, ": took ",
                  extracted.answer);
  }
  for (const std::string text :
       {"Since x cannot be negative, x = 8.", "We find that x = 8.",
        "Assuming a week has 7 days, she needs 56 ÷ 7 = 8 boxes.", "It does not matter which one, so the total is 8.",
        "Multiply 2 by 4 to get 8.", "16 over 2 simplifies to 8."})
    CHECK_MESSAGE(equal("8", extract(text).answer).verdict == Verdict::equal, text, ": took ", extract(text).answer);
}

TEST_CASE("a box or a number keeps what belongs to it") {
  const auto found = [](const std::string& text) { return extract(text).answer; };
  CHECK(equal("8000", found("\\boxed{8}\\text{ thousand}")).verdict == Verdict::equal);
  CHECK(equal("3.5", found("\\boxed{3}.5")).verdict == Verdict::equal);
  CHECK(equal("7x", found("\\boxed{7}x")).verdict == Verdict::equal);
  CHECK(found("the term is $35x^3\\cdot144=\\boxed{5040}x^3$") == "5040");
  CHECK(found("$28\\cdot\\frac{9}{25}x^2y^6=\\boxed{\\frac{63}{400}}x^2y^6$") == "\\frac{63}{400}");
  CHECK(equal("5\\log 2", found("So the answer is 5 log 2.")).verdict == Verdict::equal);
  CHECK(equal("200 minutes", found("It takes 3 hours and 20 minutes.")).verdict == Verdict::equal);
  CHECK(equal("2:3", found("So the ratio is 2 to 3.")).verdict == Verdict::equal);
  CHECK(equal("3/4", found("x equals 3 over 4.")).verdict != Verdict::different);
  CHECK(equal("158", found("The length is 158 + LK.")).verdict != Verdict::equal);
  CHECK(equal("2.5", found("Die Antwort ist 2.5.")).verdict == Verdict::equal);
  CHECK(equal("2.5", found("Die Antwort ist 2,5.")).verdict == Verdict::equal);
  CHECK(equal("84", found("Work.\n\n**Result:** 84")).verdict == Verdict::equal);
}

TEST_CASE("agreement to twenty digits proves nothing where a part of the value is too small to show") {
  none_equal({{"\\frac{\\pi}{2}", "\\arctan(10^{30})"},
              {"1", "\\cos(10^{-20})"},
              {"10^{-25}", "\\sin(10^{-25})"},
              {"\\sqrt{10^{40}+1}", "10^{20}"},
              {"\\ln(10^{30}+1)", "30\\ln 10"},
              {"1", "\\tanh(40)"},
              {"1", "\\coth(25)"},
              {"2", "2+e^{-60}"}});
  all_equal({{"\\sin\\frac{\\pi}{10}", "\\frac{\\sqrt5-1}{4}"}, {"2\\arctan\\frac12", "\\arctan\\frac43"}});
}

TEST_CASE("infinity, sums and residue classes are worked out where it can be proved") {
  all_equal({{"1", "\\tanh(\\infty)"},
             {"-\\frac{\\pi}{2}", "\\arctan(-\\infty)"},
             {"0", "e^{-\\infty}"},
             {"0", "\\frac{7}{\\infty}"},
             {"\\infty", "\\ln(\\infty)"},
             {"-\\infty", "\\ln 0"},
             {"\\infty", "\\log_{1/2}(0)"},
             {"2", "\\sum_{n=0}^\\infty\\frac{1}{2^n}"},
             {"\\frac{1}{2}", "\\sum_{n=1}^\\infty\\frac{1}{3^n}"},
             {"\\frac{n(n+1)}{2}", "\\sum_{k=1}^{n}k"},
             {"\\frac{n(n+1)(2n+1)}{6}", "\\sum_{k=1}^{n}k^2"},
             {"2^{n+1}-1", "\\sum_{k=0}^{n}2^k"},
             {"\\frac{n(n-1)}{2}", "\\binom{n}{2}"},
             {"x\\equiv1\\pmod4", "x=4k+1"},
             {"x\\equiv1\\pmod4", "x\\equiv5\\pmod{4}"},
             {"n\\equiv1\\pmod{4}", "n \\equiv 1 (mod 4)"},
             {"\\gcd(a,b)", "\\gcd(b,a)"}});
  none_equal({{"0", "\\infty-\\infty"},
              {"1", "\\frac{\\infty}{\\infty}"},
              {"0", "0\\cdot\\infty"},
              {"1", "\\sum_{n=0}^\\infty\\frac{1}{2^n}"},
              {"\\infty", "\\sum_{n=1}^\\infty\\frac{1}{3^n}"},
              {"2", "\\sum_{n=0}^\\infty 2^n"},
              {"\\frac{n(n-1)}{2}", "\\sum_{k=1}^{n}k"},
              {"n=1", "n\\equiv1\\pmod4"},
              {"n\\equiv1\\pmod5", "n\\equiv1\\pmod4"},
              {"x=4k+3", "x\\equiv1\\pmod4"}});
}

TEST_CASE("numbers, money, times and days in other spellings") {
  all_equal({{"-5", "minus 5"},
             {"-5", "negative five"},
             {"300000", "3 x 10^5"},
             {"1234567.89", "1.234.567,89"},
             {"1000000", "1.000.000"},
             {"1/6", "0.1\\dot6"},
             {"4/11", "0.\\dot{3}\\dot{6}"},
             {"$18.90", "USD 18.90"},
             {"$18.90", "US$18.90"},
             {"₹500", "Rs. 500"},
             {"90 minutes", "1h 30min"},
             {"90 minutes", "1 hr 30 min"},
             {"5 m/s", "\\SI{5}{\\meter\\per\\second}"},
             {"5 m/s", "5 \\frac{m}{s}"},
             {"20^\\circ C", "20 degrees Celsius"},
             {"noon", "12:00 PM"},
             {"March 5", "5th of March"},
             {"March 5, 2021", "5 March 2021"},
             {"0.0011_2", "0.0011_{2}"},
             {"2A_{16}", "(2A)_{16}"},
             {"321_4", "321 base 4"},
             {"321_4", "321_{\\text{four}}"},
             {"120", "{}_{10}C_3"},
             {"12", "⑫"},
             {"5 kg", "5 ㎏"},
             {"2\\pi", "2𝜋"}});
  none_equal({{"March 5", "March 6"},
              {"1011", "1011_2"},
              {"321_4", "321 base 5"},
              {"1000", "1.000.000"},
              {"1 hr 30 min", "1 hr 3 min"},
              {"$5", "EUR 5"},
              {"5", "minus 5"},
              {"3 to 4", "4 to 3"}});
}

TEST_CASE("structures in other notations") {
  all_equal({{"(1,2]", "]1,2]"},
             {"[1,2)", "[1,2["},
             {"(1,2,3)", "<1,2,3>"},
             {"A(1,2)", "(1,2)"},
             {"(a,b)=(3,5)", "(b,a)=(5,3)"},
             {"\\mathbb{R}\\setminus\\{2\\}", "\\text{all real numbers except }2"},
             {"\\mathbb{R}^+", "\\mathbb{R}_{>0}"},
             {"\\mathbb{R}\\setminus\\{1\\}", "\\mathbb{R}-\\{1\\}"},
             {"2\\pi k", "2\\pi k, k\\in\\mathbb{Z}"},
             {"\\frac{dy}{dx}=2x", "2x"},
             {"f^{-1}(x)=x-1", "x-1"},
             {"3+4i", "3+4j"},
             {"3+4i", "3+4I"},
             {"\\frac12", "\\frac12\\text{ or }0.5"},
             {"3:4", "3 to 4"},
             {"\\begin{cases}x=1\\\\y=2\\end{cases}", "x=1, y=2"},
             {"\\alpha", "alpha"},
             {"x^2-1", "\\boldsymbol{x^2-1}"},
             {"3", "\\kern 2pt 3"},
             {"3", "\\bbox[5px]{3}"},
             {"B", "\\text{(B) }5"},
             {"5", "\\text{(B) }5"}});
  none_equal({{"[1,2]", "]1,2["},
              {"A(1,2)", "(2,1)"},
              {"x>0", "x>0, x\\in\\mathbb{Z}"},
              {"\\frac12", "\\frac12\\text{ or }0.6"},
              {"C", "\\text{(B) }5"}});
}
