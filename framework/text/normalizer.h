// What "normalizer" in tokenizer.json asks to be done to a text before it is cut: NFC, NFD, NFKC, NFKD (ICU does the
// work), Prepend, Replace, or a Sequence of these. SentencePiece vocabularies write "▁" for a blank this way.
//
// The reference's forms know Unicode 9.0: characters that came later stay as they are, here too.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "framework/text/regex.h"

namespace ft {

// "pattern" of a Replace or Split: {"Regex": ...} or {"String": ...}, the latter with its signs escaped.
[[nodiscard]] std::string pattern_of(const nlohmann::json& step, std::string_view what);

// A value that must be one character, as a blank's stand-in is.
[[nodiscard]] std::string one_character(const nlohmann::json& step, const char* key);

class Normalizer {
 public:
  // Reads the "normalizer" value of a tokenizer.json (null: none). Throws UserError that names what is not supported.
  explicit Normalizer(const nlohmann::json& description);

  // `text` (valid UTF-8) normalised. Returns a view of `text` itself where nothing changes, else of `storage`.
  [[nodiscard]] std::string_view apply(std::string_view text, std::string& storage) const;

  // Whether what a text begins with always comes from its first character.
  [[nodiscard]] bool keeps_begin() const;

 private:
  enum class Form : unsigned char { nfc, nfd, nfkc, nfkd };
  struct Prepend {
    std::string text;
  };
  struct Replace {
    Regex pattern;
    std::string content;
  };
  void add(const nlohmann::json& description);
  [[nodiscard]] static bool normalize(Form form, std::string_view text, std::string& out);

  std::vector<std::variant<Form, Prepend, Replace>> steps_;
};

}  // namespace ft
