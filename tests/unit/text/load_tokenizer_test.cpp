// What load_tokenizer() accepts, where it finds the end and begin tokens, and what it refuses, by the words.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "framework/base/error.h"
#include "framework/text/byte_level.h"
#include "framework/text/tokenizer.h"

using namespace ft;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr TokenId kEnd = 257, kBegin = 258;

// All bytes, "th", and two special tokens.
json small_tokenizer() {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) vocabulary[alphabet_of_bytes(std::string(1, static_cast<char>(byte)))] = byte;
  vocabulary["th"] = 256;
  return {{"added_tokens",
           {{{"id", kEnd}, {"content", "<end>"}, {"special", true}, {"normalized", false}},
            {{"id", kBegin}, {"content", "<begin>"}, {"special", true}, {"normalized", false}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"t h"}}}}};
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("ftrun_load_tokenizer_" + std::to_string(getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  Folder& write(const std::string& name, const std::string& content) {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this;
  }
  Folder& write(const std::string& name, const json& content) { return write(name, content.dump()); }

  [[nodiscard]] std::unique_ptr<Tokenizer> load() const { return load_tokenizer(path_); }
  [[nodiscard]] std::string complaint() const {
    try {
      static_cast<void>(load());
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  }

 private:
  fs::path path_;
};

const json kConfig = {{"eos_token", "<end>"}};

// The complaint about a small tokenizer with one value changed.
std::string complaint_with(const std::string& pointer, const json& value) {
  json tokenizer = small_tokenizer();
  tokenizer[json::json_pointer(pointer)] = value;
  return Folder().write("tokenizer.json", tokenizer).write("tokenizer_config.json", kConfig).complaint();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a small tokenizer encodes, decodes and names its tokens") {
  const auto tokenizer =
      Folder().write("tokenizer.json", small_tokenizer()).write("tokenizer_config.json", kConfig).load();
  CHECK(tokenizer->size() == 259);
  CHECK(tokenizer->eos() == kEnd);
  CHECK(!tokenizer->bos());
  const std::vector<TokenId> ids{'o', 256, 'e', 'r', kEnd, ' ', 'x'};
  CHECK(tokenizer->encode("other<end> x") == ids);
  CHECK(tokenizer->decode(ids) == "other x");
  CHECK(tokenizer->token_text(kEnd) == "<end>");
  CHECK(tokenizer->token_text(' ') == " ");
  CHECK(tokenizer->token_text(0xE4) == "\\xE4");
  CHECK(tokenizer->decode(std::vector<TokenId>{0xE4, 'a'}) ==
        "\xEF\xBF\xBD"
        "a");
  CHECK_THROWS_AS(static_cast<void>(tokenizer->decode(std::vector<TokenId>{259})), Error);
  CHECK_THROWS_AS(static_cast<void>(tokenizer->token_text(-1)), Error);
  CHECK_THROWS_AS(static_cast<void>(tokenizer->encode("\xFF")), UserError);
}

TEST_CASE("threads share a tokenizer") {
  const auto tokenizer =
      Folder().write("tokenizer.json", small_tokenizer()).write("tokenizer_config.json", kConfig).load();
  const std::string text = "the other thing, with \xE4\xBD\xA0 and 12 more of them";
  const auto expected = tokenizer->encode(text);
  std::vector<int> right(4);
  std::vector<std::thread> threads;
  for (int& count : right) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += tokenizer->encode(text) == expected ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : right) CHECK(count == 200);
}

TEST_CASE("the end token comes from the first file that names one") {
  Folder folder;
  folder.write("tokenizer.json", small_tokenizer());
  CHECK(
      contains(folder.complaint(), "no file says which token ends a text; add \"eos_token\" to tokenizer_config.json"));
  CHECK(folder.write("config.json", json{{"eos_token_id", 65}}).load()->eos() == 65);
  CHECK(folder.write("generation_config.json", json{{"eos_token_id", {66, 67}}}).load()->eos() == 66);
  CHECK(folder.write("special_tokens_map.json", json{{"eos_token", {{"content", "<begin>"}}}}).load()->eos() == kBegin);
  CHECK(folder.write("tokenizer_config.json", json{{"eos_token", nullptr}}).load()->eos() == kBegin);
  CHECK(folder.write("tokenizer_config.json", kConfig).load()->eos() == kEnd);
  folder.write("tokenizer_config.json", json{{"eos_token", "<ent>"}});
  CHECK(contains(folder.complaint(),
                 "tokenizer_config.json: eos_token '<ent>' is not in the vocabulary; did you mean '<end>'?"));
}

TEST_CASE("an end token known by id only is stored by name") {
  Folder folder;
  const auto tokenizer =
      folder.write("tokenizer.json", small_tokenizer()).write("config.json", json{{"eos_token_id", kEnd}}).load();
  Folder copy;
  for (const auto& [name, content] : tokenizer->files()) copy.write(name, content);
  CHECK(copy.load()->eos() == kEnd);
  CHECK(contains(
      Folder().write("tokenizer.json", small_tokenizer()).write("config.json", json{{"eos_token_id", 999}}).complaint(),
      "config.json: eos_token_id 999 is not in the vocabulary of 259 tokens"));
}

TEST_CASE("a begin token is put where the model was trained with one") {
  json tokenizer = small_tokenizer();
  const auto bos = [&](const json& config) {
    return Folder().write("tokenizer.json", tokenizer).write("tokenizer_config.json", config).load()->bos();
  };
  CHECK(!bos({{"eos_token", "<end>"}, {"bos_token", "<begin>"}}));
  CHECK(!bos({{"eos_token", "<end>"}, {"bos_token", "<begin>"}, {"add_bos_token", false}}));
  CHECK(bos({{"eos_token", "<end>"}, {"bos_token", {{"content", "<begin>"}}}, {"add_bos_token", true}}) == kBegin);
  tokenizer["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<begin>"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "A"}}}}}},
      {"special_tokens", {{"<begin>", {{"id", "<begin>"}, {"ids", {kBegin}}, {"tokens", {"<begin>"}}}}}}};
  CHECK(bos(kConfig) == kBegin);
  CHECK(!bos({{"eos_token", "<end>"}, {"add_bos_token", false}}));
  CHECK(contains(Folder()
                     .write("tokenizer.json", small_tokenizer())
                     .write("tokenizer_config.json", json{{"eos_token", "<end>"}, {"add_bos_token", true}})
                     .complaint(),
                 "add_bos_token is true, but no bos_token is named"));
}

TEST_CASE("what is not supported is refused by name") {
  CHECK(contains(complaint_with("/model/type", "Unigram"), "tokenizer.json: the model Unigram is not supported"));
  CHECK(contains(complaint_with("/model/type", "Unigram"), "choose a model whose tokenizer.json says BPE"));
  CHECK(contains(complaint_with("/model", {{"type", "WordPiece"}}), "the model WordPiece is not supported"));
  CHECK(contains(complaint_with("/model/dropout", 0.1), "dropout"));
  CHECK(contains(complaint_with("/model/end_of_word_suffix", "</w>"), "end_of_word_suffix='</w>'"));
  CHECK(contains(complaint_with("/normalizer", {{"type", "Lowercase"}}), "the normalizer Lowercase is not supported"));
  CHECK(
      contains(complaint_with("/pre_tokenizer", {{"type", "BertPreTokenizer"}}), "the pre_tokenizer BertPreTokenizer"));
  CHECK(contains(complaint_with("/decoder", {{"type", "WordPiece"}}), "the decoder WordPiece is not supported"));
  CHECK(contains(complaint_with("/decoder", nullptr), "there is no decoder"));
  CHECK(contains(complaint_with("/post_processor", {{"type", "BertProcessing"}}), "the post_processor BertProcessing"));
  const json split = {{"type", "Split"}, {"pattern", {{"Regex", "a\\X"}}}, {"behavior", "Isolated"}, {"invert", false}};
  CHECK(contains(complaint_with("/pre_tokenizer", split),
                 "tokenizer.json: the pattern 'a\\X' cannot be taken over: \\X at character 2"));
}

TEST_CASE("a damaged tokenizer.json is refused with what is wrong") {
  CHECK(contains(complaint_with("/model/merges", {"t h", "q"}), "the merge \"q\" is not a pair of tokens"));
  CHECK(contains(complaint_with("/model/merges", {"q z"}), "the merge \"q z\" needs 'qz', which the vocabulary lacks"));
  CHECK(contains(complaint_with("/model/vocab/th", 65), "the id 65 belongs to two tokens"));
  CHECK(contains(complaint_with("/model/vocab/th", -1), "the id -1 of the token 'th' is out of range"));
  CHECK(contains(complaint_with("/added_tokens/0/id", 300),
                 "'<end>' has the id 300, but the reference library would give it 257"));
  CHECK(contains(complaint_with("/added_tokens/1/content", "<end>"), "the added token '<end>' is there twice"));
  CHECK(contains(complaint_with("/model/merges", {1}), "the merge 1 is not a pair of tokens"));
  CHECK(contains(Folder().write("tokenizer.json", std::string("{\n \"model\": ]}")).complaint(),
                 "tokenizer.json:2:11: is not valid JSON"));
  CHECK(contains(Folder().write("tokenizer.json", std::string("[]")).complaint(), "this is not a tokenizer.json"));
}

TEST_CASE("a folder without a tokenizer says what to do") {
  CHECK(contains(Folder().complaint(), "holds no tokenizer: neither tokenizer.json nor word_vocabulary.json"));
  for (const char* file : {"tokenizer.model", "sentencepiece.bpe.model", "qwen.tiktoken", "merges.txt", "vocab.json"}) {
    const std::string told = Folder().write(file, std::string("x")).complaint();
    CAPTURE(told);
    CHECK(contains(told, file));
    CHECK(contains(told,
                   "tokenizer.json is needed. It is written by: python3 -c \"from transformers import AutoTokenizer"));
  }
  for (const char* file : {"spiece.model", "vocab.txt", "tekken.json"}) {
    const std::string told = Folder().write(file, std::string("x")).complaint();
    CAPTURE(told);
    CHECK(contains(told, file));
    CHECK(told.ends_with("tokenizer.json is needed"));
  }
  CHECK_THROWS_AS(static_cast<void>(load_tokenizer("/nonexistent/folder")), UserError);
  Folder both;
  both.write("tokenizer.json", small_tokenizer()).write("word_vocabulary.json", std::string("{}"));
  CHECK(contains(both.complaint(), "holds both"));
}
