#include "framework/text/prompt.h"

#include <doctest/doctest.h>

#include "framework/base/error.h"

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
