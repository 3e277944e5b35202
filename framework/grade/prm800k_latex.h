// LaTeX as the plain text that PRM800K's authors compare: what the library of theirs (pylatexenc's latex2text) makes of it,
// as far as answers go. It is the step of their rules that is about LaTeX and not about numbers.
#pragma once

#include <string>

namespace ft::grade {

// Fractions with a slash, roots as sqrt(...), matrices as [ a b; c d ], signs for commands that have one. A command that is
// not known keeps its name, where the library drops it: \log 5 is never 5, and \csc x never \sec x.
[[nodiscard]] std::string latex_as_text(const std::string& latex);

}  // namespace ft::grade
