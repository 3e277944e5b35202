// The weights of a Hugging Face folder for ranks that hold the same slices: each reads some parameters and has the others
// from its neighbours, so that the folder's bytes are read once, not once a rank.
//
//   const auto shares = parameter_shares(model.parameters(), data.size());
//   stage.together("weights", [&] { load_share(model, folder, shares, data.rank()); });
//   data.all_gather("weights of the model", flat, flat.narrow(0, begin, shares[rank]), shares);
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "framework/model/decoder.h"

namespace ft {

// Cuts the flat buffer between parameters into `num_ranks` contiguous runs of about equal size, some maybe empty; elements
// of each (sum = size()).
[[nodiscard]] std::vector<std::int64_t> parameter_shares(const ParameterSet& parameters, int num_ranks);

// As load_hugging_face(), of the parameters in run `rank` of `shares`; all tensors are checked by name and shape. Local.
void load_share(Decoder& model, const std::filesystem::path& folder, const std::vector<std::int64_t>& shares, int rank);

// Where run `rank` begins.
[[nodiscard]] std::int64_t begin_of_share(const std::vector<std::int64_t>& shares, int rank);

}  // namespace ft
