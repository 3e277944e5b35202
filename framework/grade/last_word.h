// The words before a place in a sentence, from the last one backwards.
#pragma once

#include <algorithm>
#include <string_view>

namespace ft::grade {

// The last word of the text, without blanks and dollar signs behind it; the text then ends before it.
inline std::string_view take_last_word(std::string_view* text) {
  while (text->ends_with(' ') || text->ends_with('$')) text->remove_suffix(1);
  const std::size_t begin = text->find_last_of(' ') + 1;  // 0 where there is none
  const std::string_view word = text->substr(begin);
  *text = text->substr(0, begin);
  return word;
}

template <typename Words>
bool among(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace ft::grade
