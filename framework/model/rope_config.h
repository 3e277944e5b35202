// How a decoder's rotary positions are scaled, as config.json says it.
//
// transformers has spelled this in several ways: rope_theta beside rope_scaling {"type" or "rope_type": ...} up to
// version 4, rope_parameters with the theta inside from version 5 on. Version 5 reads all of them, and so does this:
// rope_scaling, where it is an object that is not empty, goes before rope_parameters; a rope_theta inside goes before
// one beside it. What version 5 would ignore or reads only for other families is refused by name: unknown keys, objects
// for each type of layer, two spellings that contradict each other.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace ft {

class ConfigReader;

enum class RopeType {
  plain,    // "default"
  linear,   // all frequencies divided by `factor`
  dynamic,  // as plain up to max_position; transformers changes the frequencies beyond, which is refused here
  yarn,     // Peng et al. 2023 (arXiv 2309.00071): low frequencies divided by `factor`, high ones left alone
  llama3,   // Llama 3.1: the same idea with other bounds
};

struct RopeConfig {
  RopeType type = RopeType::plain;
  double theta = 10000;
  double factor = 1;                                 // linear, dynamic, yarn, llama3
  double original_max_position = 0;                  // yarn, llama3: the length before the scaling
  double low_freq_factor = 1, high_freq_factor = 4;  // llama3
  double beta_fast = 32, beta_slow = 1;  // yarn: turns over the original length where the ramp ends and begins
  bool truncate = true;                  // yarn: the ramp's ends are whole dimensions
  double attention_factor = 1;           // yarn: cos and sin are multiplied by it

  bool operator==(const RopeConfig&) const = default;
};

// Reads every spelling; what is wrong or not supported is a problem of the reader. head_dim and max_position are the
// model's.
[[nodiscard]] RopeConfig read_rope(ConfigReader& reader, std::int64_t head_dim, std::int64_t max_position);

// The object under rope_parameters (with the theta inside) or rope_scaling (without).
[[nodiscard]] nlohmann::ordered_json to_json(const RopeConfig& rope, bool with_theta);

}  // namespace ft
