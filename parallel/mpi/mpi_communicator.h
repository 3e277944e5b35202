// The verbs over MPI, for ranks of one host or many; and the choice between this and shared memory.
//
// Messages go point to point with pointers and byte counts, cut to what an int can count, so no tensor is too large.
// Exact sums: every rank receives all contributions to its slice and adds them by reduce_tree, then the slices go
// round; the same volume as a ring. Large tensors go in chunks, so that the memory for foreign contributions stays
// bounded. Before each exchange the ranks compare 8 bytes that say what it is: ranks that disagree all get an Error
// that names both. While a rank waits it polls and yields, so that more ranks than cores make progress. Called from one
// thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "framework/comm/communicator.h"
#include "parallel/mpi/backoff.h"
#include "parallel/mpi/job_end.h"
#include "parallel/mpi/mpi_handle.h"

namespace ft {

struct MpiSettings {
  // Ranks of one host exchange through shared memory. FTRUN_SHARED_MEMORY=off in the environment turns it off.
  bool shared_memory = true;
  // Bytes of one of the two shared buffers that each rank has in each communicator.
  std::size_t window_bytes = std::size_t{1} << 20;
  // Bytes of foreign contributions that a rank holds at once where messages go over MPI.
  std::size_t chunk_bytes = std::size_t{16} << 20;
  // How often a rank that waits looks again before it gives its core away (backoff.h). MpiSession sets 0 where ranks of
  // a host share cores.
  int spins = kSpins;
  // A single rank does without MPI.
  bool solo_without_mpi = true;
};

// A communicator over the ranks of `owned`, which it frees at its end: over shared memory where all of them are on one
// host and settings allow it, else over MPI. Collective. `job` must outlive it.
[[nodiscard]] std::unique_ptr<Communicator> make_mpi_communicator(MpiHandle owned, JobEnd& job,
                                                                  const MpiSettings& settings);

class MpiCommunicator final : public Communicator {
 public:
  // Takes over `owned`. `job` must outlive this.
  MpiCommunicator(MpiHandle owned, JobEnd& job, const MpiSettings& settings);
  ~MpiCommunicator() override;

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] Pending all_reduce(Name name, at::Tensor inout, ReduceOp op, Order order) override;
  [[nodiscard]] Pending all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                   std::span<const std::int64_t> sizes) override;
  [[nodiscard]] Pending reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp op, Order order,
                                       std::span<const std::int64_t> sizes) override;
  [[nodiscard]] Pending all_to_all(Name name, at::Tensor out, const at::Tensor& in) override;
  [[nodiscard]] Pending broadcast(Name name, at::Tensor inout, int root) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  void barrier(Name name) override;
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;

 private:
  // Bytes for or from another rank.
  struct Message {
    int peer;
    std::byte* data;
    std::int64_t bytes;
  };

  // Compares what the ranks are about to do; throws Error on all of them when it differs.
  void announce(const char* verb, Name name, std::int64_t bytes);
  void exchange(Name name, const std::vector<Message>& receive, const std::vector<Message>& send);
  // all[r * bytes, ...) = `bytes` bytes of rank r.
  void gather(Name name, const void* mine, void* all, std::int64_t bytes);
  // out[0, counts[rank]) = the reduction of in + offsets[rank] over ranks, for elements of `dtype`.
  void reduce_slices(Name name, std::byte* out, std::byte* in, std::span<const std::int64_t> offsets,
                     std::span<const std::int64_t> counts, at::ScalarType dtype, ReduceOp op);
  void gather_slices(Name name, std::byte* whole, std::span<const std::int64_t> offsets,
                     std::span<const std::int64_t> counts, std::int64_t element_size);
  void all_reduce_small(Name name, const at::Tensor& inout, ReduceOp op);
  void all_reduce_fast(Name name, const at::Tensor& inout);
  // Elements of each rank's slice in one chunk.
  [[nodiscard]] std::int64_t slice_elements(std::int64_t element_size) const;

  MpiHandle handle_;
  JobEnd& job_;
  MpiSettings settings_;
  int rank_ = 0, size_ = 1;
  std::vector<std::byte> scratch_;  // foreign contributions
};

}  // namespace ft
