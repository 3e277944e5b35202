#include "framework/text/bpe_tokenizer.h"

#include <fmt/format.h>

#include "framework/base/error.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

std::vector<AddedToken> finder_tokens(const std::vector<AddedToken>& added, bool normalized,
                                      const Normalizer& normalizer) {
  std::vector<AddedToken> chosen;
  for (const AddedToken& token : added) {
    if (token.normalized != normalized) continue;
    AddedToken wanted = token;
    std::string storage;
    if (normalized) wanted.content = std::string(normalizer.apply(token.content, storage));
    if (wanted.content.empty())
      fail_user(fmt::format("the normalizer leaves nothing of the added token '{}'", token.content));
    for (const AddedToken& other : chosen) {
      if (other.content != wanted.content) continue;
      fail_user(fmt::format("the normalizer makes two added tokens the same, '{}' being the later", token.content));
    }
    chosen.push_back(std::move(wanted));
  }
  return chosen;
}

}  // namespace

BpeTokenizer::BpeTokenizer(const BpeDescription& description, TokenId eos, std::optional<TokenId> bos, Files files)
    : normalizer_(description.normalizer),
      pretokenizer_(description.pre_tokenizer),
      raw_finder_(finder_tokens(description.added, false, normalizer_)),
      normalized_finder_(finder_tokens(description.added, true, normalizer_)),
      bpe_(description.vocabulary, description.rules, description.ignore_merges, description.units),
      decoder_(description.decoder),
      tokens_(description.tokens.size()),
      eos_(eos),
      bos_(bos),
      files_(std::move(files)) {
  if (pretokenizer_.looks_at_start() && !normalizer_.keeps_begin()) {
    fail_user(
        "the pre_tokenizer Metaspace with prepend_scheme=first is not supported beside a normalizer that changes how "
        "a text begins (Prepend, or Replace by nothing)");
  }
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const std::string& name = description.tokens[id];
    tokens_[id] = {decoder_.bytes_of(name), name, false};
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
    const std::string_view normalized = normalizer_.apply(raw.text, storage);
    for (const auto& part : normalized_finder_.split(normalized)) {
      if (part.id >= 0) {
        ids.push_back(part.id);
        continue;
      }
      const bool at_start = raw.text.data() == text.data() && part.text.data() == normalized.data();
      for (const std::string_view piece : pretokenizer_.split(part.text, scratch, at_start)) bpe_.encode(piece, ids);
    }
  }
  return ids;
}

std::string BpeTokenizer::decode(std::span<const TokenId> ids) const {
  std::string bytes;
  std::vector<std::string> names;
  const bool joins = decoder_.joins_bytes();
  for (const TokenId id : ids) {
    FT_CHECK(id >= 0 && id < size(), "token id {} is not in [0, {})", id, size());
    const Token& token = tokens_[static_cast<std::size_t>(id)];
    if (token.special) continue;
    if (joins)
      bytes += token.bytes;
    else if (!token.name.empty())
      names.push_back(token.name);
  }
  return joins ? repair_utf8(bytes) : decoder_.text(std::move(names));
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
