// How tokens, as they are written in tokenizer.json, become text again: its "decoder". ByteLevel joins bytes;
// SentencePiece vocabularies have a Sequence of Replace ("▁" to blank), ByteFallback (<0xE4> to bytes), Fuse and Strip
// (the blank that encoding put before the text); older files say Metaspace.
//
//   const TokenDecoder decoder(json["decoder"]);
//   decoder.text({"▁Hel", "lo", "<0x0A>"});     // "Hello\n"
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "framework/text/regex.h"

namespace ft {

class TokenDecoder {
 public:
  // Throws UserError that names what is not supported.
  explicit TokenDecoder(const nlohmann::json& description);

  // The text of a whole sequence, in valid UTF-8.
  [[nodiscard]] std::string text(std::vector<std::string> tokens) const;

  // What a token means amid others; it may be part of a character.
  [[nodiscard]] std::string bytes_of(const std::string& token) const;

  // Whether text() is bytes_of() of each, joined: nothing depends on neighbours.
  [[nodiscard]] bool joins_bytes() const;

 private:
  struct ByteLevel {};
  struct ByteFallback {};
  struct Fuse {};
  struct Replace {
    Regex pattern;
    std::string content;
  };
  struct Strip {
    std::string content;    // one character
    std::size_t start = 0;  // how many of it are taken off at most
  };
  struct Metaspace {
    std::string replacement;
    bool drops_first = true;  // in the first token it is nothing instead of a blank
  };
  using Step = std::variant<ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace>;

  void add(const nlohmann::json& description);
  static void apply(const ByteFallback& step, std::vector<std::string>& tokens);
  static std::string stripped(const Strip& step, std::string_view token);

  std::vector<Step> steps_;
};

}  // namespace ft
