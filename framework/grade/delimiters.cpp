#include "framework/grade/delimiters.h"

#include <cctype>
#include <utility>

#include "framework/grade/ascii.h"
#include "framework/grade/braces.h"

namespace ft::grade {
namespace {

std::string_view without_white_space(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

bool unwrap(std::string_view* text, std::string_view open, std::string_view close) {
  if (text->size() < open.size() + close.size() || !text->starts_with(open) || !text->ends_with(close)) return false;
  const std::string_view inner = text->substr(open.size(), text->size() - open.size() - close.size());
  if (inner.find(open) != std::string_view::npos || inner.find(close) != std::string_view::npos) return false;
  *text = without_white_space(inner);
  return true;
}

}  // namespace

std::string strip_delimiters(std::string_view text) {
  text = without_white_space(text);
  for (bool again = true; again && !text.empty();) {
    again = false;
    if (text.back() == '.' && !text.ends_with("\\.") && !text.ends_with("\\right.") && !text.ends_with("..")) {
      text = without_white_space(text.substr(0, text.size() - 1));
      again = true;
    }
    for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"$$", "$$"},
                                      {"$", "$"},
                                      {"\\(", "\\)"},
                                      {"\\[", "\\]"},
                                      {"**", "**"},
                                      {"__", "__"},
                                      {"\"", "\""},
                                      {"``", "''"},
                                      {"'", "'"},
                                      {"`", "`"},
                                      {"*", "*"},
                                      {"_", "_"}}) {
      again = unwrap(&text, open, close) || again;
    }
    if (text.size() > 1 && (text.ends_with(':') || text.starts_with(':'))) {
      text = without_white_space(text.ends_with(':') ? text.substr(0, text.size() - 1) : text.substr(1));
      again = true;
    }
    while (text.ends_with("\\") && !text.ends_with("\\\\\\")) {  // what a trimmed "\\ " or a line break leaves
      text = without_white_space(text.substr(0, text.size() - 1));
      again = true;
    }
    for (const std::string_view box : {"\\boxed{", "\\fbox{", "\\boxed {", "boxed{"}) {
      if (text.starts_with(box) && closing_brace(text, box.size() - 1) + 1 == text.size()) {
        text = without_white_space(text.substr(box.size(), text.size() - box.size() - 1));
        again = true;
      }
    }
  }
  return std::string(text);
}

std::string with_money_marked(std::string text) {
  const auto is_bare = [&](std::size_t i) { return text[i] == '$' && (i == 0 || text[i - 1] != '\\'); };
  std::size_t bare = 0;
  for (std::size_t i = 0; i < text.size(); ++i) bare += is_bare(i) ? 1 : 0;
  if (bare % 2 == 0) return text;
  for (std::size_t i = text.size(); i-- > 0;) {
    const bool amount = i + 1 < text.size() && (is_digit(text[i + 1]) || text[i + 1] == '.');
    if (is_bare(i) && amount) text.insert(i, 1, '\\');
  }
  return text;
}

}  // namespace ft::grade
