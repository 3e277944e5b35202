#include "framework/text/word_tokenizer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_map>

#include "framework/base/error.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

constexpr std::string_view kEosName = "<eos>";
constexpr std::string_view kFormat = "ftrun words";
constexpr int kVersion = 1;

class WordTokenizer final : public Tokenizer {
 public:
  explicit WordTokenizer(std::vector<std::string> words) : words_(std::move(words)) {
    if (words_.empty()) fail_user("a word vocabulary needs at least one word");
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (word.empty()) fail_user(fmt::format("word {} of the word vocabulary is empty", i));
      if (word == kEosName) fail_user(fmt::format("'{}' is the name of the end token and cannot be a word", kEosName));
      check_utf8(word, fmt::format("word {} of the word vocabulary", i));
      if (!ids_.try_emplace(word, static_cast<TokenId>(i + 1)).second) {
        fail_user(fmt::format("the word '{}' is in the word vocabulary twice", word));
      }
      longest_ = std::max(longest_, word.size());
    }
  }

  std::vector<TokenId> encode(std::string_view text) const override {
    check_utf8(text, "the text");
    std::vector<TokenId> ids;
    for (std::size_t at = 0; at < text.size();) {
      const TokenId id = longest_at(text, at);
      ids.push_back(id);
      at += words_[static_cast<std::size_t>(id) - 1].size();
    }
    return ids;
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    for (const TokenId id : ids) {
      if (id != eos()) text += token_text(id);
    }
    return text;
  }

  std::string token_text(TokenId id) const override {
    FT_CHECK(id >= 0 && id < size(), "token id {} is not in [0, {})", id, size());
    return id == eos() ? std::string(kEosName) : words_[static_cast<std::size_t>(id) - 1];
  }

  TokenId size() const override { return static_cast<TokenId>(words_.size()) + 1; }
  TokenId eos() const override { return 0; }
  std::optional<TokenId> bos() const override { return std::nullopt; }

  std::vector<std::pair<std::string, std::string>> files() const override {
    const nlohmann::ordered_json json = {{"format", kFormat}, {"version", kVersion}, {"words", words_}};
    return {{std::string(kWordVocabularyFile), json.dump(1) + "\n"}};
  }

 private:
  TokenId longest_at(std::string_view text, std::size_t at) const {
    for (std::size_t size = std::min(longest_, text.size() - at); size > 0; --size) {
      const auto found = ids_.find(std::string(text.substr(at, size)));
      if (found != ids_.end()) return found->second;
    }
    std::size_t end = at;
    static_cast<void>(next_code_point(text, end));
    const std::size_t begin = at - std::min<std::size_t>(at, 20);
    fail_user(
        fmt::format("the word vocabulary cannot express '{}' at byte {} of the text, after '{}'; it was made for "
                    "another problem set: train on problems like those of the model, or take another model",
                    text.substr(at, end - at), at, repair_utf8(text.substr(begin, at - begin))));
  }

  std::vector<std::string> words_;
  std::unordered_map<std::string, TokenId> ids_;
  std::size_t longest_ = 0;  // bytes
};

}  // namespace

std::unique_ptr<Tokenizer> make_word_tokenizer(std::vector<std::string> words) {
  return std::make_unique<WordTokenizer>(std::move(words));
}

std::unique_ptr<Tokenizer> read_word_tokenizer(std::string_view text) {
  const auto json = nlohmann::json::parse(text);
  if (!json.is_object() || json.value("format", std::string()) != kFormat) {
    fail_user(fmt::format("this is not a word vocabulary: \"format\" is not \"{}\"", kFormat));
  }
  if (json.value("version", 0) != kVersion) {
    fail_user(fmt::format("version {} of the word vocabulary is not known; this program reads version {}",
                          json.value("version", 0), kVersion));
  }
  return make_word_tokenizer(json.at("words").get<std::vector<std::string>>());
}

}  // namespace ft
