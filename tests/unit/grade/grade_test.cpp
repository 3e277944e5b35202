#include "framework/grade/grade.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/grade/rung.h"

using ft::Verdict;
using ft::grade::canonical_key;
using ft::grade::equal;
using ft::grade::extract;

namespace {

struct Pair {
  const char* a;
  const char* b;
};

void check_all(const std::vector<Pair>& pairs, Verdict expected) {
  for (const auto& [a, b] : pairs) {
    const auto forward = equal(a, b);
    CHECK_MESSAGE(forward.verdict == expected, a, " and ", b, ": ", forward.reason);
    CHECK_MESSAGE(equal(b, a).verdict == forward.verdict, b, " and ", a);
    if (*a != '\0') CHECK_MESSAGE(equal(a, a).verdict == Verdict::equal, a);
  }
}

}  // namespace

TEST_CASE("numbers in all their forms") {
  check_all({{"0.5", "\\frac12"},
             {"1,234", "1234"},
             {"12{,}345{,}678", "12345678"},
             {"2\\frac{1}{3}", "7/3"},
             {"2 1/3", "\\tfrac73"},
             {"-5\\frac{1}{2}", "-5.5"},
             {"\\frac{\\frac12}{\\frac34}", "2/3"},
             {"10^3", "1000"},
             {"2^{100}", "1267650600228229401496703205376"},
             {"0.\\overline{3}", "\\frac13"},
             {"0.1\\overline{6}", "1/6"},
             {"\\frac{-1}{2}", "-\\frac{1}{2}"},
             {"007", "7"},
             {"+3", "3"},
             {"3.", "3"},
             {".5", "0.50"},
             {"1{,}000.5", "1000.5"},
             {"28\\%", "28"},
             {"\\$5.00", "5"},
             {"\\$0.80", "80 cents"},
             {"90^\\circ", "90"},
             {"180^\\circ", "\\pi"},
             {"5!", "120"},
             {"\\binom{16}{2}", "120"},
             {"0,111", "0.111"},
             {"2.5\\times 10^2", "250"}},
            Verdict::equal);
  check_all({{"0.333", "1/3"},
             {"1.0001", "1"},
             {"100000000001000000000", "100000000000000000000"},
             {"-3", "3"},
             {"28\\%", "0.28"},
             {"5 cm", "5 m"},
             {"1,23", "12"},
             {"2^{100}", "2^{101}"},
             {"3^{2025}", "2^{2025}"},
             {"", "4"}},
            Verdict::different);
}

TEST_CASE("radicals, pi, e and i are exact") {
  check_all({{"\\sqrt8", "2\\sqrt{2}"},
             {"\\frac{1}{\\sqrt2}", "\\frac{\\sqrt2}{2}"},
             {"\\sqrt{\\frac{65}{81}}", "\\frac{\\sqrt{65}}{9}"},
             {"\\sqrt[3]{-8}", "-2"},
             {"\\sqrt{-4}", "2i"},
             {"\\sqrt{7+4\\sqrt3}", "2+\\sqrt{3}"},
             {"\\sqrt2\\sqrt3", "\\sqrt6"},
             {"\\frac{1}{4\\sqrt2-3}", "\\frac{4\\sqrt{2}+3}{23}"},
             {"(1+i)(1-i)", "2"},
             {"\\frac{1}{i}", "-i"},
             {"e^{i\\pi}", "-1"},
             {"2\\pi r", "2r\\pi"},
             {"\\sin\\frac{\\pi}{6}", "0.5"},
             {"\\cos 30^\\circ", "\\frac{\\sqrt3}{2}"},
             {"\\tan\\frac{\\pi}{4}", "1"},
             {"\\ln 6", "\\ln 2+\\ln 3"},
             {"\\log_2 8", "3"},
             {"e^{2\\ln 3}", "9"},
             {"96-10\\sqrt{21}", "-10\\sqrt{21}+96"}},
            Verdict::equal);
  check_all({{"4", "4\\sqrt{2}"},
             {"1-\\frac1e", "1+\\frac1e"},
             {"\\pi", "3.14159"},
             {"\\sqrt2", "1.41421356"},
             {"\\sqrt{20}", "10\\sqrt2"},
             {"3+i", "3-i"},
             {"4\\pi", "4\\pi^2"},
             {"\\sqrt2+\\sqrt3", "\\sqrt5"},
             {"\\pi", "\\frac{22}{7}"}},
            Verdict::different);
}

TEST_CASE("expressions with variables") {
  check_all({{"(x+1)^2", "x^2+2x+1"},
             {"\\frac{x^2-1}{x-1}", "x+1"},
             {"2^{n+1}", "2\\cdot2^n"},
             {"x\\sqrt{x}", "x^{3/2}"},
             {"4^x", "2^{2x}"},
             {"\\sin^2 x+\\cos^2 x", "1"},
             {"\\frac{-1}{2-x}", "\\frac{1}{x-2}"},
             {"\\sqrt{x^2}", "|x|"},
             {"(a+b)(a-b)", "a^2-b^2"},
             {"10x\\sqrt{21x}", "\\sqrt{2100x^3}"},
             {"f(x)+1", "1+f(x)"},
             {"x_1+x_2", "x_{2}+x_{1}"}},
            Verdict::equal);
  check_all({{"x", "y"},
             {"x^2", "x"},
             {"|x|", "2x"},
             {"f(x)", "f(y)"},
             {"2-b", "b+2"},
             {"x+2n+1", "x+1"},
             {"\\sin x", "\\cos x"}},
            Verdict::different);
  CHECK(equal("|x|", "x").verdict != Verdict::equal);
}

TEST_CASE("structures") {
  check_all({{"(1,2)", "\\left( 1 , 2 \\right)"},
             {"\\{1,2\\}", "2, 1"},
             {"1 \\text{ and } 2", "1,2"},
             {"x=1, -1", "x=-1 \\text{ or } x=1"},
             {"[1,2]\\cup[3,4)", "[3,4)\\cup[1,2]"},
             {"x\\le 0", "(-\\infty,0]"},
             {"2<x\\le 5", "(2,5]"},
             {"-x>-1", "x<1"},
             {"x \\in [1,2)", "[1,2)"},
             {"\\pm 3", "-3,3"},
             {"x=5", "5"},
             {"P(x) = -1 - x + x^2", "x^2 - x - 1"},
             {"P(1+r)", "P+Pr"},
             {"y=2x+1", "2x+1"},
             {"2x+4y-3=0", "y=-\\frac12x+\\frac34"},
             {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}"},
             {"3:40", "6:80"},
             {"28_9", "28_{9}"},
             {"24_{10}", "24"},
             {"\\text{Friday}", "friday"},
             {"\\text{(B)}", "B"},
             {"odd", "\\text{odd}"},
             {"\\emptyset", "\\{\\}"}},
            Verdict::equal);
  check_all({{"(1,2)", "(2,1)"},
             {"(0,9)", "[0,9)"},
             {"(1,3)", "\\{1,3\\}"},
             {"1,2", "1,2,2"},
             {"12", "(1,2)"},
             {"y=x", "x"},
             {"x+2=0", "x+1=0"},
             {"x=1", "y=1"},
             {"x<1", "x>1"},
             {"x\\le0", "x<0"},
             {"28_9", "28_{10}"},
             {"19:60", "60:19"},
             {"a+3z=0", "0"},
             {"2x+z=1", "1"}},
            Verdict::different);
  CHECK(equal("3:4", "6:8").verdict == Verdict::unknown);  // could be times of day
  CHECK(equal("12:00", "1:00").verdict != Verdict::equal);
}

TEST_CASE("what is unreadable is unknown, never right, and equal to itself") {
  for (const char* text : {"^", "\\lfloor x", "1 +", "f(,", "((((((", "\\frac{}{2}", "\\sqrt", "}{",
                           "\\begin{pmatrix}1&2", "1/0", "9^{9^{9^9}}"}) {
    CHECK_MESSAGE(equal("1", text).verdict == Verdict::unknown, text);
    CHECK_MESSAGE(equal(text, text).verdict == Verdict::equal, text);
  }
}

TEST_CASE("equal keys are shared by equal answers") {
  for (const auto& [a, b] : std::vector<Pair>{{"0.5", "\\frac{1}{2}"},
                                              {"\\sqrt{8}", "2\\sqrt2"},
                                              {"\\{2,1\\}", "1,2"},
                                              {"x^2+x", "x(x+1)"},
                                              {"50\\%", "50"},
                                              {"\\frac{1}{1+\\sqrt2}", "\\sqrt2-1"},
                                              {"x<1", "-x>-1"},
                                              {"2x=4", "2x-4=0"}}) {
    CHECK_MESSAGE(canonical_key(a) == canonical_key(b), canonical_key(a), " and ", canonical_key(b));
  }
  CHECK(canonical_key("5 cm") != canonical_key("5 m"));
  CHECK(canonical_key("(1,2)") != canonical_key("[1,2]"));
}

TEST_CASE("extraction takes the last marked answer") {
  CHECK(extract("so \\boxed{\\frac{1}{2}}.").answer == "\\frac{1}{2}");
  CHECK(extract("first \\boxed{1}, no: \\boxed{2}").answer == "2");
  CHECK(extract("$\\boxed{1}$ and $\\boxed{2}$").answer == "1, 2");
  CHECK(extract("48/2 = 24\n#### 72").answer == "72");
  CHECK(extract("step\n\n# Answer\n\n\\frac{3}{4}").answer == "\\frac{3}{4}");
  CHECK(extract("Final Answer: The final answer is $(-6, 10)$. I hope it is correct.").answer == "(-6, 10)");
  CHECK(extract("#### 3\n# Answer\n4").answer == "4");
  CHECK(extract("#### 3\nand this answer is right").answer == "3");
  CHECK(extract("so \\boxed{3}. The answer is unique.").answer == "3");
  CHECK(extract("the answer is 4. So \\boxed{5}").answer == "5");
  CHECK(extract("<think>\\boxed{1}</think> \\boxed{2}").answer == "2");
  CHECK_FALSE(extract("I do not know").found);
  CHECK_FALSE(extract("").found);
  CHECK_FALSE(extract("\\boxed{").found);
  CHECK_FALSE(extract("<think>\\boxed{1}</think> hm").found);
  CHECK(extract("\\boxed{5}").how == "boxed");
}

namespace {

// Pieces of answers, so that random text reaches deep into the parser.
rc::Gen<std::string> answer_soup() {
  const auto piece = rc::gen::element<std::string>(
      "1", "23", "0.5", "x", "y", "e", "i", "\\pi", "+", "-", "*", "/", "^", "_", "(", ")", "[", "]", "{", "}", "\\{",
      "\\}", ",", ";", "=", "<", "\\le", "\\frac", "\\sqrt", "\\sin", "\\ln", "\\text{ and }", "\\cup", "|", "!", "%",
      ":", "\\pm", "\\begin{pmatrix}", "&", "\\\\", "\\end{pmatrix}", " ", "\\infty", "cm", "\\boxed{", "$", "^\\circ",
      "\\binom", "100000", "\\log_", "\\\\frac", "'", "\xC2\xB0", "\\max");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string text;
    for (const auto& one : pieces) text += one;
    return text;
  });
}

void check_total(const std::string& a, const std::string& b) {
  const std::clock_t start = std::clock();
  const auto forward = equal(a, b);
  const auto backward = equal(b, a);
  RC_ASSERT(forward.verdict == backward.verdict);
  const bool empty = ft::grade::Grader().read(a).text().empty();
  RC_ASSERT((equal(a, a).verdict == Verdict::equal) == !empty);
  RC_ASSERT(!forward.reason.empty());
  if (!empty && canonical_key(a) == canonical_key(b)) RC_ASSERT(forward.verdict == Verdict::equal);
  static_cast<void>(extract(a));
  RC_ASSERT(std::clock() - start < 5 * CLOCKS_PER_SEC);
}

}  // namespace

TEST_CASE("any bytes: total, symmetric, reflexive, and keys imply equality") {
  CHECK(rc::check("pieces of answers", [] {
    const auto texts = *rc::gen::container<std::vector<std::string>>(8, answer_soup());
    for (const auto& a : texts) {
      for (const auto& b : texts) check_total(a, b);
    }
  }));
  CHECK(rc::check("any bytes",
                  [] { check_total(*rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::string>()); }));
}

TEST_CASE("hostile answers end in time") {
#if defined(__SANITIZE_ADDRESS__)
  constexpr double kLimit = 60;
#else
  constexpr double kLimit = 5;  // seconds of the processor, which a busy machine does not stretch; one is already rare
#endif
  const auto repeated = [](const std::string& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
  };
  for (const std::string& text : {repeated("(", 9000),
                                  repeated("\\frac{1}{", 2000),
                                  repeated("\\text{", 3000),
                                  repeated("1/", 9000) + "1",
                                  repeated("x+", 9000) + "1",
                                  repeated("(x+y+z+1)^9", 8),
                                  repeated("!", 3000),
                                  "5" + repeated("!", 3000),
                                  repeated("\\sqrt", 3000),
                                  repeated("9", 19000),
                                  repeated("(1+\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\sqrt{11})^", 3) + "9",
                                  repeated("\\boxed{", 2500),
                                  repeated("-", 18999) + "1",
                                  std::string("\\binom{1000000}{500000}"),
                                  std::string("(x+1)^{20000}"),
                                  repeated("\\pm1", 40),
                                  repeated("x_{", 5000),
                                  repeated("1,", 9000) + "1",
                                  std::string("2^{2^{2^{2^{49}}}}"),
                                  repeated("|", 9000),
                                  repeated("\\left(", 3000)}) {
    const std::clock_t start = std::clock();
    CHECK(equal("1", text).verdict != Verdict::equal);
    static_cast<void>(canonical_key(text));
    static_cast<void>(extract(text));
    CHECK_MESSAGE(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < kLimit, text.substr(0, 30));
  }
}

TEST_CASE("structures are worked out before they are compared") {
  check_all({{"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}+\\begin{pmatrix}1&1\\\\1&1\\end{pmatrix}",
              "\\begin{pmatrix}2&3\\\\4&5\\end{pmatrix}"},
             {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}\\begin{pmatrix}0&1\\\\1&0\\end{pmatrix}",
              "\\begin{pmatrix}2&1\\\\4&3\\end{pmatrix}"},
             {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}", "-\\frac12\\begin{pmatrix}4&-2\\\\-3&1\\end{pmatrix}"},
             {"\\det\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "-2"},
             {"\\begin{vmatrix}2&1\\\\1&2\\end{vmatrix}", "3"},
             {"\\{1,2\\}\\cup\\{2,3\\}", "\\{1,2,3\\}"},
             {"\\{1,2\\}\\cap\\{2,3\\}", "\\{2\\}"},
             {"\\sum_{k=1}^{10} k^2", "385"},
             {"\\sum_{k=1}^{100} k^2", "338350"},
             {"\\sum_{k=1}^{100}\\sum_{j=1}^{100}(k+j)", "1010000"},
             {"\\sum_{k=1}^{100}\\sum_{j=1}^{k} 1", "5050"},
             {"\\sum_{k=1}^{100}\\sum_{j=1}^{100}\\frac{\\sqrt6}{4}", "2500\\sqrt6"},
             {"\\sum_{k=5}^{4} 3", "0"},
             {"\\prod_{k=1}^5 k", "5!"},
             {"\\prod_{k=1}^{20} x", "x^{20}"},
             {"\\infty+1", "\\infty"},
             {"x\\ne 5", "(-\\infty,5)\\cup(5,\\infty)"},
             {"\\mathbb{R}\\setminus\\{2,-1\\}", "(-\\infty,-1)\\cup(-1,2)\\cup(2,\\infty)"},
             {"x<-8 \\text{ or } x>8", "(-\\infty,-8)\\cup(8,\\infty)"},
             {"5 million", "5000000"},
             {"\\$2.5 \\text{ billion}", "2500000000"}},
            Verdict::equal);
  check_all({{"5 million", "5"},
             {"\\sum_{k=1}^{100}\\sum_{j=1}^{100}(k+j)", "1010001"},
             {"\\sum_{k=1}^{100} \\sqrt6", "99\\sqrt6"},
             {"CAB", "ABC"},
             {"\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"},
             {"x<-8 \\text{ or } x>8", "(-8,8)"},
             {"x\\ne5", "x\\ne4"}},
            Verdict::different);
}

namespace {

// A prover that knows one thing.
class OneFact final : public ft::grade::Rung {
 public:
  std::optional<ft::grade::Judgement> decide(const ft::grade::Node& a, const ft::grade::Node&,
                                             ft::grade::Budget&) const override {
    if (a.is(ft::grade::Op::call)) return ft::grade::Judgement{Verdict::equal, "told so"};
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("a prover can be put between the rungs") {
  const ft::grade::Grader grader(std::make_unique<OneFact>());
  CHECK(grader.equal("\\sin(x)", "x").reason == "told so");
  CHECK(grader.equal("2", "\\frac{4}{2}").reason == "rational");  // decided before
  CHECK(equal("\\sin(x)", "x").verdict == Verdict::different);
}
