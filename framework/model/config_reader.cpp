#include "framework/model/config_reader.h"

#include <fmt/format.h>

#include <cmath>

#include "framework/base/error.h"

namespace ft {

ConfigReader::ConfigReader(const Json& json, std::string file, std::string prefix)
    : json_(json), file_(std::move(file)), prefix_(std::move(prefix)) {}

void ConfigReader::wrong_type(const char* key, const char* expected) {
  problem(fmt::format("'{}{}' must be {}, not {}", prefix_, key, expected,
                      json_[key].dump(-1, ' ', true, Json::error_handler_t::replace)));
}

std::int64_t ConfigReader::integer(const char* key, std::optional<std::int64_t> otherwise) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 31;  // far beyond any model, and products do not overflow
  if (!has(key)) return otherwise ? *otherwise : (problem(fmt::format("'{}{}' is missing", prefix_, key)), 1);
  const Json& value = json_[key];
  if (!value.is_number_integer() || value.get<double>() < 1 || value.get<double>() > kLargest) {
    wrong_type(key, fmt::format("a whole number from 1 to {}", kLargest).c_str());
    return 1;
  }
  return value.get<std::int64_t>();
}

double ConfigReader::number(const char* key, std::optional<double> otherwise) {
  if (!has(key)) return otherwise ? *otherwise : (problem(fmt::format("'{}{}' is missing", prefix_, key)), 1.0);
  const Json& value = json_[key];
  if (!value.is_number() || !(value.get<double>() > 0) || !std::isfinite(value.get<double>())) {
    wrong_type(key, "a positive number");
    return 1;
  }
  return value.get<double>();
}

bool ConfigReader::flag(const char* key, bool otherwise) {
  if (!has(key)) return otherwise;
  if (!json_[key].is_boolean()) wrong_type(key, "true or false");
  return json_[key].is_boolean() && json_[key].get<bool>();
}

std::string ConfigReader::text(const char* key, const std::string& otherwise) {
  if (!has(key)) return otherwise;
  if (!json_[key].is_string()) wrong_type(key, "a string");
  return json_[key].is_string() ? json_[key].get<std::string>() : otherwise;
}

ConfigReader::Json ConfigReader::object(const char* key) {
  if (!has(key)) return Json::object();
  if (!json_[key].is_object()) wrong_type(key, "an object");
  return json_[key].is_object() ? json_[key] : Json::object();
}

void ConfigReader::finish() const {
  if (!problems_.empty()) fail_user({file_}, fmt::format("this model cannot be used: {}", fmt::join(problems_, "; ")));
}

}  // namespace ft
