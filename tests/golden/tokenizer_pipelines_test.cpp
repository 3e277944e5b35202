// Tokenizers of many pipelines against the reference library: the ids of hostile texts, and the texts of ids. The cases
// come from tokenizer_pipelines.py; FT_PIPELINE_CASES names a file of others.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/base/error.h"
#include "framework/text/bpe_tokenizer.h"

using namespace ft;
using nlohmann::json;

namespace {

json tokenizer_json(const json& file, const json& pipeline) {
  json made = file.at(pipeline.at("of").get<std::string>());
  const json& parts = pipeline.at("parts");
  for (const auto& [key, value] : parts.items()) {
    if (key == "model")
      made["model"].update(value);
    else if (key == "without")
      for (const json& token : value) made["model"]["vocab"].erase(token.get<std::string>());
    else
      made[key] = value;
  }
  return made;
}

}  // namespace

TEST_CASE("pipelines give the reference's ids and texts") {
  const char* path = std::getenv("FT_PIPELINE_CASES");
  std::ifstream in(path != nullptr ? path : FT_PROJECT_ROOT "/tests/golden/tokenizer_pipelines.json");
  REQUIRE(in.good());
  const json file = json::parse(in);
  const auto texts = file.at("texts").get<std::vector<std::string>>();
  std::size_t ids = 0;
  for (const json& pipeline : file.at("pipelines")) {
    const auto name = pipeline.at("name").get<std::string>();
    CAPTURE(name);
    std::optional<BpeTokenizer> tokenizer;
    REQUIRE_NOTHROW(tokenizer.emplace(read_bpe_description(tokenizer_json(file, pipeline)), 0, std::nullopt,
                                      BpeTokenizer::Files{}));
    const auto every = pipeline.at("every").get<std::size_t>();
    REQUIRE(pipeline.at("ids").size() == (texts.size() + every - 1) / every);
    for (std::size_t i = 0; i < pipeline.at("ids").size(); ++i) {
      const std::string& text = texts[i * every];
      CAPTURE(json(text).dump());
      const auto expected = pipeline.at("ids")[i].get<std::vector<TokenId>>();
      CHECK(tokenizer->encode(text) == expected);
      ids += expected.size();
    }
    for (const json& pair : pipeline.at("decoded")) {
      CAPTURE(pair[0].dump());
      CHECK(tokenizer->decode(pair[0].get<std::vector<TokenId>>()) == pair[1].get<std::string>());
    }
  }
  fmt::print("{} pipelines, {} ids equal\n", file.at("pipelines").size(), ids);
  CHECK(file.at("pipelines").size() >= 50);
}
