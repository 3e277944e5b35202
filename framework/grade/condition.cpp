#include "framework/grade/condition.h"

#include <algorithm>
#include <array>

#include "framework/grade/ascii.h"

namespace ft::grade {
namespace {

// "2\\pi k, k \\in \\mathbb{Z}", "(n \\in \\mathbb{N})": where the set of a parameter is said at the end, from the
// joint before its letter on; npos where none is.
std::size_t parameter_set(std::string_view text) {
  const std::size_t in = text.rfind("\\in");
  if (in == std::string_view::npos || in < 3) return std::string_view::npos;
  std::string set;
  for (const char c : text.substr(in + 3)) {
    if (std::string_view(" {}()$").find(c) == std::string_view::npos) set.push_back(c);
  }
  static constexpr auto kSets = std::to_array<std::string_view>({"\\mathbbZ", "\\mathbbN", "\\Z", "\\N", "\\mathbfZ"});
  const auto fits = [&](std::string_view name) {
    return set == name ||
           (set.starts_with(name) &&
            (set.substr(name.size()) == "^+" || set.substr(name.size()) == "_+" || set.substr(name.size()) == "^*"));
  };
  if (std::none_of(kSets.begin(), kSets.end(), fits)) return std::string_view::npos;
  std::string_view before = trim(text.substr(0, in));
  if (before.size() < 3 || !is_letter(before.back()) || is_letter(before[before.size() - 2]))
    return std::string_view::npos;
  const char letter = before.back();
  const std::string_view head = trim(before.substr(0, before.size() - 1));
  const bool joint = head.ends_with(',') || head.ends_with('(') || head.ends_with("quad") || head.ends_with(';') ||
                     head.ends_with("\\ ") || head.ends_with("\\,") || head.ends_with('\\') || head.ends_with(':');
  const bool formula = head.find(letter) != std::string_view::npos &&
                       head.find_first_of("<>") == std::string_view::npos &&
                       head.find("\\le ") == std::string_view::npos && head.find("\\ge ") == std::string_view::npos;
  return joint && formula ? head.size() + static_cast<std::size_t>(head.data() - text.data()) : std::string_view::npos;
}

// "for n \\ge 1", "for }n = 1": where a letter of its own and a relation follow the word; npos where none do.
std::size_t letter_condition(std::string_view lower) {
  for (std::size_t at = lower.find("for"); at != std::string_view::npos; at = lower.find("for", at + 1)) {
    std::size_t next = at + 3;
    if (at == 0 || is_letter(lower[at - 1]) || (next < lower.size() && is_letter(lower[next]))) continue;
    while (next < lower.size() && std::string_view(" }$").find(lower[next]) != std::string_view::npos) ++next;
    if (next + 2 >= lower.size() || !is_letter(lower[next]) || is_letter(lower[next + 1])) continue;
    const std::string_view rest = trim(lower.substr(next + 1));
    for (const std::string_view sign : {"\\ge", "\\le", "\\in", "\\ne", ">", "<", "="}) {
      if (rest.starts_with(sign)) return at;
    }
  }
  return std::string_view::npos;
}

// ", n \\ge 1" behind "a_n = ...": from the joint before the index on; npos where the end is no bound of an index.
std::size_t index_bound(std::string_view text) {
  const std::size_t joint = text.find_last_of(",(");
  const std::size_t sign = text.find('=');
  if (joint == std::string_view::npos || sign == std::string_view::npos || joint < sign) return std::string_view::npos;
  std::string bound;
  for (const char c : text.substr(joint + 1)) {
    if (std::string_view(" (){}\\;$").find(c) == std::string_view::npos) bound.push_back(c);
  }
  if (bound.starts_with("quad")) bound.erase(0, 4);
  if (bound.size() < 3 || !is_letter(bound[0])) return std::string_view::npos;
  const std::string_view relation = std::string_view(bound).substr(1);
  std::size_t digits = 0;
  for (const std::string_view name : {"geq", "ge", ">=", ">"}) {
    if (digits == 0 && relation.starts_with(name)) digits = name.size();
  }
  if (digits == 0 || digits == relation.size() ||
      !std::all_of(relation.begin() + static_cast<std::ptrdiff_t>(digits), relation.end(), is_digit))
    return std::string_view::npos;
  const std::string_view name = trim(text.substr(0, sign));
  const std::string index(1, bound[0]);
  const bool named = name.ends_with("_" + index) || name.ends_with("_{" + index + "}");
  return named ? joint : std::string_view::npos;
}

}  // namespace

Condition cut_condition(std::string_view* text) {
  static constexpr auto kOpenings = std::to_array<std::string_view>(
      {"for all ", "for every ", "for each ", "for any ", "where ", "where}", "\\forall", "for all}", "for every}",
       "for some ", "for any}", "for integer", "for positive integer", "for real "});
  const std::string lower = lower_case(*text);
  std::size_t cut = std::string::npos;
  for (const std::string_view opening : kOpenings) {
    for (std::size_t at = lower.find(opening); at != std::string::npos; at = lower.find(opening, at + 1)) {
      if (at > 0 && is_letter(lower[at - 1])) continue;
      cut = std::min(cut, at);
      break;
    }
  }
  cut = std::min(cut, letter_condition(lower));
  const std::size_t set = parameter_set(*text);
  cut = std::min({cut, set, index_bound(*text)});
  if (cut == std::string::npos || cut == 0) return {};
  std::string_view head = trim(text->substr(0, cut));
  for (const std::string_view command : {"\\text{", "\\textrm{", "\\mbox{", "\\mathrm{"}) {
    if (!head.ends_with(command)) continue;
    head.remove_suffix(command.size());
  }
  for (bool again = true; again && !head.empty();) {
    again = false;
    head = trim(head);
    for (const std::string_view end : {",", "$", "(", "\\quad", "\\qquad", "\\;", "\\,", "\\ ", "\\", ";", "\\)"}) {
      if (!head.ends_with(end)) continue;
      head.remove_suffix(end.size());
      again = true;
    }
  }
  const auto open = std::count(head.begin(), head.end(), '{');
  const auto close = std::count(head.begin(), head.end(), '}');
  if (head.empty() || open != close || head.find_first_of("0123456789=\\") == std::string_view::npos) return {};
  Condition condition;
  for (const char c : lower.substr(cut)) {
    if (is_letter(c) || is_digit(c) || c == '<' || c == '>') condition.text.push_back(c);
  }
  if (cut == set) {  // the letter does not matter
    const std::string_view before = trim(text->substr(0, text->rfind("\\in")));
    condition.parameter = std::string(1, before.back());
    condition.text.erase(0, condition.text.find("in"));
  }
  while (head.starts_with('$')) head.remove_prefix(1);
  *text = head;
  return condition;
}

}  // namespace ft::grade
