// How much of a model's forward training computes again in its backward instead of keeping it: time for memory, with the
// same bits (model/recompute.h).
//
//   parse_recompute("layers") -> {1}        to_string -> "layers"
//   parse_recompute("4")      -> {4}        to_string -> "4"
#pragma once

#include <string>
#include <string_view>

namespace ft {

struct Recompute {
  int layers = 0;  // computed again at a time; 0: nothing is
  friend bool operator==(const Recompute&, const Recompute&) = default;
};

// "none", "layers" (one layer at a time), or a whole number of layers from 2 on. Throws UnitError (base/units.h) saying
// what to write.
[[nodiscard]] Recompute parse_recompute(std::string_view text);
[[nodiscard]] std::string to_string(const Recompute& recompute);

}  // namespace ft
