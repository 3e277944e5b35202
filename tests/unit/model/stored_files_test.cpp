#include "framework/model/stored_files.h"

#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"

namespace {

using Json = nlohmann::ordered_json;

// Ids 0 "<eos>", 1 "a", 2 "b", 3 "<pad>"; of a Hugging Face folder as far as its files tell.
class Words final : public ft::Tokenizer {
 public:
  explicit Words(ft::TokenId eos, std::string config = "{}") : eos_(eos), config_(std::move(config)) {}
  std::vector<ft::TokenId> encode(std::string_view text) const override {
    return text == "<pad>" ? std::vector<ft::TokenId>{3} : std::vector<ft::TokenId>(text.size(), 1);
  }
  std::string decode(std::span<const ft::TokenId>) const override { return ""; }
  std::string token_text(ft::TokenId) const override { return ""; }
  ft::TokenId size() const override { return 4; }
  ft::TokenId eos() const override { return eos_; }
  std::optional<ft::TokenId> bos() const override { return std::nullopt; }
  ft::TextFiles files() const override { return {{"tokenizer.json", "own"}, {"tokenizer_config.json", config_}}; }

 private:
  ft::TokenId eos_;
  std::string config_;
};

ft::ModelConfig config_with(const std::string& more) {
  return ft::parse_model_config(R"({"model_type": "llama", "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
    "rope_scaling": {"type": "linear", "factor": 2.0}, "dtype": "float16", "made_up": [1, 2])" +
                                    more + "}",
                                "config.json");
}

ft::TextFiles generation(const std::string& text) { return {{"generation_config.json", text}}; }

Json file_of(const ft::TextFiles& files, const std::string& name) {
  for (const auto& [file, content] : files) {
    if (file == name) return Json::parse(content);
  }
  return Json();
}

using Ids = std::vector<ft::TokenId>;

}  // namespace

TEST_CASE("what ends an attempt: the trained token first, then what the files name") {
  const Words tokenizer(0);
  CHECK(ft::end_tokens(tokenizer, config_with(""), {}) == Ids{0});
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": 0)"), {}) == Ids{0});
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": 2)"), {}) == Ids{0, 2});
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": null)"), generation("{}")) == Ids{0});
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": [2, 1, 2])"), {}) == Ids{0, 2, 1});
  CHECK(ft::end_tokens(tokenizer, config_with(""), generation(R"({"eos_token_id": 1})")) == Ids{0, 1});
  CHECK(ft::end_tokens(tokenizer, config_with(""), generation(R"({"eos_token_id": [1, 0, 2]})")) == Ids{0, 1, 2});
  // A single id in config.json yields to generation_config.json, as it does in transformers; a list joins it.
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": 2)"), generation(R"({"eos_token_id": 1})")) ==
        Ids{0, 1});
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": [2])"), generation(R"({"eos_token_id": 1})")) ==
        Ids{0, 1, 2});
  CHECK(ft::end_tokens(tokenizer, config_with(R"(, "eos_token_id": 2)"), generation(R"({"eos_token_id": null})")) ==
        Ids{0, 2});
  CHECK(ft::end_tokens(tokenizer, config_with(""), generation(R"({"eos_token_id": [2, 99]})")) ==
        Ids{0, 2});  // no such token
  for (const char* wrong :
       {R"({"eos_token_id": "<eos>"})", R"({"eos_token_id": [1.5]})", R"({"eos_token_id": -1})", "[]", "{"}) {
    CAPTURE(wrong);
    CHECK_THROWS_WITH_AS((void)ft::end_tokens(tokenizer, config_with(""), generation(wrong)),
                         doctest::Contains("generation_config.json"), ft::UserError);
  }
}

TEST_CASE("config.json and generation_config.json say what was trained, and keep the rest") {
  const Words tokenizer(0, R"({"pad_token": {"content": "<pad>"}})");
  const auto files = ft::stored_files(
      config_with(R"(, "eos_token_id": 2, "pad_token_id": null)"), tokenizer,
      {{"generation_config.json", R"({"eos_token_id": [2, 1], "temperature": 0.6, "do_sample": true})"},
       {"chat_template.jinja", "{{x}}"},
       {"tokenizer.json", "the base's"}},
      "bfloat16");
  const Json config = file_of(files, "config.json"), made = file_of(files, "generation_config.json");
  CHECK(config["eos_token_id"] == 0);
  CHECK(config["pad_token_id"] == 3);
  CHECK(config["dtype"] == "bfloat16");
  CHECK_FALSE(config.contains("torch_dtype"));
  CHECK(config["made_up"] == Json({1, 2}));
  CHECK(config["rope_scaling"] == Json({{"type", "linear"}, {"factor", 2.0}}));  // as it was spelled
  CHECK(made["eos_token_id"] == Json({0, 2, 1}));
  CHECK(made["temperature"] == 0.6);
  CHECK(made["do_sample"] == true);
  int own = 0, templates = 0;
  for (const auto& [name, content] : files) {
    own += name == "tokenizer.json" && content == "own" ? 1 : 0;
    templates += name == "chat_template.jinja" && content == "{{x}}" ? 1 : 0;
  }
  CHECK(own == 1);
  CHECK(templates == 1);
  CHECK(files.size() == 5);  // each name once
}

TEST_CASE("generation_config.json keeps its form, and is made where config.json alone would not do") {
  const Words tokenizer(1);
  const auto made = [&](const std::string& config, const ft::TextFiles& companions) {
    return file_of(ft::stored_files(config_with(config), tokenizer, companions), "generation_config.json");
  };
  CHECK(made(R"(, "eos_token_id": 1)", {}).is_null());
  CHECK(made(R"(, "eos_token_id": 1)", generation(R"({"eos_token_id": 1})"))["eos_token_id"] == 1);
  CHECK(made(R"(, "eos_token_id": 1)", generation(R"({"eos_token_id": [1]})"))["eos_token_id"] == Json({1}));
  CHECK(made(R"(, "eos_token_id": 1)", generation(R"({"top_k": 5})"))["eos_token_id"] == 1);
  CHECK(made(R"(, "eos_token_id": 1)", generation(R"({"eos_token_id": 2})"))["eos_token_id"] == Json({1, 2}));
  const Json fresh = made(R"(, "eos_token_id": [2, 1], "bos_token_id": 0, "pad_token_id": null)", {});
  CHECK(fresh == Json({{"bos_token_id", 0}, {"eos_token_id", {1, 2}}}));
  // A second pass changes nothing: an export of an export, a stage after a stage.
  const auto once = ft::stored_files(config_with(R"(, "eos_token_id": [2, 1])"), tokenizer, {});
  const ft::ModelConfig again = ft::parse_model_config(file_of(once, "config.json").dump(), "config.json");
  CHECK(ft::end_tokens(tokenizer, again, once) == Ids{1, 2});
  CHECK(file_of(ft::stored_files(again, tokenizer, once), "generation_config.json") ==
        file_of(once, "generation_config.json"));
}

TEST_CASE("a preset's config.json names its end token") {
  const Words tokenizer(0);
  CHECK(file_of(ft::stored_files(ft::preset_config("tiny", 4), tokenizer, {}), "config.json")["eos_token_id"] == 0);
}
