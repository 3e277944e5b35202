// Text to token ids and back. Two kinds: BPE over bytes or characters, read from a Hugging Face tokenizer.json (ids equal
// to the reference implementation's), and a small word vocabulary for models trained from scratch on embedded problems.
//
// encode() adds no special tokens of its own: where BOS and EOS stand is decided by the training example, once, and
// shown to the user as a token table. Thread-safe: all functions are const and keep no state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/read_text.h"

namespace ft {

using TokenId = std::int32_t;

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Ids of UTF-8 text. Special tokens written in the text (e.g. "<|im_end|>") are recognised as the reference does.
  // Throws UserError when the text is not UTF-8 or the vocabulary cannot express it: a word vocabulary meets an unknown
  // character, or a byte-level one lacks a byte (SmolLM2 has none for six control characters; the reference drops such
  // bytes without a word). What decode() gave can always be encoded again.
  [[nodiscard]] virtual std::vector<TokenId> encode(std::string_view text) const = 0;

  // The text of ids; special tokens are left out. Bytes that are not UTF-8 become U+FFFD.
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> ids) const = 0;

  // One token as a person reads it, special tokens by their names: for token tables.
  [[nodiscard]] virtual std::string token_text(TokenId id) const = 0;

  [[nodiscard]] virtual TokenId size() const = 0;                // ids are in [0, size)
  [[nodiscard]] virtual TokenId eos() const = 0;                 // ends a solution; every tokenizer has one
  [[nodiscard]] virtual std::optional<TokenId> bos() const = 0;  // put once before the prompt where the model has it

  // The files that restore this tokenizer: (file name, content), stored with every model.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> files() const = 0;
};

// Reads what files() gave, or a Hugging Face folder: tokenizer.json (with tokenizer_config.json where present), or the
// project's own word_vocabulary.json. Throws UserError naming the file and the unsupported feature.
[[nodiscard]] std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);
// The same of files that are read by somebody else, who knows more of them; `folder` is for complaints.
[[nodiscard]] std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder, const ReadText& read);

// A vocabulary of whole words and single characters, matched greedily, the longest first. Ids: 0 = EOS ("<eos>"), then
// `words` in order; the model's vocabulary may be padded beyond size(). `words` must be non-empty and distinct.
[[nodiscard]] std::unique_ptr<Tokenizer> make_word_tokenizer(std::vector<std::string> words);

}  // namespace ft
