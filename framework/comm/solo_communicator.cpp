#include "framework/comm/solo_communicator.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

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

class SoloCounter final : public SharedCounter {
 public:
  std::int64_t take(std::int64_t count) override { return std::exchange(number_, number_ + count); }
  void serve() override {}
  std::int64_t taken() const override { return number_; }
  void finish() override {}

 private:
  std::int64_t number_ = 0;
};

}  // namespace

void SoloCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp) { check_contiguous(name, inout); }

void SoloCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                  std::span<const std::int64_t> sizes) {
  check_alone(name, out, shard, sizes);
  copy_flat(out, shard);
}

void SoloCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in,
                                      std::span<const std::int64_t> sizes) {
  check_alone(name, in, shard, sizes);
  copy_flat(shard, in);
}

std::vector<std::string> SoloCommunicator::all_gather_bytes(Name, std::string_view bytes) {
  return {std::string(bytes)};
}

std::vector<std::string> SoloCommunicator::gather_bytes(Name name, std::string_view bytes, int root) {
  check_root(name, root, 1);
  return {std::string(bytes)};
}

std::string SoloCommunicator::broadcast_bytes(Name name, std::string_view bytes, int root) {
  check_root(name, root, 1);
  return std::string(bytes);
}

void SoloCommunicator::barrier(Name) {}

std::unique_ptr<SharedCounter> SoloCommunicator::make_counter(Name) { return std::make_unique<SoloCounter>(); }

std::unique_ptr<Communicator> SoloCommunicator::split(int, int) { return std::make_unique<SoloCommunicator>(); }

void SoloCommunicator::abort(std::string_view why, ExitCode code) {
  std::fflush(stdout);
  std::fprintf(stderr, "ftrun: %.*s\n", static_cast<int>(why.size()), why.data());
  std::_Exit(static_cast<int>(code));
}

}  // namespace ft
