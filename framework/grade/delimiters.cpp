#include "framework/grade/delimiters.h"

#include <cctype>
#include <utility>

namespace ft::grade {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

// True where the brace at `open` is closed by the last character of the text.
bool closes_at_end(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i + 1 == text.size();
    }
  }
  return false;
}

bool unwrap(std::string_view* text, std::string_view open, std::string_view close) {
  if (text->size() < open.size() + close.size() || !text->starts_with(open) || !text->ends_with(close)) return false;
  const std::string_view inner = text->substr(open.size(), text->size() - open.size() - close.size());
  if (inner.find(open) != std::string_view::npos || inner.find(close) != std::string_view::npos) return false;
  *text = trim(inner);
  return true;
}

}  // namespace

std::string strip_delimiters(std::string_view text) {
  text = trim(text);
  for (bool again = true; again && !text.empty();) {
    again = false;
    if (text.back() == '.' && !text.ends_with("\\.") && !text.ends_with("\\right.") && !text.ends_with("..")) {
      text = trim(text.substr(0, text.size() - 1));
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
      text = trim(text.ends_with(':') ? text.substr(0, text.size() - 1) : text.substr(1));
      again = true;
    }
    while (text.ends_with("\\") && !text.ends_with("\\\\\\")) {  // what a trimmed "\\ " or a line break leaves
      text = trim(text.substr(0, text.size() - 1));
      again = true;
    }
    for (const std::string_view box : {"\\boxed{", "\\fbox{", "\\boxed {"}) {
      if (text.starts_with(box) && closes_at_end(text, box.size() - 1)) {
        text = trim(text.substr(box.size(), text.size() - box.size() - 1));
        again = true;
      }
    }
  }
  return std::string(text);
}

}  // namespace ft::grade
