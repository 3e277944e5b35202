#include "framework/grade/marker_context.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "framework/grade/ascii.h"

namespace ft::grade {

// "a mistake before arriving at the final answer is common": says something about the answer, and not which it is.
bool is_spoken_of(std::string_view before) {
  const auto last_word = [&before] {
    while (before.ends_with(' ')) before.remove_suffix(1);
    std::size_t begin = before.size();
    while (begin > 0 && std::isalpha(static_cast<unsigned char>(before[begin - 1])) != 0) --begin;
    const std::string_view word = before.substr(begin);
    before.remove_suffix(word.size());
    return word;
  };
  static constexpr auto kArticles = std::to_array<std::string_view>({"the", "a", "our", "my", "your", "this"});
  static constexpr auto kPrepositions = std::to_array<std::string_view>(
      {"at", "of", "to", "for", "in", "from", "on", "with", "before", "after", "about", "into"});
  std::string_view word = last_word();
  if (std::find(kArticles.begin(), kArticles.end(), word) != kArticles.end()) word = last_word();
  return std::find(kPrepositions.begin(), kPrepositions.end(), word) != kPrepositions.end();
}

// "Suppose the answer is 9", "if the answer is 9": no claim.
bool is_supposed(std::string_view before) {
  constexpr std::size_t kFar = 40;
  if (before.size() > kFar) before.remove_prefix(before.size() - kFar);
  while (before.ends_with(' ')) before.remove_suffix(1);
  for (const std::string_view word : {"final", "correct", "our", "the", "that"}) {
    if (!before.ends_with(word)) continue;
    before.remove_suffix(word.size());
    while (before.ends_with(' ')) before.remove_suffix(1);
  }
  static constexpr auto kSupposing = std::to_array<std::string_view>({"suppose",
                                                                      "assume",
                                                                      "assuming",
                                                                      "supposing",
                                                                      "imagine",
                                                                      "if",
                                                                      "whether",
                                                                      "unless",
                                                                      "pretend",
                                                                      "might think",
                                                                      "may think",
                                                                      "would think",
                                                                      "might guess",
                                                                      "would guess",
                                                                      "\xE5\xA6\x82\xE6\x9E\x9C",
                                                                      "\xE8\x8B\xA5",
                                                                      "\xE5\x81\x87\xE8\xAE\xBE",
                                                                      "\xE5\x81\x87\xE5\xA6\x82",
                                                                      "\xE4\xBB\xAE\xE3\x81\xAB",
                                                                      "\xE3\x82\x82\xE3\x81\x97",
                                                                      "falls",
                                                                      "wenn",
                                                                      "angenommen",
                                                                      "supposons que",
                                                                      "supongamos que",
                                                                      "false",
                                                                      "not true",
                                                                      "untrue",
                                                                      "incorrect",
                                                                      "unlikely",
                                                                      "doubtful",
                                                                      "doubt",
                                                                      "deny",
                                                                      "not the case",
                                                                      "possible",
                                                                      "potential",
                                                                      "plausible",
                                                                      "tempting",
                                                                      "naive",
                                                                      "maybe",
                                                                      "perhaps",
                                                                      "possibly",
                                                                      "vielleicht",
                                                                      "wrong",
                                                                      "suspect",
                                                                      "guess",
                                                                      "let's say",
                                                                      "let us say",
                                                                      "prove",
                                                                      "wrong to say",
                                                                      "wrong to claim"});
  return std::any_of(kSupposing.begin(), kSupposing.end(), [&](std::string_view word) {
    return before.ends_with(word) &&
           (before.size() == word.size() || !is_letter(before[before.size() - word.size() - 1]));
  });
}

}  // namespace ft::grade
