#include "framework/comm/checks.h"

#include <ATen/ATen.h>

#include <numeric>

namespace ft {

void check_tensor(Name name, const at::Tensor& tensor, at::DeviceType device) {
  FT_CHECK(tensor.defined(), "exchange '{}' of an undefined tensor", name);
  FT_CHECK(tensor.device().type() == device, "exchange '{}' of a tensor on {}: it works in {} memory", name,
           tensor.device().str(), device == at::kCPU ? "host" : "device");
  FT_CHECK(tensor.is_contiguous(), "exchange '{}' of a tensor that is not contiguous", name);
}

void check_reducible(Name name, const at::Tensor& tensor, at::DeviceType device) {
  check_tensor(name, tensor, device);
  const at::ScalarType dtype = tensor.scalar_type();
  FT_CHECK(dtype == at::kFloat || dtype == at::kDouble || dtype == at::kInt || dtype == at::kLong,
           "exchange '{}': tensors of {} cannot be reduced over ranks", name, c10::toString(dtype));
}

void check_shards(Name name, const at::Tensor& whole, const at::Tensor& shard, std::span<const std::int64_t> sizes,
                  int rank, int size, at::DeviceType device) {
  check_tensor(name, whole, device);
  check_tensor(name, shard, device);
  FT_CHECK(sizes.size() == static_cast<std::size_t>(size), "exchange '{}': {} shard sizes for {} ranks", name,
           sizes.size(), size);
  for (const std::int64_t of_rank : sizes) FT_CHECK(of_rank >= 0, "exchange '{}': shard size {}", name, of_rank);
  const std::int64_t sum = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  FT_CHECK(whole.numel() == sum, "exchange '{}': {} elements, but the shards have {}", name, whole.numel(), sum);
  const std::int64_t mine = sizes[static_cast<std::size_t>(rank)];
  FT_CHECK(shard.numel() == mine, "exchange '{}': rank {} has a shard of {} elements, expected {}", name, rank,
           shard.numel(), mine);
  FT_CHECK(whole.scalar_type() == shard.scalar_type(), "exchange '{}': shard of {} for a tensor of {}", name,
           c10::toString(shard.scalar_type()), c10::toString(whole.scalar_type()));
}

void check_root(Name name, int root, int size) {
  FT_CHECK(root >= 0 && root < size, "exchange '{}' from rank {} of {} ranks", name, root, size);
}

}  // namespace ft
