// Reading and checking a tokenizer.json.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

#include "framework/base/error.h"
#include "framework/text/bpe_tokenizer.h"
#include "framework/text/byte_level.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

using nlohmann::json;
using Ids = std::unordered_map<std::string, TokenId>;

// Beyond this an id in the file is a slip, and the table of tokens would eat the memory.
constexpr std::int64_t kLargestId = 16'000'000;

std::string type_of(const json& part) {
  return part.is_object() ? part.value("type", std::string("(without a type)")) : std::string("null");
}

// What to do about a model of another kind, by its name.
std::string advice(const std::string& type) {
  if (type == "Unigram") return "T5, XLM-R, ALBERT and other SentencePiece Unigram vocabularies cannot be read";
  if (type == "WordPiece") return "BERT's vocabularies cannot be read";
  return "it cannot be read";
}

void check_model(const json& model) {
  // Files of before 2020 leave the type of a BPE model out.
  const std::string type =
      model.is_object() && model.contains("merges") ? model.value("type", std::string("BPE")) : type_of(model);
  if (type != "BPE") {
    fail_user(
        fmt::format("the model {} is not supported: {}, and no conversion keeps the ids that the weights were trained "
                    "with; choose a model whose tokenizer.json says BPE (Llama, Mistral, Qwen, Gemma, SmolLM)",
                    type, advice(type)));
  }
  if (model.contains("dropout") && model["dropout"].is_number() && model["dropout"].get<double>() > 0) {
    fail_user("BPE with dropout is not supported: the same text would get other ids each time; set it to null");
  }
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (model.contains(affix) && model[affix].is_string() && !model[affix].get_ref<const std::string&>().empty()) {
      fail_user(fmt::format("BPE with {}='{}' is not supported", affix, model[affix].get<std::string>()));
    }
  }
}

void name_token(BpeDescription& description, const std::string& token, std::int64_t id) {
  if (id < 0 || id > kLargestId) fail_user(fmt::format("the id {} of the token '{}' is out of range", id, token));
  const auto at = static_cast<std::size_t>(id);
  if (at >= description.tokens.size()) description.tokens.resize(at + 1);
  if (!description.tokens[at].empty() && description.tokens[at] != token) {
    fail_user(fmt::format("the id {} belongs to two tokens, '{}' and '{}'", id, description.tokens[at], token));
  }
  description.tokens[at] = token;
}

void read_vocabulary(const json& model, BpeDescription& description, Ids& ids) {
  for (const auto& [token, id] : model.at("vocab").items()) {
    name_token(description, token, id.get<std::int64_t>());
    ids[token] = id.get<TokenId>();
    // A token outside the alphabet of bytes is one that merging never meets.
    auto bytes = description.is_byte_level ? bytes_of_alphabet(token) : token;
    if (bytes) description.vocabulary.emplace_back(std::move(*bytes), id.get<TokenId>());
  }
}

// What stands for units that are no tokens.
void read_units(const json& model, const Ids& ids, BpeUnits& units) {
  const auto id_of = [&](const std::string& token) {
    const auto found = ids.find(token);
    return found == ids.end() ? TokenId{-1} : found->second;
  };
  if (model.value("byte_fallback", false)) {
    for (std::size_t byte = 0; byte < units.fallback.size(); ++byte)
      units.fallback[byte] = id_of(fmt::format("<0x{:02X}>", byte));
  }
  if (model.contains("unk_token") && model["unk_token"].is_string())
    units.unknown = id_of(model["unk_token"].get<std::string>());
  units.fuse_unknown = model.value("fuse_unk", false);
}

std::pair<std::string, std::string> merge_pair(const json& merge) {
  if (merge.is_array() && merge.size() == 2) return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  const std::string text = merge.is_string() ? merge.get<std::string>() : std::string();
  const std::size_t blank = text.find(' ');
  if (blank == std::string::npos) fail_user(fmt::format("the merge {} is not a pair of tokens", merge.dump()));
  return {text.substr(0, blank), text.substr(blank + 1)};
}

void read_merges(const json& model, BpeDescription& description, const Ids& ids) {
  const auto id_of = [&](const std::string& token, const json& merge) {
    const auto found = ids.find(token);
    if (found == ids.end())
      fail_user(fmt::format("the merge {} needs '{}', which the vocabulary lacks", merge.dump(), token));
    return found->second;
  };
  for (const json& merge : model.at("merges")) {
    const auto [left, right] = merge_pair(merge);
    description.rules.push_back({id_of(left, merge), id_of(right, merge), id_of(left + right, merge)});
  }
}

void read_added_tokens(const json& file, BpeDescription& description, Ids& ids) {
  if (!file.contains("added_tokens")) return;
  // The reference gives new tokens the ids behind the vocabulary, one after the other, whatever the file says.
  auto next_id = static_cast<std::int64_t>(ids.size());
  std::unordered_set<std::string> seen;
  for (const json& entry : file["added_tokens"]) {
    AddedToken token;
    token.content = entry.at("content").get<std::string>();
    if (token.content.empty()) continue;  // the reference ignores them too
    if (!seen.insert(token.content).second)
      fail_user(fmt::format("the added token '{}' is there twice", token.content));
    const auto id = entry.at("id").get<std::int64_t>();
    const auto known = ids.find(token.content);
    const std::int64_t expected = known == ids.end() ? next_id : known->second;
    if (id != expected) {
      fail_user(fmt::format(
          "the added token '{}' has the id {}, but the reference library would give it {}: the ids of added "
          "tokens follow the vocabulary without gaps",
          token.content, id, expected));
    }
    if (known == ids.end()) ++next_id;
    name_token(description, token.content, id);
    token.id = static_cast<TokenId>(id);
    token.special = entry.value("special", false);
    token.normalized = entry.value("normalized", !token.special);
    token.single_word = entry.value("single_word", false);
    token.lstrip = entry.value("lstrip", false);
    token.rstrip = entry.value("rstrip", false);
    ids[token.content] = token.id;
    description.added.push_back(std::move(token));
  }
}

// What a post_processor puts before a single text. ByteLevel's only moves offsets.
void read_leading(const json& post_processor, BpeDescription& description) {
  const std::string type = type_of(post_processor);
  if (type == "null" || type == "ByteLevel") return;
  if (type == "Sequence") {
    for (const json& part : post_processor.at("processors")) read_leading(part, description);
    return;
  }
  if (type != "TemplateProcessing") {
    fail_user(fmt::format("the post_processor {} is not supported; TemplateProcessing and ByteLevel are", type));
  }
  for (const json& part : post_processor.at("single")) {
    if (!part.contains("SpecialToken")) break;
    const std::string name = part["SpecialToken"].at("id").get<std::string>();
    for (const json& id : post_processor.at("special_tokens").at(name).at("ids")) {
      description.leading.push_back(id.get<TokenId>());
    }
  }
}

}  // namespace

TokenId BpeDescription::id_of(const std::string& token) const {
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (!token.empty() && tokens[id] == token) return static_cast<TokenId>(id);
  }
  return -1;
}

BpeDescription read_bpe_description(const json& file) {
  if (!file.is_object() || !file.contains("model")) fail_user("there is no \"model\"; this is not a tokenizer.json");
  const json& model = file["model"];
  check_model(model);
  BpeDescription description;
  description.decoder = file.value("decoder", json());
  description.pre_tokenizer = file.value("pre_tokenizer", json());
  description.is_byte_level = cuts_into_bytes(description.pre_tokenizer);
  description.units.characters = !description.is_byte_level;
  Ids ids;
  read_vocabulary(model, description, ids);
  read_units(model, ids, description.units);
  read_merges(model, description, ids);
  read_added_tokens(file, description, ids);
  description.ignore_merges = model.value("ignore_merges", false);
  description.normalizer = file.value("normalizer", json());
  read_leading(file.value("post_processor", json()), description);
  for (const TokenId id : description.leading) {
    if (id < 0 || static_cast<std::size_t>(id) >= description.tokens.size()) {
      fail_user(fmt::format("the post_processor puts token {} before a text, which the vocabulary lacks", id));
    }
  }
  if (description.leading.size() > 1) {
    fail_user(fmt::format("the post_processor puts {} tokens before a text; one BOS token is supported",
                          description.leading.size()));
  }
  return description;
}

}  // namespace ft
