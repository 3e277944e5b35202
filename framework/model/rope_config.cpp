#include "framework/model/rope_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/model/config_reader.h"

namespace ft {
namespace {

using Json = ConfigReader::Json;

struct TypeEntry {
  const char* name;
  RopeType type;
  std::vector<std::string_view> keys;  // besides those of every type
};

const std::vector<TypeEntry>& known_types() {
  static const std::vector<TypeEntry> types = {
      {"default", RopeType::plain, {}},
      {"linear", RopeType::linear, {"factor"}},
      {"dynamic", RopeType::dynamic, {"factor"}},
      {"yarn",
       RopeType::yarn,
       {"factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow", "mscale",
        "mscale_all_dim", "truncate"}},
      {"llama3",
       RopeType::llama3,
       {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}}};
  return types;
}

constexpr std::array<std::string_view, 4> kCommonKeys = {"rope_type", "type", "rope_theta", "partial_rotary_factor"};

// One spelling: the object `json` under `key`, beside what stands at the top of config.json.
class RopeReader {
 public:
  RopeReader(ConfigReader& top, const Json& json, const std::string& key, std::int64_t head_dim,
             std::int64_t max_position)
      : top_(top),
        key_(key),
        rope_(json, top.file(), key.empty() ? "" : key + "."),
        head_dim_(head_dim),
        max_position_(max_position) {}

  RopeConfig read() {
    if (rope_.is_null("rope_theta") || (!rope_.has("rope_theta") && top_.is_null("rope_theta"))) {
      rope_.problem("rope_theta is null; leave it out for 10000");
    }
    config_.theta = rope_.has("rope_theta") ? rope_.number("rope_theta") : top_.number("rope_theta", 10000);
    if (rope_.number("partial_rotary_factor", top_.number("partial_rotary_factor", 1.0)) != 1.0) {
      rope_.problem("partial_rotary_factor other than 1 is not supported");
    }
    const std::vector<std::string> nested = objects();
    if (nested.empty()) {
      read_type();
    } else {
      rope_.problem(
          fmt::format("{} has an object for each type of layer ({}), which is not supported; one for all layers is",
                      key_, fmt::join(nested, ", ")));
    }
    top_.take(rope_);
    return config_;
  }

 private:
  std::vector<std::string> objects() const {
    std::vector<std::string> keys;
    for (const auto& [key, value] : rope_.json().items()) {
      if (value.is_object()) keys.push_back(key);
    }
    return keys;
  }

  void read_type() {
    if (rope_.is_null("rope_type")) rope_.problem(key_ + ": rope_type is null; leave it out for 'default'");
    const std::string name = rope_.text("rope_type", rope_.text("type", "default"));
    if (rope_.text("type", name) != name) {
      rope_.problem(fmt::format(
          "{}: rope_type and type contradict each other (versions 4 and 5 of transformers differ); remove one of them",
          key_));
    }
    const auto found = std::ranges::find(known_types(), std::string_view(name),
                                         [](const TypeEntry& entry) { return std::string_view(entry.name); });
    if (found == known_types().end()) {
      std::vector<std::string> names;
      for (const TypeEntry& entry : known_types()) names.emplace_back(entry.name);
      rope_.problem(fmt::format("rope scaling of type '{}' is not supported ({} are)", name, fmt::join(names, ", ")));
      return;
    }
    config_.type = found->type;
    for (const auto& [key, value] : rope_.json().items()) {
      const auto is_it = [&key = key](std::string_view known) { return key == known; };
      if (std::ranges::any_of(kCommonKeys, is_it) || std::ranges::any_of(found->keys, is_it)) continue;
      std::string known = fmt::format("{}", fmt::join(found->keys, ", "));
      rope_.problem(fmt::format("{}: the key '{}' is not known for rope of type '{}'{}", key_, key, name,
                                known.empty() ? "" : " (known: " + known + ")"));
    }
    read_scaling();
  }

  void read_scaling() {
    switch (config_.type) {
      case RopeType::plain:
        break;
      case RopeType::linear:
        config_.factor = rope_.number("factor");
        break;
      case RopeType::dynamic:
        config_.factor = rope_.number("factor");
        if (head_dim_ <= 2) rope_.problem("dynamic rope scaling needs a head_dim above 2");
        break;
      case RopeType::yarn:
        read_yarn();
        break;
      case RopeType::llama3:
        config_.factor = rope_.number("factor");
        config_.low_freq_factor = rope_.number("low_freq_factor");
        config_.high_freq_factor = rope_.number("high_freq_factor");
        config_.original_max_position = original_max_position();
        if (config_.high_freq_factor <= config_.low_freq_factor) {
          rope_.problem("rope scaling needs high_freq_factor > low_freq_factor");
        }
        break;
    }
  }

  // A value at the top of config.json goes first (Phi-3 has it there); without any, it is the model's longest sequence.
  double original_max_position() {
    constexpr const char* kKey = "original_max_position_embeddings";
    if (top_.is_null(kKey) || rope_.is_null(kKey)) rope_.problem(std::string(kKey) + " is null");
    if (top_.has(kKey)) {
      const double value = top_.number(kKey);
      if (rope_.has(kKey) && rope_.number(kKey) != value) {
        rope_.problem(fmt::format(
            "{} inside of {} and beside it contradict each other (versions 4 and 5 of transformers differ); "
            "remove one of them",
            kKey, key_));
      }
      return value;
    }
    return rope_.number(kKey, static_cast<double>(max_position_));
  }

  // Zero means "not given", as it does there.
  double optional_number(const char* key, double otherwise) {
    if (rope_.has(key) && rope_.json()[key].is_number() && rope_.json()[key].get<double>() == 0) return otherwise;
    return rope_.number(key, otherwise);
  }

  void read_yarn() {
    config_.original_max_position = original_max_position();
    if (!rope_.json().contains("factor")) rope_.problem(fmt::format("'{}.factor' is missing", key_));
    config_.factor = rope_.number("factor", static_cast<double>(max_position_) / config_.original_max_position);
    config_.beta_fast = optional_number("beta_fast", 32);
    config_.beta_slow = optional_number("beta_slow", 1);
    if (rope_.is_null("truncate")) rope_.problem(key_ + ".truncate is null; it is true or false");
    config_.truncate = rope_.flag("truncate", true);
    const double mscale = optional_number("mscale", 0), mscale_all = optional_number("mscale_all_dim", 0);
    const auto scale = [this](double m) {
      return config_.factor <= 1 ? 1.0 : 0.1 * m * std::log(config_.factor) + 1.0;
    };
    const double usual = mscale > 0 && mscale_all > 0 ? scale(mscale) / scale(mscale_all) : scale(1);
    config_.attention_factor = rope_.number("attention_factor", usual);
    if (config_.theta == 1) rope_.problem("yarn needs a rope_theta other than 1");
  }

  ConfigReader& top_;
  std::string key_;
  ConfigReader rope_;
  std::int64_t head_dim_, max_position_;
  RopeConfig config_;
};

}  // namespace

RopeConfig read_rope(ConfigReader& reader, std::int64_t head_dim, std::int64_t max_position) {
  const Json scaling = reader.object("rope_scaling"), parameters = reader.object("rope_parameters");
  const auto read = [&](const Json& json, const char* key) {
    return RopeReader(reader, json, key, head_dim, max_position).read();
  };
  if (scaling.empty()) return read(parameters, "rope_parameters");
  RopeConfig config = read(scaling, "rope_scaling");
  if (!parameters.empty() && read(parameters, "rope_parameters") != config) {
    reader.problem(
        "rope_scaling and rope_parameters contradict each other (transformers takes rope_scaling); remove one of them");
  }
  return config;
}

nlohmann::ordered_json to_json(const RopeConfig& rope, bool with_theta) {
  const auto entry = std::ranges::find(known_types(), rope.type, &TypeEntry::type);
  const std::vector<std::pair<std::string_view, Json>> values = {
      {"factor", rope.factor},
      {"original_max_position_embeddings", static_cast<std::int64_t>(rope.original_max_position)},
      {"low_freq_factor", rope.low_freq_factor},
      {"high_freq_factor", rope.high_freq_factor},
      {"beta_fast", rope.beta_fast},
      {"beta_slow", rope.beta_slow},
      {"truncate", rope.truncate},
      {"attention_factor", rope.attention_factor}};
  Json json = Json::object();
  if (with_theta) json["rope_theta"] = rope.theta;
  json["rope_type"] = entry->name;
  for (const auto& [key, value] : values) {
    if (std::ranges::find(entry->keys, key) != entry->keys.end()) json[std::string(key)] = value;
  }
  return json;
}

}  // namespace ft
