// What matrix products with weights are computed from, as training, sampling and scoring ask for it.
#pragma once

#include <array>
#include <string_view>

namespace ft {

enum class Compute { float32, bfloat16 };
constexpr auto names_of(Compute) { return std::to_array<std::string_view>({"float32", "bfloat16"}); }

}  // namespace ft
