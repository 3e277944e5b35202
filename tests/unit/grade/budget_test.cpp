// Every comparison ends within its budget: what is worked out is paid for before it is done, by the lengths of its
// numbers. Work is counted, not timed: in steps, and in the memory that it asks for.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <functional>
#include <string>
#include <vector>

#include "framework/grade/arithmetic.h"
#include "framework/grade/grade.h"
#include "tests/support/allocated.h"

using ft::Verdict;
using ft::grade::Answer;
using ft::grade::Arithmetic;
using ft::grade::BigInt;
using ft::grade::Budget;
using ft::grade::Grader;
using ft::grade::Judgement;
using ft::grade::Rational;

namespace {

std::string joined(int count, const std::string& between, const std::function<std::string(int)>& one) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += (i == 1 ? "" : between) + one(i);
  return text;
}

std::string nested(int count, std::string text, const std::function<std::string(const std::string&, int)>& around) {
  for (int i = 1; i <= count; ++i) text = around(text, i);
  return text;
}

std::string square_matrix(int size) {
  const std::string rows =
      joined(size, "\\\\", [&](int i) { return joined(size, "&", [&](int j) { return fmt::format("{}", i * j); }); });
  return "\\begin{pmatrix}" + rows + "\\end{pmatrix}";
}

// Formulas whose numbers, sums, names or trees grow with `size`.
std::vector<std::string> growing(int size) {
  const auto with_size = [&](const char* pattern) { return fmt::format(fmt::runtime(pattern), size); };
  return {
      with_size("\\sum_{{k=1}}^{{{}}} \\frac{{k}}{{x-k}}"),
      with_size("\\sum_{{k=1}}^{{{}}} \\frac{{1}}{{kx+y}}"),
      with_size("\\sum_{{k=0}}^{{{}}} \\frac{{1}}{{|1-13w_k|^2}}"),
      with_size("\\sum_{{k=1}}^{{{}}} \\sqrt{{k+x}}"),
      with_size("\\prod_{{k=1}}^{{{}}} (x-\\frac{{1}}{{k}})"),
      with_size("\\prod_{{k=1}}^{{{0}}} (x-e^{{2\\pi ki/{0}}})"),
      with_size("\\prod_{{k=2}}^{{{}}} (\\frac{{F_k}}{{F_{{k-1}}}}-\\frac{{F_k}}{{F_{{k+1}}}})"),
      with_size("(x+\\frac{{y}}{{3}}+z+1)^{{{}}}"),
      with_size("(1+ix)^{{{}}}"),
      "x+" + joined(size, "+", [](int i) { return fmt::format("\\frac{{{}!}}{{{}^{{{}}}+1}}", 10 * i, i + 1, 9 * i); }),
      "x+" + joined(size, "+", [](int i) { return fmt::format("\\binom{{{}}}{{{}}}", 20 * i, 10 * i); }),
      "x+" + joined(size, "+", [](int i) { return fmt::format("{}E{}", i, 30 * i); }),
      "x+" + joined(size, "+", [](int i) { return fmt::format("\\sin{{\\sqrt{{x+{}}}}}", i); }),
      nested(size, "x", [](const std::string& s, int i) { return fmt::format("{}+\\frac{{{}}}{{{}}}", i, i, s); }),
      nested(size / 8, "x",
             [](const std::string& s, int i) { return fmt::format("\\frac{{{}+{}}}{{{}-3}}", s, i, s); }),
      nested(size / 2, "x", [](const std::string& s, int i) { return fmt::format("\\sqrt{{{}+{}}}", i, s); }),
      square_matrix(size / 10 + 2) + "^6",
      "\\{" + joined(size * 20, ",", [](int i) { return fmt::format("{}", i); }) + "\\}",
  };
}

// An exact number of so many limbs, above and below the line.
Rational long_fraction(unsigned limbs) { return {pow(BigInt(3), 20 * limbs), pow(BigInt(7), 11 * limbs)}; }

long long steps_of(const std::function<void(Arithmetic&)>& work) {
  Budget budget(1'000'000'000);
  Arithmetic arithmetic(budget);
  work(arithmetic);
  return budget.spent();
}

}  // namespace

TEST_CASE("a budget pays before the work, and is spent from the first that it cannot pay") {
  Budget budget(10);
  budget.spend(7);
  CHECK(budget.spent() == 7);
  CHECK_THROWS_AS(budget.spend(4), ft::grade::Undecided);
  CHECK(budget.is_spent());
  Budget short_budget(100);
  CHECK_THROWS_AS((void)Arithmetic(short_budget).sum(long_fraction(100), long_fraction(99)), ft::grade::Undecided);
}

TEST_CASE("exact arithmetic costs as much as its numbers are long") {
  const std::vector<std::function<void(Arithmetic&, const Rational&)>> works{
      [](Arithmetic& a, const Rational& x) { (void)a.sum(x, x); },
      [](Arithmetic& a, const Rational& x) { (void)a.difference(x, 1); },
      [](Arithmetic& a, const Rational& x) { (void)a.product(x, x); },
      [](Arithmetic& a, const Rational& x) { (void)a.quotient(x, x); },
      [](Arithmetic& a, const Rational& x) { (void)a.power(x, 2); },
      [](Arithmetic& a, const Rational& x) { (void)a.power(x, -2); },
      [](Arithmetic& a, const Rational& x) { (void)a.less(x, x); },
      [](Arithmetic& a, const Rational& x) { (void)a.common_divisor(x.numerator(), x.denominator()); },
      [](Arithmetic& a, const Rational& x) { (void)a.product(x.numerator(), x.numerator()); },
      [](Arithmetic& a, const Rational& x) { (void)a.text(ft::grade::Polynomial(x)); },
      [](Arithmetic& a, const Rational& x) { (void)a.content(ft::grade::Polynomial(x)); },
      [](Arithmetic& a, const Rational& x) { (void)a.scaled(ft::grade::Polynomial(x), x); },
  };
  for (std::size_t i = 0; i < works.size(); ++i) {
    CAPTURE(i);
    const auto steps = [&](unsigned limbs) {
      return steps_of([&](Arithmetic& arithmetic) { works[i](arithmetic, long_fraction(limbs)); });
    };
    CHECK(steps(1) <= 40);
    CHECK(steps(200) >= 5 * steps(50));  // more than in proportion
    CHECK(steps(200) >= 100);
  }
}

TEST_CASE("no formula does more than its budget pays for") {
  constexpr long long kBudget = 60'000;
  constexpr long long kBytesOfStep = 150;
  const Grader grader(nullptr, {.step_budget = kBudget});
  int spent = 0;
  for (const int size : {8, 30, 100, 190}) {
    const std::vector<std::string> formulas = growing(size);
    for (const std::string& formula : formulas) {
      CAPTURE(formula);
      const long long start = ft::testing::allocated_bytes();
      const Answer answer = grader.read(formula);
      const long long read = ft::testing::allocated_bytes();
      CHECK(read - start <= kBytesOfStep * kBudget / 4 + 3000 * static_cast<long long>(formula.size()));
      for (const char* other : {"x", "x=1", "(x+1)^{40}"}) {
        CAPTURE(other);
        const Answer against = grader.read(other);
        const long long before = ft::testing::allocated_bytes();
        const Judgement judgement = grader.equal(answer, against);
        const long long bytes = ft::testing::allocated_bytes() - before;
        CHECK(judgement.steps <= kBudget);
        CHECK(bytes <= kBytesOfStep * (judgement.steps + kBudget / 2));
        if (judgement.reason == "step budget spent") ++spent;
      }
    }
  }
  CHECK(spent > 40);  // they do grow
}

TEST_CASE("a sum of a hundred fractions is dear, and of ten is not") {
  const Grader grader;
  CHECK(grader.equal("\\sum_{k=1}^{100} k/(x-k)=x", "x").steps > 300'000);
  CHECK(grader.equal("\\sum_{k=1}^{10} k/(x-k)=x", "x").verdict == Verdict::different);
}
