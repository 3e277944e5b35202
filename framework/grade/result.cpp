#include "framework/grade/result.h"

#include <algorithm>
#include <cctype>

#include "framework/grade/ascii.h"

namespace ft::grade {
namespace {

// "2x - y + 5": unknowns with coefficients; with "= 0" behind it this is an equation, and its answer is not 0.
bool is_equation_left(std::string_view left) {
  if (left.find('=') != std::string_view::npos) return false;
  bool unknown = false;
  bool number = false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == '\\') {  // a command
      while (i + 1 < left.size() && is_letter(left[i + 1])) ++i;
      continue;
    }
    const bool raised = i > 0 && (left[i - 1] == '^' || left[i - 1] == '_' || left[i - 1] == '{');
    unknown = unknown || is_letter(left[i]);
    number = number || (std::isdigit(static_cast<unsigned char>(left[i])) != 0 && !raised);
    if (left[i] == '(' && i > 0 && is_letter(left[i - 1])) return false;  // "f(2)"
  }
  return unknown && number;
}

}  // namespace

std::optional<std::string> calculation(std::string_view lower, const std::vector<Chunk>& chunks) {
  if (chunks.size() < 2) return std::nullopt;
  // "Add 5 to 20 to get Tom's age as 25": it says what it comes to.
  for (const std::string_view word : {" to get ", " to find ", " get ", " for a ", " which "}) {
    const std::size_t at = lower.find(word);
    if (at != std::string_view::npos && chunks.back().begin > at) return chunks.back().text;
  }
  const auto between = [&](std::size_t i) { return lower.substr(chunks[i].end, chunks[i + 1].begin - chunks[i].end); };
  const auto linked = [&](std::string_view word) { return between(0).find(word) != std::string_view::npos; };
  const auto in_brackets = [](const std::string& text) { return "(" + text + ")"; };
  const bool two = chunks.size() == 2;
  if (lower.starts_with("add ")) {
    std::string sum = in_brackets(chunks[0].text);
    for (std::size_t i = 1; i < chunks.size(); ++i) {
      if (between(i - 1).find(',') == std::string_view::npos &&
          between(i - 1).find(" and ") == std::string_view::npos &&
          between(i - 1).find(" to ") == std::string_view::npos)
        return std::nullopt;
      sum += "+" + in_brackets(chunks[i].text);
    }
    return sum;
  }
  if (!two) return std::nullopt;
  if (lower.starts_with("subtract ") && linked(" from "))
    return in_brackets(chunks[1].text) + "-" + in_brackets(chunks[0].text);
  if (lower.starts_with("multiply ") && (linked(" by ") || linked(" and ")))
    return in_brackets(chunks[0].text) + "\\cdot" + in_brackets(chunks[1].text);
  if (lower.starts_with("divide ") && linked(" by "))
    return in_brackets(chunks[0].text) + "/" + in_brackets(chunks[1].text);
  return std::nullopt;
}

std::optional<std::string> exact_member(std::string_view equation) {
  constexpr std::string_view kApprox = "\\approx";
  const std::size_t at = equation.find(kApprox);
  if (at == std::string_view::npos || equation.find_first_of("=<>") != std::string_view::npos) return std::nullopt;
  const std::string_view left = trim(equation.substr(0, at));
  const std::string_view right = trim(equation.substr(at + kApprox.size()));
  const bool exact = left.find("\\sqrt") != std::string_view::npos || left.find("\\frac") != std::string_view::npos ||
                     left.find("\\pi") != std::string_view::npos || left.find("\\log") != std::string_view::npos ||
                     left.find("\\ln") != std::string_view::npos;
  const bool decimal =
      right.find_first_not_of("0123456789.") == std::string_view::npos && right.find('.') < right.size();
  return exact && decimal ? std::optional(std::string(left)) : std::nullopt;
}

std::optional<std::string> result_of(const std::string& equation) {
  const std::size_t sign = equation.rfind('=');
  if (const std::size_t about = equation.rfind("\\approx");
      about != std::string::npos && about + 7 < equation.size() && (sign == std::string::npos || about > sign)) {
    const std::string_view member = trim(std::string_view(equation).substr(about + 7));
    const bool number = !member.empty() && std::none_of(member.begin(), member.end(), is_letter) && about > 0;
    if (number) return std::string(member);
  }
  if (sign == std::string::npos || sign == 0 || sign + 1 >= equation.size()) return std::nullopt;
  if (std::string_view("<>!").find(equation[sign - 1]) != std::string_view::npos ||
      equation.find_first_of("<>,;({[") < sign) {
    // Brackets left of the sign are calculated away; relations and lists are not.
    if (std::string_view("<>!").find(equation[sign - 1]) != std::string_view::npos ||
        equation.find_first_of("<>;") != std::string::npos)
      return std::nullopt;
  }
  const std::string member = std::string(trim(std::string_view(equation).substr(sign + 1)));
  if (member == "0" && is_equation_left(std::string_view(equation).substr(0, sign))) return std::nullopt;
  for (std::size_t i = 0; i < member.size(); ++i) {
    if (!is_letter(member[i])) continue;
    std::size_t begin = i;
    while (begin > 0 && is_letter(member[begin - 1])) --begin;
    if (begin == 0 || member[begin - 1] != '\\') {
      const bool word = member.size() > i + 2 && is_letter(member[i + 1]) && is_letter(member[i + 2]);  // "26 billion"
      if (!word) return std::nullopt;
      break;
    }
  }
  return member;
}

}  // namespace ft::grade
