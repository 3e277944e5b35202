#include "framework/recipe/reference_check.h"

#include <fmt/format.h>

#include <vector>

#include "tests/support/doctest_torch.h"

using namespace ft;

TEST_CASE("references that nothing can equal are told apart from words and mathematics") {
  for (const char* bad :
       {"proof", "notfound", "N/A", "Because the two sides have the same length they are always parallel", "\\foo{2}",
        "Because a+b=c, we get that all of the primes work and so on."}) {
    CAPTURE(bad);
    CHECK(why_ungradable(bad).has_value());
  }
  for (const char* good : {"5", "\\frac12", "blue", "Tuesday", "y=2x+1", "x<5", "(1,2)", "A", "yes", "10 cm",
                           "\\text{all reals}", "none", ""}) {
    CAPTURE(good);
    CHECK_FALSE(why_ungradable(good).has_value());
  }
}

TEST_CASE("they are counted and listed") {
  std::vector<Problem> problems;
  for (int i = 0; i < 10; ++i)
    problems.push_back({.id = fmt::format("p{}", i), .text = "?", .answer = i < 2 ? "proof" : i < 4 ? "" : "5"});
  CHECK(describe_ungradable(problems) ==
        "2 of 8 reference answers cannot be graded, so no attempt at them can be right: 'p0' has 'proof' (stands for "
        "no answer); 'p1' has 'proof' (stands for no answer)");
  problems.erase(problems.begin(), problems.begin() + 2);
  CHECK_FALSE(describe_ungradable(problems).has_value());
}
