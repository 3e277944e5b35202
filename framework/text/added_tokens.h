// Tokens that stand outside the vocabulary's merges: special ones ("<|im_end|>") and words a model's author added. They
// are cut out of a text before anything else sees it, the leftmost first, of several the longest.
//
// The flags mean what they mean in tokenizer.json: lstrip / rstrip take the white space on that side too, single_word
// matches only where no word character touches it, normalized ones are looked for in the normalised text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "framework/text/regex.h"
#include "framework/text/tokenizer.h"

namespace ft {

struct AddedToken {
  TokenId id = -1;
  std::string content;
  bool special = false;  // left out by decode()
  bool normalized = false;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
};

class AddedTokenFinder {
 public:
  // `tokens`: those to be looked for, contents non-empty and distinct.
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  struct Part {
    std::string_view text;
    TokenId id = -1;  // -1: ordinary text
  };
  // Cuts `text` (valid UTF-8) into parts, in order, none empty; views into `text`.
  [[nodiscard]] std::vector<Part> split(std::string_view text) const;

 private:
  // The longest token that begins at text[at], or nullptr.
  [[nodiscard]] const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // trie: node << 8 | byte -> node
  std::vector<std::int32_t> token_of_node_;                 // index into tokens_, -1 for none
  bool begins_[256] = {};
  std::optional<Regex> word_;  // one word character, where some token asks for it
};

}  // namespace ft
