#include "framework/text/bpe_tokenizer.h"

#include <fmt/format.h>

#include "framework/base/error.h"
#include "framework/text/byte_level.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

std::vector<AddedToken> finder_tokens(const std::vector<AddedToken>& added, bool normalized,
                                      const Normalizer& normalizer) {
  std::vector<AddedToken> chosen;
  for (const AddedToken& token : added) {
    if (token.normalized != normalized) continue;
    chosen.push_back(token);
    std::string storage;
    if (normalized) chosen.back().content = std::string(normalizer.apply(token.content, storage));
  }
  return chosen;
}

}  // namespace

BpeTokenizer::BpeTokenizer(const BpeDescription& description, TokenId eos, std::optional<TokenId> bos, Files files)
    : normalizer_(description.normalizer),
      pretokenizer_(description.pre_tokenizer),
      raw_finder_(finder_tokens(description.added, false, normalizer_)),
      normalized_finder_(finder_tokens(description.added, true, normalizer_)),
      bpe_(description.vocabulary, description.rules, description.ignore_merges),
      tokens_(description.tokens.size()),
      eos_(eos),
      bos_(bos),
      files_(std::move(files)) {
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const std::string& name = description.tokens[id];
    tokens_[id] = {bytes_of_alphabet(name).value_or(name), name, false};
  }
  for (const AddedToken& token : description.added) tokens_[static_cast<std::size_t>(token.id)].special = token.special;
}

std::vector<TokenId> BpeTokenizer::encode(std::string_view text) const {
  check_utf8(text, "the text");
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + 8);
  PreTokenizer::Scratch scratch(pretokenizer_);
  std::string storage;
  for (const auto& raw : raw_finder_.split(text)) {
    if (raw.id >= 0) {
      ids.push_back(raw.id);
      continue;
    }
    for (const auto& part : normalized_finder_.split(normalizer_.apply(raw.text, storage))) {
      if (part.id >= 0) {
        ids.push_back(part.id);
        continue;
      }
      for (const std::string_view piece : pretokenizer_.split(part.text, scratch)) bpe_.encode(piece, ids);
    }
  }
  return ids;
}

std::string BpeTokenizer::decode(std::span<const TokenId> ids) const {
  std::string bytes;
  for (const TokenId id : ids) {
    FT_CHECK(id >= 0 && id < size(), "token id {} is not in [0, {})", id, size());
    const Token& token = tokens_[static_cast<std::size_t>(id)];
    if (!token.special) bytes += token.bytes;
  }
  return repair_utf8(bytes);
}

std::string BpeTokenizer::token_text(TokenId id) const {
  FT_CHECK(id >= 0 && id < size(), "token id {} is not in [0, {})", id, size());
  const Token& token = tokens_[static_cast<std::size_t>(id)];
  if (token.special) return token.name;
  if (token.name.empty()) return fmt::format("<unused {}>", id);
  if (valid_utf8_prefix(token.bytes) == token.bytes.size()) return token.bytes;
  std::string text;  // part of a character: its bytes
  for (std::string_view rest = token.bytes; !rest.empty();) {
    const std::size_t valid = valid_utf8_prefix(rest);
    text += rest.substr(0, valid);
    rest.remove_prefix(valid);
    if (rest.empty()) break;
    text += fmt::format("\\x{:02X}", static_cast<unsigned char>(rest[0]));
    rest.remove_prefix(1);
  }
  return text;
}

}  // namespace ft
