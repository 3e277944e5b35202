// Every spelling of rotary positions (rope_fixtures.py): the frequencies are those of transformers, or it is refused.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/model/rope.h"
#include "tests/support/doctest_torch.h"

using Json = nlohmann::ordered_json;

namespace {

std::string config_of(const Json& base, const Json& fixture) {
  Json config = base;
  for (const auto& [key, value] : fixture["config"].items()) {
    if (value == "DROP") {
      config.erase(key);
    } else {
      config[key] = value;
    }
  }
  config["model_type"] = fixture["family"];
  if (fixture["family"] == "mistral") config["sliding_window"] = nullptr;
  return config.dump();
}

// The largest error of a frequency, relative to it; that of the scale where it is larger.
double difference(const ft::ModelConfig& config, const Json& fixture) {
  const at::Tensor ours = ft::rope_inverse_frequencies(config);
  const auto expected = fixture["frequencies"].get<std::vector<double>>();
  REQUIRE(ours.size(0) == static_cast<std::int64_t>(expected.size()));
  double worst = std::abs(config.rope.attention_factor - fixture["scale"].get<double>());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(ours.const_data_ptr<float>()[i] - expected[i]) / expected[i]);
  }
  return worst;
}

}  // namespace

TEST_CASE("every spelling of rotary positions gives the frequencies of transformers, or is refused") {
  std::ifstream stream(std::string(FT_PROJECT_ROOT) + "/tests/golden/rope.json");
  std::string line;
  REQUIRE(std::getline(stream, line));
  const Json base = Json::parse(line)["base"];
  int equal = 0, refused = 0, impossible = 0;
  std::map<ft::RopeType, int> equal_of_type;
  double worst = 0;
  while (std::getline(stream, line)) {
    const Json fixture = Json::parse(line);
    const std::string text = config_of(base, fixture);
    CAPTURE(text);
    impossible += fixture.contains("error") ? 1 : 0;
    try {
      const ft::ModelConfig config = ft::parse_model_config(text, "config.json");
      REQUIRE_MESSAGE(fixture.contains("frequencies"),
                      "transformers makes no model of it: ", fixture["error"].get<std::string>());
      const double error = difference(config, fixture);
      CHECK(error < 2e-6);
      worst = std::max(worst, error);
      ++equal;
      ++equal_of_type[config.rope.type];
      // What an export without the original text would say reads back the same.
      ft::ModelConfig written = config;
      written.original_json.clear();
      CHECK(ft::parse_model_config(ft::to_config_json(written), "written").rope == config.rope);
    } catch (const ft::UserError& error) {
      ++refused;
      INFO(error.what());
      // What both versions document is not refused: only what this program names.
      const std::string why = error.what();
      const auto says = [&](const char* word) { return why.find(word) != std::string::npos; };
      CHECK((fixture.contains("error") || says("is not known for rope of type") || says("is not supported") ||
             says("contradict") || says("an object for each type of layer") || says("is null")));
    }
  }
  MESSAGE(equal, " equal, ", refused, " refused, of these ", impossible,
          " that transformers cannot read; largest difference ", worst);
  CHECK(equal >= 250);
  CHECK(refused >= impossible);
  for (const ft::RopeType type :
       {ft::RopeType::plain, ft::RopeType::linear, ft::RopeType::dynamic, ft::RopeType::yarn, ft::RopeType::llama3}) {
    CHECK(equal_of_type[type] >= 10);
  }
}
