// Reads members of config.json with their types checked, and gathers what is wrong or not supported, so that one run
// tells all of it. A member that is null counts as absent, as in transformers.
//
//   ConfigReader reader(json, "config.json");
//   config.vocab_size = reader.integer("vocab_size");
//   reader.finish();                                 // throws UserError with every problem
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ft {

class ConfigReader {
 public:
  using Json = nlohmann::ordered_json;

  // `json` is an object and outlives the reader; `prefix` stands before keys in messages ("rope_scaling.").
  ConfigReader(const Json& json, std::string file, std::string prefix = "");

  [[nodiscard]] bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }
  [[nodiscard]] bool is_null(const char* key) const { return json_.contains(key) && json_[key].is_null(); }
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] const std::string& file() const { return file_; }

  // Where the key is absent, `otherwise`; without one that is a problem. Sizes are from 1 to 2^31, numbers positive.
  std::int64_t integer(const char* key, std::optional<std::int64_t> otherwise = std::nullopt);
  double number(const char* key, std::optional<double> otherwise = std::nullopt);
  bool flag(const char* key, bool otherwise);
  std::string text(const char* key, const std::string& otherwise);
  [[nodiscard]] Json object(const char* key);  // an empty one where absent

  void problem(std::string what) { problems_.push_back(std::move(what)); }
  void take(const ConfigReader& other) {
    problems_.insert(problems_.end(), other.problems_.begin(), other.problems_.end());
  }
  void finish() const;

 private:
  void wrong_type(const char* key, const char* expected);

  const Json& json_;
  std::string file_, prefix_;
  std::vector<std::string> problems_;
};

}  // namespace ft
