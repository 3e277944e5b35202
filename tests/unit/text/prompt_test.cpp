#include "framework/text/prompt.h"

#include <doctest/doctest.h>

#include "framework/base/error.h"
#include "framework/base/philox.h"

using namespace ft;

namespace {

std::string solver_complaint(const std::string& text) {
  try {
    static_cast<void>(solver_prompt({.solver = text}, "p"));
  } catch (const UserError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("the method's prompts") {
  CHECK(solver_prompt({}, "1+1?") == "1+1?\n");
  CHECK(verifier_prompt({}, "1+1?", "It is 2") ==
        "Here is a math problem: 1+1?. Here is a candidate solution: It is 2. The above candidate solution is");
}

TEST_CASE("filled-in texts are never searched, other braces stay") {
  CHECK(verifier_prompt({.verifier = "{solution}|{problem}"}, "{solution}{x}", "{problem}") ==
        "{problem}|{solution}{x}");
  CHECK(solver_prompt({.solver = "\\boxed{} \\frac{1}{2} { {problem} } {Problem}{"}, "P") ==
        "\\boxed{} \\frac{1}{2} { P } {Problem}{");
  CHECK(solver_prompt({.solver = "{{problem}} {{x}}: {problem}{problem}"}, "P") == "{problem} {x}: PP");
  CHECK(solver_prompt({.solver = "\\frac{\\sqrt{2}}{2} \\boxed{{answer}} {{1}} {{{problem}"}, "P") ==
        "\\frac{\\sqrt{2}}{2} \\boxed{answer} {{1}} {{P");
}

TEST_CASE("any text is the filling of its own template") {
  const std::string parts[] = {"{",  "}",  "{{", "}}",  "{a}", "{problem}", "{{x}}", "{ ", "\\frac{1}{2}",
                               "{a", "b}", "{}", "{A}", "x_y"};
  const Philox random(7, "templates");
  for (std::uint64_t round = 0; round < 3000; ++round) {
    std::string text;
    const std::uint64_t count = random.below(9, round, 0);
    for (std::uint64_t i = 0; i < count; ++i) text += parts[random.below(std::size(parts), round, i + 1)];
    CAPTURE(text);
    // A template may end in a brace that the next text would complete: they are joined where a line ends.
    CHECK(solver_prompt({.solver = as_template(text + "\n") + "{problem}"}, "P") == text + "\nP");
  }
}

TEST_CASE("a demonstration is filled like a prompt") {
  CHECK(demonstration_text("Q: {problem}\nA: {solution}\n\n", "{solution}?", "\\boxed{2}") ==
        "Q: {solution}?\nA: \\boxed{2}\n\n");
  CHECK_THROWS_AS(static_cast<void>(demonstration_text("{problem}", "p", "s")), UserError);
  CHECK_THROWS_AS(static_cast<void>(demonstration_text("{problem} {solution} {x}", "p", "s")), UserError);
}

TEST_CASE("placeholders that are missing or unknown are refused with the nearest name") {
  CHECK(solver_complaint("no place") == "the solver prompt 'no place' lacks the placeholder {problem}");
  CHECK(
      solver_complaint("{problm}") ==
      "the solver prompt has the unknown placeholder {problm} (did you mean {problem}?); it may hold {problem}; write "
      "{{problm}} for the text itself");
  CHECK(solver_complaint("{problem} {answer}") ==
        "the solver prompt has the unknown placeholder {answer}; it may hold {problem}; write {{answer}} for the text "
        "itself");
  CHECK_THROWS_WITH_AS(static_cast<void>(verifier_prompt({.verifier = "{problem}"}, "p", "s")),
                       "the verifier prompt '{problem}' lacks the placeholder {solution}", UserError);
}
