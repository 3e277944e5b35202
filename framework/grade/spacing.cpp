#include "framework/grade/spacing.h"

#include <algorithm>
#include <array>

#include "framework/grade/ascii.h"

namespace ft::grade {
namespace {

constexpr auto kSpaces = std::to_array<std::string_view>({" ", "\\,", "\\;", "\\!", "\\:", "\\ ", "\\quad", "\\qquad"});
constexpr auto kGroups = std::to_array<std::string_view>({"\\text{", "\\textrm{", "\\mbox{", "\\mathrm{"});

}  // namespace

std::size_t behind_spacing(std::string_view text, std::size_t at) {
  for (bool again = true; again;) {
    again = false;
    if (at >= text.size() || (text[at] != ' ' && text[at] != '\\')) return at;
    for (const std::string_view space : kSpaces) {
      const std::size_t end = at + space.size();
      if (!text.substr(std::min(at, text.size())).starts_with(space)) continue;
      if (is_letter(space.back()) && end < text.size() && is_letter(text[end])) continue;
      at = end;
      again = true;
    }
  }
  return at;
}

std::pair<std::string_view, std::size_t> joining_group(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '\\') return {{}, at};
  for (const std::string_view command : kGroups) {
    if (!text.substr(at).starts_with(command)) continue;
    const std::size_t close = text.find('}', at);
    if (close == std::string_view::npos) break;
    std::string_view word = trim(text.substr(at + command.size(), close - at - command.size()));
    if (word.starts_with(',')) word = trim(word.substr(1));
    if (word == "and" || word == "or") return {word, close + 1};
  }
  return {{}, at};
}

}  // namespace ft::grade
