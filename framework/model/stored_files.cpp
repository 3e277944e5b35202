#include "framework/model/stored_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/tensor/random_access_file.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kGeneration = "generation_config.json";
constexpr const char* kEos = "eos_token_id";
constexpr const char* kPad = "pad_token_id";

const std::string* find(const TextFiles& files, std::string_view name) {
  const auto found = std::ranges::find(files, name, &TextFiles::value_type::first);
  return found == files.end() ? nullptr : &found->second;
}

// An object, or nothing where the file is not there.
std::optional<Json> object_of(const TextFiles& files, const char* name) {
  const std::string* text = find(files, name);
  if (text == nullptr) return std::nullopt;
  Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail_user({name}, "is no JSON object");
  return json;
}

Json config_object(const ModelConfig& config) {
  return config.original_json.empty() ? Json::object() : Json::parse(config.original_json);
}

// The ids under "eos_token_id": a number, a list, or none.
std::vector<std::int64_t> ids_of(const Json& json, const char* file) {
  std::vector<std::int64_t> ids;
  const Json named = json.contains(kEos) ? json[kEos] : Json();
  if (named.is_null()) return ids;
  for (const Json& id : named.is_array() ? named : Json::array({named})) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0) {
      fail_user({file}, fmt::format("{} must be a token's number or a list of them, not {}", kEos,
                                    named.dump(-1, ' ', true, Json::error_handler_t::replace)));
    }
    ids.push_back(id.get<std::int64_t>());
  }
  return ids;
}

// All ids that end a text, the trained one first, also those that this tokenizer has no token for.
std::vector<std::int64_t> all_ends(const Tokenizer& tokenizer, const ModelConfig& config, const TextFiles& companions) {
  std::vector<std::int64_t> ends = {tokenizer.eos()};
  const auto add = [&ends](const std::vector<std::int64_t>& ids) {
    for (const std::int64_t id : ids) {
      if (std::ranges::find(ends, id) == ends.end()) ends.push_back(id);
    }
  };
  const std::optional<Json> generation = object_of(companions, kGeneration);
  std::vector<std::int64_t> named;
  if (generation) named = ids_of(*generation, kGeneration);
  add(named);
  const Json original = config_object(config);
  if (named.empty() || (original.contains(kEos) && original[kEos].is_array())) add(ids_of(original, "config.json"));
  return ends;
}

// The id of the padding token that tokenizer_config.json names.
std::optional<TokenId> pad_of(const Tokenizer& tokenizer, const TextFiles& files) {
  const std::optional<Json> config = object_of(files, "tokenizer_config.json");
  if (!config || !config->contains("pad_token")) return std::nullopt;
  const Json& pad = (*config)["pad_token"];
  const std::string name = pad.is_object() && pad.contains("content") && pad["content"].is_string()
                               ? pad["content"].get<std::string>()
                           : pad.is_string() ? pad.get<std::string>()
                                             : std::string();
  if (name.empty()) return std::nullopt;
  const std::vector<TokenId> ids = tokenizer.encode(name);
  if (ids.size() != 1) return std::nullopt;  // no token of its own
  return ids.front();
}

void set_missing(Json& json, const char* key, std::optional<TokenId> value) {
  if (value && (!json.contains(key) || json[key].is_null())) json[key] = *value;
}

std::string config_text(const ModelConfig& config, TokenId eos, std::optional<TokenId> pad, const std::string& dtype) {
  Json json = Json::parse(to_config_json(config));
  json[kEos] = eos;
  set_missing(json, kPad, pad);
  for (const char* key : {"dtype", "torch_dtype"}) {
    if (json.contains(key)) json[key] = dtype;
  }
  return json.dump(2) + "\n";
}

// What generation_config.json must say; nothing where config.json says it all.
std::optional<std::string> generation_text(std::optional<Json> json, const ModelConfig& config,
                                           const std::vector<std::int64_t>& ends, std::optional<TokenId> pad) {
  if (!json) {
    if (ends.size() == 1) return std::nullopt;
    json = Json::object();
    const Json original = config_object(config);  // once the file is there, these are looked for in it alone
    for (const char* key : {"bos_token_id", kPad}) {
      if (original.contains(key) && !original[key].is_null()) (*json)[key] = original[key];
    }
  }
  const bool was_list = json->contains(kEos) && (*json)[kEos].is_array();
  if (ends.size() == 1 && !was_list) {
    (*json)[kEos] = ends.front();
  } else {
    (*json)[kEos] = ends;
  }
  set_missing(*json, kPad, pad);
  return json->dump(2) + "\n";
}

}  // namespace

TextFiles read_companions(const ReadText& read) {
  TextFiles files;
  for (const char* name : {kGeneration, "added_tokens.json", "chat_template.jinja", "chat_template.json", "merges.txt",
                           "special_tokens_map.json", "tokenizer.model", "vocab.json"}) {
    if (const std::optional<std::string> text = read(name)) files.emplace_back(name, *text);
  }
  return files;
}

TextFiles read_companions(const std::filesystem::path& folder) {
  return read_companions([&](const std::string& name) -> std::optional<std::string> {
    if (look_through(folder / name).kind == Found::Kind::nothing) return std::nullopt;
    return read_input_text(folder / name);
  });
}

std::vector<TokenId> end_tokens(const Tokenizer& tokenizer, const ModelConfig& config, const TextFiles& companions) {
  std::vector<TokenId> ends;
  for (const std::int64_t id : all_ends(tokenizer, config, companions)) {
    if (id < tokenizer.size()) ends.push_back(static_cast<TokenId>(id));
  }
  return ends;
}

TextFiles stored_files(const ModelConfig& config, const Tokenizer& tokenizer, const TextFiles& companions,
                       const std::string& dtype) {
  TextFiles files = tokenizer.files();
  const std::optional<TokenId> pad = pad_of(tokenizer, files);
  files.emplace_back("config.json", config_text(config, tokenizer.eos(), pad, dtype));
  const auto generation =
      generation_text(object_of(companions, kGeneration), config, all_ends(tokenizer, config, companions), pad);
  if (generation) files.emplace_back(kGeneration, *generation);
  for (const auto& [name, content] : companions) {
    if (find(files, name) == nullptr) files.emplace_back(name, content);
  }
  return files;
}

}  // namespace ft
