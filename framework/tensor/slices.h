// Which rank of a tensor group speaks for a slice: where several ranks hold the same one (norms; key and value heads
// where the axis is wider than they are many), the lowest of them counts it in the norm and writes it into checkpoints.
//
//   auto texts = tensor.all_gather_bytes("slices of the parameters", describe_slices(parameters));
//   std::vector<bool> mine = first_holders(parameters, texts, tensor.rank());
#pragma once

#include <span>
#include <string>
#include <vector>

#include "framework/tensor/parameter.h"

namespace ft {

// One line a parameter: which slice of it this rank holds.
[[nodiscard]] std::string describe_slices(const ParameterSet& parameters);

// For each parameter: is `rank` the lowest one that holds this slice? descriptions[r] = describe_slices of rank r.
// Throws Error when the ranks' parameters are not the same ones in the same order.
[[nodiscard]] std::vector<bool> first_holders(const ParameterSet& parameters, std::span<const std::string> descriptions,
                                              int rank);

// Slices of all ranks: [rank][parameter], from descriptions.
[[nodiscard]] std::vector<std::vector<ShardSpec>> read_slices(const ParameterSet& parameters,
                                                              std::span<const std::string> descriptions);

}  // namespace ft
