// What every communicator checks before it sends anything, so that a mistake is one message that names the exchange,
// not a hang or foreign bytes. For implementers of Communicator. All throw Error.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "framework/comm/communicator.h"

namespace ft {

// A defined, contiguous tensor in host memory, or in the memory of another kind of device.
void check_tensor(Name name, const at::Tensor& tensor, at::DeviceType device);

// Such a tensor of a dtype that can be reduced: float, double, int32, int64.
void check_reducible(Name name, const at::Tensor& tensor, at::DeviceType device = at::kCPU);

// `whole` (sum of sizes) and `shard` (sizes[rank]) of an all_gather or reduce_scatter over `size` ranks.
void check_shards(Name name, const at::Tensor& whole, const at::Tensor& shard, std::span<const std::int64_t> sizes,
                  int rank, int size, at::DeviceType device = at::kCPU);

void check_root(Name name, int root, int size);

}  // namespace ft
