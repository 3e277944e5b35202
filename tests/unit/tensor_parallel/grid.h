// A model on a grid of data x tensor ranks, and its values in logical coordinates: what the tests of this room share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "framework/comm/groups.h"
#include "framework/model/decoder.h"
#include "framework/tensor/slices.h"
#include "parallel/tensor/factory.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"
#include "tests/support/tiny_model.h"

namespace ft::testing {

struct Grid {
  int data = 1, tensor = 1;
  [[nodiscard]] int ranks() const { return data * tensor; }
};

// The decoder of this rank: dense where the tensor axis has one rank.
struct SplitModel {
  std::unique_ptr<LayerFactory> factory;
  Decoder decoder;
  SplitModel(const ModelConfig& config, Communicator& tensor, std::uint64_t seed)
      : factory(tensor.size() == 1 ? make_dense_factory() : make_tensor_parallel_factory(tensor)),
        decoder(config, *factory) {
    initialise(decoder, seed);
    // Norms and biases are alike for all elements in a fresh model: here they differ, in logical coordinates.
    const at::NoGradGuard no_grad;
    for (const Parameter& parameter : decoder.parameters().all()) {
      if (parameter.shape.size() != 1) continue;
      const std::int64_t begin = parameter.shard.dim == 0 ? parameter.shard.begin : 0;
      at::Tensor(parameter.value).add_(at::arange(begin, begin + parameter.num_local()).mul(1.7).sin().mul(0.3));
    }
  }
};

using Values = std::map<std::string, at::Tensor>;  // by parameter name, in its logical shape

// Collective over `tensor`: every parameter's part of `flat` ([parameters.size()]), put together. Checks that every
// element is given, and with the same bits wherever several ranks hold it.
inline Values gather_whole(const ParameterSet& parameters, const at::Tensor& flat, Communicator& tensor) {
  const auto slices = read_slices(parameters, tensor.all_gather_bytes("slices", describe_slices(parameters)));
  std::vector<std::int64_t> sizes;
  std::int64_t total = 0;
  for (const std::string& text : tensor.all_gather_bytes("sizes", std::to_string(flat.size(0)))) {
    sizes.push_back(std::stoll(text));
    total += sizes.back();
  }
  const at::Tensor all = at::empty({total});
  tensor.all_gather("values", all, flat, sizes);
  Values values;
  std::int64_t offset = 0;
  for (const auto& of_rank : slices) {
    for (std::size_t p = 0; p < of_rank.size(); ++p) {
      Parameter parameter = parameters.all()[p];
      parameter.shard = of_rank[p];
      at::Tensor& whole = values.try_emplace(parameter.name, at::full(parameter.shape, NAN)).first->second;
      const at::Tensor part = all.narrow(0, offset, parameter.num_local()).view(parameter.local_shape());
      const ShardSpec& shard = parameter.shard;
      const at::Tensor place = shard.dim < 0 ? whole : whole.narrow(shard.dim, shard.begin, shard.end - shard.begin);
      CHECK_MESSAGE((place.isnan().all().item<bool>() || place.equal(part)), parameter.name, " differs between ranks");
      place.copy_(part);
      offset += parameter.num_local();
    }
  }
  for (const auto& [name, value] : values) CHECK_MESSAGE(!value.isnan().any().item<bool>(), name, " is incomplete");
  return values;
}

// Largest difference as a fraction of the largest value.
inline double relative_error(const at::Tensor& expected, const at::Tensor& got) {
  return ((got - expected).abs().max() / expected.abs().max().clamp_min(1e-12)).item<double>();
}

// Runs body on each rank of the grid.
inline void run_grid(Grid grid, const std::function<void(Groups)>& body) {
  run_ranks(grid.ranks(), [&](Communicator& world) {
    const GroupSet groups(world, {.ranks = grid.ranks(), .tensor = grid.tensor});
    body(groups.view());
  });
}

}  // namespace ft::testing
