// What the lexer knows of commands of LaTeX by their names: which are only dress, which have other names, which hold
// text; and how siunitx writes units.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

enum class CommandKind {
  meaning,             // to be read by the parser
  text,                // \text{...} and its relatives
  ignored,             // without meaning, alone: \left, \displaystyle
  ignored_with_group,  // without meaning, together with the group behind it: \color{red}
  transparent,         // only what is in the last group counts: \boxed{5}
};

// `name` without the backslash.
[[nodiscard]] CommandKind command_kind(std::string_view name);

// The usual name of the same thing, a command or a sign: "\\dots" for "ldots", "(" for "langle". Nothing for other names.
[[nodiscard]] std::optional<std::string_view> usual_name(std::string_view name);

// A formula in dress: "\\boldsymbol{x^2+1}", "\\mbox{$x$}"; but "\\mathrm{m/s}" is a unit and "\\text{cost}" a word.
[[nodiscard]] bool is_formula_in_dress(std::string_view contents, std::string_view command);

// "\\kilo\\metre\\per\\second\\squared" in words and signs; other texts unchanged.
[[nodiscard]] std::string spelled_unit(const std::string& unit);

// The end of the length that may stand at `at` behind a command that makes a space: "2pt", "1.5 em".
[[nodiscard]] std::size_t behind_length(std::string_view text, std::size_t at);

}  // namespace ft::grade
