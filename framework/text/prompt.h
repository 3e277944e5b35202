// The two prompts of the method: the solver's (problem -> solution) and the verifier's (problem, candidate -> verdict).
//
// A template holds placeholders in braces. Templates are identity keys of the run file and are stored with the model,
// so that sampling, scoring and training can never disagree about them.
//
// {name} (small letters and _) is a placeholder and {{name}} the text {name}; all other braces stand for themselves:
// \boxed{}, \frac{1}{2} and \frac{\sqrt{2}}{2} need no escaping, \boxed{{answer}} gives \boxed{answer}.
#pragma once

#include <string>
#include <string_view>

namespace ft {

struct PromptTemplates {
  std::string solver = "{problem}\n";  // the solution follows at once
  std::string verifier =
      "Here is a math problem: {problem}. Here is a candidate solution: {solution}. The above candidate solution is";
  std::string correct = " correct";      // continuation that means right
  std::string incorrect = " incorrect";  // continuation that means wrong
};

// Fills {problem}, as often as it stands there. Throws UserError when the template has no {problem} or an unknown
// placeholder; the message names the nearest one.
[[nodiscard]] std::string solver_prompt(const PromptTemplates& templates, std::string_view problem);

// Fills {problem} and {solution}, both required. The filled-in texts are never searched for placeholders themselves.
[[nodiscard]] std::string verifier_prompt(const PromptTemplates& templates, std::string_view problem,
                                          std::string_view solution);

// A worked example that stands before a problem. Fills {problem} and {solution}, both required.
[[nodiscard]] std::string demonstration_text(std::string_view demonstration, std::string_view problem,
                                             std::string_view solution);
// The template that stands for this very text, whatever braces are in it.
[[nodiscard]] std::string as_template(std::string_view text);

}  // namespace ft
