// The tokenizer of a Hugging Face folder: tokenizer.json with a BPE model over bytes (GPT-2, Llama 3, Qwen) or over
// characters with byte_fallback (Llama 2, Mistral, Gemma), its added tokens, normalizer, pre-tokenizer and decoder, and
// which token ends and begins a text.
//
//   encode: added tokens cut out -> normalised -> cut into pieces -> each piece merged
//
// Where encoding puts a blank before a text ("▁Hello"), decoding takes one away from the first token: both as the
// reference does, so the prompt and the solution, which are encoded each for itself, both begin with it.
//
// ids equal those of the reference library's encode(text, add_special_tokens=False). Not taken over from
// tokenizer.json: "truncation" and "padding" (nothing is ever cut or padded here), and from tokenizer_config.json
// "clean_up_tokenization_spaces" (decode() gives the text as it is).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/text/added_tokens.h"
#include "framework/text/bpe.h"
#include "framework/text/normalizer.h"
#include "framework/text/pretokenizer.h"
#include "framework/text/token_decoder.h"
#include "framework/text/tokenizer.h"

namespace ft {

// A tokenizer.json, read and checked.
struct BpeDescription {
  std::vector<std::string> tokens;  // [size] as written in the file; empty where an id is unused
  bool is_byte_level = false;
  std::vector<std::pair<std::string, TokenId>> vocabulary;  // (bytes, id) of what merging may arrive at
  BpeUnits units;
  std::vector<Bpe::Rule> rules;
  std::vector<AddedToken> added;
  bool ignore_merges = false;
  nlohmann::json normalizer, pre_tokenizer, decoder;
  std::vector<TokenId> leading;  // what the post_processor puts before a single text: the BOS token, if any

  [[nodiscard]] TokenId id_of(const std::string& token) const;  // -1 where absent
};

// Throws UserError that names the feature which is not supported, or what is wrong with the file.
[[nodiscard]] BpeDescription read_bpe_description(const nlohmann::json& tokenizer_json);

class BpeTokenizer final : public Tokenizer {
 public:
  using Files = std::vector<std::pair<std::string, std::string>>;

  BpeTokenizer(const BpeDescription& description, TokenId eos, std::optional<TokenId> bos, Files files);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> ids) const override;
  [[nodiscard]] std::string token_text(TokenId id) const override;
  [[nodiscard]] TokenId size() const override { return static_cast<TokenId>(tokens_.size()); }
  [[nodiscard]] TokenId eos() const override { return eos_; }
  [[nodiscard]] std::optional<TokenId> bos() const override { return bos_; }
  [[nodiscard]] Files files() const override { return files_; }

 private:
  struct Token {
    std::string bytes;  // what it means amid others
    std::string name;   // as written in the file, for special tokens
    bool special = false;
  };

  Normalizer normalizer_;
  PreTokenizer pretokenizer_;
  AddedTokenFinder raw_finder_;         // looked for in the text as it comes
  AddedTokenFinder normalized_finder_;  // looked for in what lies between, normalised
  Bpe bpe_;
  TokenDecoder decoder_;
  std::vector<Token> tokens_;  // [size]
  TokenId eos_;
  std::optional<TokenId> bos_;
  Files files_;
};

}  // namespace ft
