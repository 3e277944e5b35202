#include "framework/comm/solo_communicator.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstdio>
#include <cstdlib>

#include "framework/comm/checks.h"

namespace ft {
namespace {

// `to` becomes `from`, which may be the same memory.
void copy_flat(const at::Tensor& to, const at::Tensor& from) {
  if (to.data_ptr() == from.data_ptr()) return;
  const at::NoGradGuard no_grad;
  to.view(-1).copy_(from.view(-1));
}

// Alone there is nothing to wait for, and device memory is as good as host memory.
void check_contiguous(Name name, const at::Tensor& tensor) {
  FT_CHECK(tensor.defined() && tensor.is_contiguous(), "exchange '{}' of a tensor that is not contiguous", name);
}

void check_alone(Name name, const at::Tensor& whole, const at::Tensor& shard, std::span<const std::int64_t> sizes) {
  check_contiguous(name, whole);
  check_contiguous(name, shard);
  FT_CHECK(sizes.size() == 1 && sizes[0] == whole.numel() && sizes[0] == shard.numel() &&
               whole.scalar_type() == shard.scalar_type(),
           "exchange '{}' of one rank: its shard must be the whole", name);
}

}  // namespace

Pending SoloCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp, Order) {
  check_contiguous(name, inout);
  return {};
}

Pending SoloCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                     std::span<const std::int64_t> sizes) {
  check_alone(name, out, shard, sizes);
  copy_flat(out, shard);
  return {};
}

Pending SoloCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp, Order,
                                         std::span<const std::int64_t> sizes) {
  check_alone(name, in, shard, sizes);
  copy_flat(shard, in);
  return {};
}

Pending SoloCommunicator::all_to_all(Name name, at::Tensor out, const at::Tensor& in) {
  check_contiguous(name, in);
  check_contiguous(name, out);
  FT_CHECK(in.dim() >= 1 && in.size(0) == 1 && in.sizes() == out.sizes() && in.scalar_type() == out.scalar_type(),
           "exchange '{}' of one rank: what is sent and what is received must be [1, n]", name);
  copy_flat(out, in);
  return {};
}

Pending SoloCommunicator::broadcast(Name name, at::Tensor inout, int root) {
  check_contiguous(name, inout);
  check_root(name, root, 1);
  return {};
}

std::vector<std::string> SoloCommunicator::all_gather_bytes(Name, std::string_view bytes) {
  return {std::string(bytes)};
}

void SoloCommunicator::barrier(Name) {}

std::unique_ptr<Communicator> SoloCommunicator::split(int, int) { return std::make_unique<SoloCommunicator>(); }

void SoloCommunicator::abort(std::string_view why, ExitCode code) {
  std::fflush(stdout);
  std::fprintf(stderr, "ftrun: %.*s\n", static_cast<int>(why.size()), why.data());
  std::_Exit(static_cast<int>(code));
}

}  // namespace ft
