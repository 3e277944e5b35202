// A vocabulary of whole words and single characters, for small models trained from scratch: see make_word_tokenizer()
// in tokenizer.h. Kept in word_vocabulary.json: {"format": "ftrun words", "version": 1, "words": [...]}.
#pragma once

#include <memory>
#include <string_view>

#include "framework/text/tokenizer.h"

namespace ft {

inline constexpr std::string_view kWordVocabularyFile = "word_vocabulary.json";

// Reads the content of a word_vocabulary.json. Throws UserError that says what is wrong (without the file's name).
[[nodiscard]] std::unique_ptr<Tokenizer> read_word_tokenizer(std::string_view json);

}  // namespace ft
