#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "framework/grade/grade.h"
#include "framework/grade/prm800k.h"

using ft::Verdict;
using ft::grade::Conventions;
using ft::grade::Grader;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void check_all(const Grader& grader, const Pairs& pairs, Verdict expected) {
  for (const auto& [a, b] : pairs) {
    CHECK_MESSAGE(grader.equal(a, b).verdict == expected, a, " | ", b, ": ", grader.equal(a, b).reason);
    CHECK_MESSAGE(grader.equal(b, a).verdict == expected, b, " | ", a, ": ", grader.equal(b, a).reason);
    if (grader.canonical_key(a) == grader.canonical_key(b)) CHECK(expected == Verdict::equal);
  }
}

}  // namespace

TEST_CASE("percent: the sign says what is counted, or divides by a hundred, or either") {
  using P = Conventions::Percent;
  const Pairs as_number{{"28\\%", "28"}, {"$28\\%$", "28.0"}};
  const Pairs as_fraction{{"28\\%", "0.28"}, {"33.5%", "\\frac{67}{200}"}, {"50 percent", "1/2"}};
  const Grader number(nullptr, {.conventions = {.percent = P::number}});
  check_all(number, as_number, Verdict::equal);
  check_all(number, as_fraction, Verdict::different);
  const Grader fraction(nullptr, {.conventions = {.percent = P::fraction}});
  check_all(fraction, as_number, Verdict::different);
  check_all(fraction, as_fraction, Verdict::equal);
  const Grader either(nullptr, {.conventions = {.percent = P::either}});
  check_all(either, as_number, Verdict::equal);
  check_all(either, as_fraction, Verdict::equal);
  for (const Grader* grader : {&number, &fraction, &either}) check_all(*grader, {{"28\\%", "28%"}}, Verdict::equal);
}

TEST_CASE("units may be left out, or not") {
  const Pairs left_out{{"5 \\text{ cm}", "5"}, {"30^\\circ", "30"}, {"12 \\text{ square inches}", "12"}};
  check_all(Grader(), left_out, Verdict::equal);
  const Grader strict(nullptr, {.conventions = {.units = Conventions::Units::required}});
  check_all(strict, left_out, Verdict::different);
  check_all(strict, {{"5 \\text{ cm}", "5 cm"}, {"5", "5.0"}, {"28\\%", "28"}}, Verdict::equal);
  CHECK(strict.canonical_key("5 \\text{ cm}") != strict.canonical_key("5"));
}

TEST_CASE("rounding counts only where it is allowed and something is written as a decimal") {
  const Pairs rounded{
      {"0.3333", "\\frac13"}, {"3.1416", "\\pi"}, {"-1.4142", "-\\sqrt2"}, {"(0.6, 2.6667)", "(3/5, 8/3)"}};
  check_all(Grader(), rounded, Verdict::different);
  const Grader tolerant(nullptr, {.conventions = {.tolerance = 1e-3}});
  check_all(tolerant, rounded, Verdict::equal);
  check_all(tolerant, {{"0.33", "\\frac13"}, {"1000", "1001"}, {"\\frac{1000}{3}", "\\frac{1001}{3}"}, {"0.5", "0.6"}},
            Verdict::different);
}

TEST_CASE("lists in any order, or in order") {
  const Pairs turned{{"1, 2", "2, 1"}, {"x, y", "y, x"}};
  check_all(Grader(), turned, Verdict::equal);
  const Grader ordered(nullptr, {.conventions = {.lists = Conventions::Lists::in_order}});
  check_all(ordered, turned, Verdict::different);
  check_all(ordered, {{"1, 2", "1 and 2"}, {"\\{1, 2\\}", "\\{2, 1\\}"}}, Verdict::equal);
}

TEST_CASE("an answer that is read once compares as its text does") {
  const Grader grader;
  const std::vector<std::string> texts{"12",  "12.0", "\\frac{24}{2}", "3/4", "0.75",  "-\\frac34",  "1,234", "1234",
                                       "$7",  "x+1",  "1+x",           "",    "(1,2)", "\\text{no}", "0.111", "0,111",
                                       "007", "1/0",  "1,23",          "-0",  "0",     "12\\%",      "1e3"};
  for (const std::string& a : texts) {
    for (const std::string& b : texts) {
      const auto once = grader.equal(grader.read(a), grader.read(b));
      CHECK_MESSAGE(once.verdict == grader.equal(a, b).verdict, a, " | ", b);
      CHECK_MESSAGE(once.verdict == grader.equal(b, a).verdict, a, " | ", b);
    }
  }
  CHECK(grader.canonical_key("0\\infty y") != grader.canonical_key("0"));  // no number, so no key of its own
  CHECK(grader.canonical_key("45\\%") != grader.canonical_key("45^\\circ"));
  CHECK(grader.equal("3/4", "0.75").rung == "number");
  CHECK(grader.equal("1,234", "1234").verdict == Verdict::equal);
  CHECK(grader.equal("-0", "0").verdict == Verdict::equal);
  CHECK(grader.equal("\\sqrt8", "2\\sqrt2").rung == "exact");
  CHECK(grader.equal("(1,2)", "[1,2]").rung == "structure");
}

TEST_CASE("the rules of PRM800K: normal texts") {
  using ft::grade::math_normal_text;
  CHECK(math_normal_text("\\dfrac12") == "\\frac{1}{2}");
  CHECK(math_normal_text("\\frac1{72}") == "\\frac{1}{72}");
  CHECK(math_normal_text("x=\\sqrt3") == "\\sqrt{3}");
  CHECK(math_normal_text("5 \\text{ cm}") == "5");
  CHECK(math_normal_text("3/4") == "\\frac{3}{4}");
  CHECK(math_normal_text("0.5") == "\\frac{1}{2}");
  CHECK(math_normal_text(" .25 ") == "0.25");
  CHECK(math_normal_text("\\text{east}") == "east");
  CHECK(math_normal_text("10\\%") == "10");
  CHECK(math_normal_text("1 \\text{ a} 2 \\text{ b}") == "1 \\text{ a} 2 \\text{ b}");  // two units: left alone
  using ft::grade::prm800k_normal_text;
  CHECK(prm800k_normal_text("\\$1,200.00") == "1200");
  CHECK(prm800k_normal_text("5 million") == "5*10^6");
  CHECK(prm800k_normal_text("12 square inches^2") == "12square");
  CHECK(prm800k_normal_text("2\\frac{1}{3}") == "2+1/3");
  CHECK(prm800k_normal_text("\\sqrt{2}\\pi") == "sqrt(2)pi");
  CHECK(prm800k_normal_text("{A}") == "a");
  CHECK(prm800k_normal_text("1 2 3 4") == "1+23+4");
  CHECK(prm800k_normal_text("12 34 56") == "12+34+56");
  for (const std::string name : {"pmatrix", "bmatrix", "smallmatrix"}) {
    CHECK(prm800k_normal_text("\\begin{" + name + "} a & 22 \\\\ -3 & \\frac{1}{2} \\end{" + name + "}") ==
          "[a22;-3+1/2]");
  }
  CHECK(prm800k_normal_text("\\begin{array}{c|c}1&2\\\\3&\\end{array}") == "[1+2;3]");
  CHECK(prm800k_normal_text("\\begin{pmatrix}1&\\begin{pmatrix}x\\\\y\\end{pmatrix}\\end{pmatrix}") == "[1[x;y]]");
  CHECK(prm800k_normal_text("\\begin{pmatrix}1&2") == "[1+2]");
  CHECK(prm800k_normal_text("\\begin{vmatrix} 1 & 2 \\\\ 3 & 4 \\end{vmatrix}") == "1+2\n3+4");
}

TEST_CASE("the rules of PRM800K: verdicts") {
  const Grader grader;
  const auto verdict = [&](const std::string& gold, const std::string& given) {
    return ft::grade::prm800k_equal(gold, given, grader).verdict;
  };
  for (const auto& [gold, given] :
       Pairs{{"\\frac{1}{2}", "0.5"},
             {"5", "5 \\text{ cm}"},
             {"(3,\\frac{\\pi}{2})", "(3, \\pi/2)"},
             {"x^2+2*x+1", "(x+1)^2"},
             {"\\sqrt{8}", "2\\sqrt{2}"},
             {"1,000", "1000"},
             {"28\\%", "28"},
             {"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{bmatrix} 1 \\\\ 2 \\end{bmatrix}"}}) {
    CHECK_MESSAGE(verdict(gold, given) == Verdict::equal, gold, " | ", given);
  }
  for (const auto& [gold, given] : Pairs{{"\\frac{1}{2}", "\\frac{2}{4}"},  // not reduced
                                         {"2", "\\frac{4}{2}"},             // one is whole
                                         {"(1,2)", "[1,2]"},
                                         {"(1,2)", "(1,2,3)"},
                                         {"a+b+c", "c+b+a"},  // three letters
                                         {"x^{2}", "y^{2}"},
                                         {"5", ""}}) {
    CHECK_MESSAGE(verdict(gold, given) == Verdict::different, gold, " | ", given);
  }
}
