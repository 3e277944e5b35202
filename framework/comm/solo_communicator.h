// One process alone: every verb is a copy or nothing. What `ftrun` uses when it was not started by an MPI launcher, and
// the communicator of an axis of size 1.
#pragma once

#include "framework/comm/communicator.h"

namespace ft {

class SoloCommunicator final : public Communicator {
 public:
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] int size() const override { return 1; }
  [[nodiscard]] std::vector<int> hosts() const override { return {0}; }
  void all_reduce(Name name, at::Tensor inout, ReduceOp op) override;
  void all_gather(Name name, at::Tensor out, const at::Tensor& shard, std::span<const std::int64_t> sizes) override;
  void reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, std::span<const std::int64_t> sizes) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  [[nodiscard]] std::vector<std::string> gather_bytes(Name name, std::string_view bytes, int root) override;
  [[nodiscard]] std::string broadcast_bytes(Name name, std::string_view bytes, int root) override;
  void barrier(Name name) override;
  [[nodiscard]] std::unique_ptr<SharedCounter> make_counter(Name name) override;
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  // Says `why` on stderr and ends the process with `code`.
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;
};

}  // namespace ft
