// Finds out what kind of tokenizer a folder holds, and which of its tokens end and begin a text.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/lfs_pointer.h"
#include "framework/base/reading.h"
#include "framework/text/bpe_tokenizer.h"
#include "framework/text/tokenizer.h"
#include "framework/text/word_tokenizer.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Place place_of(const std::string& file, std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
  const std::size_t line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {file, line, static_cast<int>(before.size() - line_begin) + 1};
}

// Runs `read` and gives every complaint the name of the file it is about.
template <typename Read>
auto reading(const fs::path& path, std::string_view text, Read read) {
  try {
    return read();
  } catch (const json::parse_error& error) {
    if (is_lfs_pointer(text)) fail_lfs_pointer(path);
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
      fail_user({path.string()}, "is empty: copy or download it anew");
    fail_user(place_of(path.string(), text, error.byte > 0 ? error.byte - 1 : 0),
              fmt::format("is not valid JSON: {}", error.what()));
  } catch (const json::exception& error) {
    fail_user({path.string()}, fmt::format("is not as expected: {}", error.what()));
  } catch (const UserError& error) {
    fail_user({path.string()}, error.what());
  }
}

// The files of a tokenizer's folder.
struct Folder {
  const fs::path& path;
  const ReadText& read;

  // A JSON file that may be absent: then an empty object.
  [[nodiscard]] json optional_json(const char* name) const {
    const std::optional<std::string> text = read(name);
    if (!text) return json::object();
    return reading(path / name, *text, [&] { return json::parse(*text); });
  }
};

// "eos_token" is a name, an object with the name, or null.
std::string token_name(const json& config, const char* key) {
  if (!config.is_object() || !config.contains(key)) return {};
  const json& value = config[key];
  if (value.is_string()) return value.get<std::string>();
  return value.is_object() ? value.value("content", std::string()) : std::string();
}

TokenId named_token(const BpeDescription& description, const fs::path& file, const char* key, const std::string& name) {
  const TokenId id = description.id_of(name);
  if (id >= 0) return id;
  std::vector<std::string> names;
  for (const AddedToken& token : description.added) names.push_back(token.content);
  const auto near = nearest(name, names);
  fail_user({file.string()}, fmt::format("{} '{}' is not in the vocabulary{}", key, name,
                                         near ? fmt::format("; did you mean '{}'?", *near) : std::string()));
}

// The token that ends a text, from the first file that names one: by name in tokenizer_config.json or
// special_tokens_map.json, by id (the first of a list) in generation_config.json or config.json.
TokenId find_eos(const Folder& folder, const BpeDescription& description) {
  for (const char* file : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const std::string name = token_name(folder.optional_json(file), "eos_token");
    if (!name.empty()) return named_token(description, folder.path / file, "eos_token", name);
  }
  for (const char* file : {"generation_config.json", "config.json"}) {
    const json config = folder.optional_json(file);
    json id = config.is_object() ? config.value("eos_token_id", json()) : json();
    if (id.is_array() && !id.empty()) id = json(id[0]);
    if (!id.is_number_integer()) continue;
    const auto value = id.get<std::int64_t>();
    if (value < 0 || value >= static_cast<std::int64_t>(description.tokens.size())) {
      fail_user({(folder.path / file).string()},
                fmt::format("eos_token_id {} is not in the vocabulary of {} tokens", value, description.tokens.size()));
    }
    return static_cast<TokenId>(value);
  }
  fail_user({folder.path.string()}, "no file says which token ends a text; add \"eos_token\" to tokenizer_config.json");
}

// The token that stands once before a text. What the post_processor does is what the model was trained with, unless
// tokenizer_config.json decides by add_bos_token. A bos_token that is only named is put nowhere (GPT-2, SmolLM2, Qwen
// 2).
std::optional<TokenId> find_bos(const Folder& folder, const BpeDescription& description) {
  const fs::path file = folder.path / "tokenizer_config.json";
  const json config = folder.optional_json("tokenizer_config.json");
  const json add = config.is_object() ? config.value("add_bos_token", json()) : json();
  if (add.is_boolean() && !add.get<bool>()) return std::nullopt;
  if (!description.leading.empty()) return description.leading.front();
  if (!add.is_boolean()) return std::nullopt;
  const std::string name = token_name(config, "bos_token");
  if (name.empty()) fail_user({file.string()}, "add_bos_token is true, but no bos_token is named");
  return named_token(description, file, "bos_token", name);
}

// What restores the tokenizer without the model's own files: the end token is written down by name.
BpeTokenizer::Files files_of(const Folder& folder, std::string tokenizer_json, const std::string& eos_name) {
  BpeTokenizer::Files files{{"tokenizer.json", std::move(tokenizer_json)}};
  std::string config_text = folder.read("tokenizer_config.json").value_or("{}");
  auto config = nlohmann::ordered_json::parse(config_text);
  if (token_name(config, "eos_token").empty()) {
    config["eos_token"] = eos_name;
    config_text = config.dump(2) + "\n";
  }
  files.emplace_back("tokenizer_config.json", std::move(config_text));
  for (const char* name : {"special_tokens_map.json", "chat_template.jinja"}) {
    if (const std::optional<std::string> text = folder.read(name)) files.emplace_back(name, *text);
  }
  return files;
}

std::unique_ptr<Tokenizer> load_bpe(const Folder& folder, const std::string& text) {
  const fs::path path = folder.path / "tokenizer.json";
  const BpeDescription description = reading(path, text, [&] { return read_bpe_description(json::parse(text)); });
  const TokenId eos = find_eos(folder, description);
  const auto bos = find_bos(folder, description);
  auto files = files_of(folder, text, description.tokens[static_cast<std::size_t>(eos)]);
  return reading(path, text, [&] { return std::make_unique<BpeTokenizer>(description, eos, bos, std::move(files)); });
}

// Tokenizers that other programs read: named, with what to do.
void refuse_other_formats(const fs::path& folder) {
  struct Format {
    const char* file;
    const char* what;
    bool converts = true;
  };
  constexpr Format kFormats[] = {
      {"tokenizer.model", "a SentencePiece model or tiktoken's list of tokens"},
      {"sentencepiece.bpe.model", "a SentencePiece model"},
      {"spiece.model", "a SentencePiece model of Unigram, which is not supported", false},
      {"vocab.txt", "a WordPiece vocabulary (BERT), which is not supported", false},
      {"tekken.json",
       "Mistral's own format; the folder that Hugging Face offers for the same model has a tokenizer.json", false},
      {"qwen.tiktoken", "tiktoken's list of tokens"},
      {"merges.txt", "a part of a BPE vocabulary: vocab.json and merges.txt do not say how texts are cut"},
      {"vocab.json", "a part of a BPE vocabulary: vocab.json and merges.txt do not say how texts are cut"},
  };
  for (const Format& format : kFormats) {
    if (!is_there(folder / format.file)) continue;
    fail_user(
        {(folder / format.file).string()},
        fmt::format("is {}; tokenizer.json is needed{}", format.what,
                    format.converts
                        ? fmt::format(". It is written by: python3 -c \"from transformers import AutoTokenizer as T; "
                                      "T.from_pretrained('{0}').save_pretrained('{0}')\"",
                                      folder.string())
                        : std::string()));
  }
}

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& folder, const ReadText& read) {
  const std::optional<std::string> words = read(std::string(kWordVocabularyFile)), bpe = read("tokenizer.json");
  if (words && bpe) {
    fail_user({folder.string()}, fmt::format("holds both tokenizer.json and {}; remove one", kWordVocabularyFile));
  }
  if (bpe) return load_bpe({folder, read}, *bpe);
  if (words) return reading(folder / kWordVocabularyFile, *words, [&] { return read_word_tokenizer(*words); });
  refuse_other_formats(folder);
  fail_user({folder.string()}, fmt::format("holds no tokenizer: neither tokenizer.json nor {}", kWordVocabularyFile));
}

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& folder) {
  if (!is_folder(folder)) fail_user({folder.string()}, "is not a folder; a tokenizer is a folder with tokenizer.json");
  return load_tokenizer(folder, [&](const std::string& name) -> std::optional<std::string> {
    if (!is_there(folder / name)) return std::nullopt;
    return read_file(folder / name);
  });
}

}  // namespace ft
