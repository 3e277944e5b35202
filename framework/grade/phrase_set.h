// A fixed set of phrases, looked for in a text all at once: one pass over the text, whatever the number of phrases.
//
//   static const PhraseSet kDenials({" is not a ", " cannot be found"});
//   if (kDenials.any_in(sentence)) ...
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ft::grade {

class PhraseSet {
 public:
  // Phrases of two bytes and more, which must outlive the set.
  explicit PhraseSet(std::span<const std::string_view> phrases) {
    for (const std::string_view phrase : phrases) buckets_.at(slot(phrase[0], phrase[1])).push_back(phrase);
  }

  // Calls visit(phrase, position) for each place where a phrase stands, from the left, until it returns true; true where
  // it did.
  template <typename Visit>
  bool scan(std::string_view text, Visit&& visit) const {
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      for (const std::string_view phrase : buckets_[slot(text[at], text[at + 1])]) {
        if (phrase.back() != text[std::min(at + phrase.size(), text.size()) - 1]) continue;  // cheaper than comparing
        if (text.substr(at).starts_with(phrase) && visit(phrase, at)) return true;
      }
    }
    return false;
  }

  // The first phrase of the set that the text starts with; empty where it starts with none.
  [[nodiscard]] std::string_view at_start(std::string_view text) const {
    if (text.size() < 2) return {};
    for (const std::string_view phrase : buckets_[slot(text[0], text[1])]) {
      if (text.starts_with(phrase)) return phrase;
    }
    return {};
  }

  [[nodiscard]] bool any_in(std::string_view text) const {
    return scan(text, [](std::string_view, std::size_t) { return true; });
  }

 private:
  static constexpr std::size_t kSlots = 256;
  static std::size_t slot(char first, char second) {
    return (static_cast<std::size_t>(static_cast<unsigned char>(first)) * 37 + static_cast<unsigned char>(second)) %
           kSlots;
  }

  std::array<std::vector<std::string_view>, kSlots> buckets_;
};

}  // namespace ft::grade
