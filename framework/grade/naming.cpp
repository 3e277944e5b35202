#include "framework/grade/naming.h"

#include <algorithm>
#include <array>
#include <string>

#include "framework/grade/ascii.h"

namespace ft::grade {
namespace {

// Names of functions of one letter and more.
constexpr auto kNames = std::to_array<std::string_view>({"\\mathbb{E}",
                                                         "\\mathbb{P}",
                                                         "\\mathrm{E}",
                                                         "\\mathrm{P}",
                                                         "\\operatorname{E}",
                                                         "\\operatorname{P}",
                                                         "\\Pr",
                                                         "\\mathbf{P}",
                                                         "\\mathbf{E}",
                                                         "\\operatorname{Var}",
                                                         "\\mathrm{Var}",
                                                         "\\text{Var}",
                                                         "\\operatorname{Cov}",
                                                         "Var",
                                                         "Cov",
                                                         "Pr",
                                                         "Area",
                                                         "\\omega",
                                                         "\\phi",
                                                         "\\psi",
                                                         "\\theta",
                                                         "\\rho",
                                                         "\\sigma",
                                                         "\\mu",
                                                         "\\Phi",
                                                         "\\Psi",
                                                         "\\alpha",
                                                         "\\beta",
                                                         "\\gamma"});

// "\frac{dy}{dx}", "dy/dx", "f^{-1}(x)", "(f \circ g)(x)"
bool derivative_or_inverse(std::string_view left) {
  std::string text;
  for (const char c : left) {
    if (c != ' ' && c != '{' && c != '}') text.push_back(c);
  }
  static constexpr auto kDerivatives = std::to_array<std::string_view>({"\\frac", "\\dfrac", "\\tfrac", ""});
  for (const std::string_view command : kDerivatives) {
    if (!std::string_view(text).starts_with(command)) continue;
    const std::string_view rest = std::string_view(text).substr(command.size());
    if (rest.size() == 4 + (command.empty() ? 1U : 0U) && rest[0] == 'd' && is_letter(rest[1]) &&
        rest.ends_with(text.back()) && rest[rest.size() - 2] == 'd' && (!command.empty() || rest[2] == '/'))
      return true;
  }
  if (text.size() >= 7 && is_letter(text[0]) && text.compare(1, 4, "^-1(") == 0 && text.back() == ')') return true;
  return text.size() >= 8 && text[0] == '(' && is_letter(text[1]) && text.find("\\circ") == 2 &&
         text.find(")(") != std::string::npos && text.back() == ')';
}

}  // namespace

bool is_naming(std::string_view left, std::string_view right) {
  left = trim(left);
  if (left.size() > 40) return false;
  if (left.starts_with("m\\angle") || left.starts_with("\\angle") || left.starts_with("m \\angle")) {
    return std::all_of(left.begin() + static_cast<std::ptrdiff_t>(left.find("\\angle") + 6), left.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || c == ' ' || is_digit(c); });
  }
  if (left == "|z|" || left == "|w|") return true;  // the modulus of a complex number; "|x| = 5" is an equation
  if (left.size() >= 4 && left.starts_with('|') && left.ends_with('|')) {
    return std::all_of(left.begin() + 1, left.end() - 1, [](char c) { return c >= 'A' && c <= 'Z'; });
  }
  if (derivative_or_inverse(left)) return true;
  const std::size_t open = left.find_first_of("([");
  if (open == 0 || open == std::string_view::npos) return false;
  std::string_view name = trim(left.substr(0, open));
  if (name.ends_with("\\left")) name = trim(name.substr(0, name.size() - 5));
  std::string_view inside = left.substr(open + 1);
  if (!inside.ends_with(')') && !inside.ends_with(']')) return false;
  inside = trim(inside.substr(0, inside.size() - 1));
  if (inside.ends_with("\\right")) inside = trim(inside.substr(0, inside.size() - 6));
  if (inside.empty() || inside.find_first_of("()[]") != std::string_view::npos) return false;
  const bool letter = name.size() == 1 && is_letter(name[0]);
  if (letter && std::string_view("fgh").find(name[0]) != std::string_view::npos) return false;  // the parser knows them
  const bool lower = letter && name[0] >= 'a' && name[0] <= 'z';
  if (!letter && std::find(kNames.begin(), kNames.end(), name) == kNames.end()) return false;
  if ((name == "P" || name == "Q") && std::all_of(inside.begin(), inside.end(), is_digit)) return true;  // polynomials
  if (!lower)
    return !(letter && inside.find_first_of("+-*/^0123456789") != std::string_view::npos &&
             inside.find('=') == std::string_view::npos && inside.find('|') == std::string_view::npos);
  return inside.size() == 1 && is_letter(inside[0]) && right.find(inside[0]) != std::string_view::npos;
}

std::optional<std::size_t> only_equals_sign(std::string_view text) {
  int depth = 0;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (depth != 0) continue;
    if (c == '<' || c == '>' || c == ',' || c == ';' || text.substr(i).starts_with("\\le") ||
        text.substr(i).starts_with("\\ge")) {
      if (!text.substr(i).starts_with("\\left")) return std::nullopt;
    }
    if (c != '=') continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

bool may_be_name(std::string_view left) {
  if (left.size() > 60 || left.find_first_of("+-*/<>|^=!") != std::string_view::npos) return false;
  static constexpr auto kKnown = std::to_array<std::string_view>({"\\text",
                                                                  "\\mathrm",
                                                                  "\\textbf",
                                                                  "\\mathbf",
                                                                  "\\overline",
                                                                  "\\operatorname",
                                                                  "\\mathcal",
                                                                  "\\mathbb",
                                                                  "\\left",
                                                                  "\\right",
                                                                  "\\vec",
                                                                  "\\widehat",
                                                                  "\\hat",
                                                                  "\\bar",
                                                                  "\\angle",
                                                                  "\\triangle",
                                                                  "\\overrightarrow",
                                                                  "\\theta",
                                                                  "\\alpha",
                                                                  "\\beta",
                                                                  "\\lambda",
                                                                  "\\mu",
                                                                  "\\sigma",
                                                                  "\\phi",
                                                                  "\\omega",
                                                                  "\\Delta",
                                                                  "\\,",
                                                                  "\\ ",
                                                                  "\\;",
                                                                  "\\quad",
                                                                  "\\mathit",
                                                                  "\\widetilde",
                                                                  "\\tilde",
                                                                  "\\stackrel",
                                                                  "\\arc",
                                                                  "\\overarc",
                                                                  "\\textit",
                                                                  "\\mbox",
                                                                  "\\textrm"});
  for (std::size_t at = left.find('\\'); at != std::string_view::npos; at = left.find('\\', at + 1)) {
    const bool known = std::any_of(kKnown.begin(), kKnown.end(), [&](std::string_view name) {
      return left.substr(at).starts_with(name) &&
             (at + name.size() >= left.size() || !is_letter(left[at + name.size()]));
    });
    if (!known) return false;
  }
  return std::none_of(left.begin(), left.end(), is_digit);
}

}  // namespace ft::grade
