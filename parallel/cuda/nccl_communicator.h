// The verbs over NCCL, for tensors in device memory; everything in host memory goes to the communicator beside it.
//
// A verb works where its tensor is: gradients and weights on a GPU go over NCCL, the numbers of control decisions in
// host memory over MPI or shared memory, as do bytes and barriers. All ranks hold the same kind of tensor in the same
// exchange.
//
// Exchanges run on a stream of their own, which follows ATen's; ATen's stream is held behind it. The host never waits for
// the device here.
//
// Sums are those of tree_sum.h, so the same bits as over MPI and in shared memory: the GPUs of a host send each other
// their parts, add them as far as the tree over ranks allows (comm/host_layout.h), and one of them sends the sum to the
// owner's host. Large tensors go in chunks, which bounds the memory for foreign contributions. What goes to all ranks is
// left to NCCL, whose rings cross between hosts once.
//
// A rank that finds an error or waits for too long aborts its part and throws Error from the next call (nccl_link.h).
//
//   auto comm = make_nccl_communicator(mpi_world, backend);
#pragma once

#include <memory>
#include <vector>

#include "framework/comm/communicator.h"
#include "framework/comm/host_layout.h"
#include "parallel/cuda/nccl_link.h"
#include "parallel/cuda/side_stream.h"

namespace ft {

// A device and the ways to it.
struct NcclBackend {
  at::DeviceType device = at::kCUDA;  // tensors of this type go over NCCL
  NcclApi api = {};
  std::function<std::unique_ptr<SideStream>()> make_stream;
};

struct NcclSettings {
  NcclLimits limits;
  std::size_t chunk_bytes = std::size_t{64} << 20;   // foreign contributions that a rank holds at once
  std::size_t small_bytes = std::size_t{256} << 10;  // up to this much from all ranks together: one exchange, not two
};

// Collective over `host`, which must outlive the result and carries NCCL's start. Throws the same Error on every rank
// when one of them cannot start.
[[nodiscard]] std::unique_ptr<Communicator> make_nccl_communicator(Communicator& host,
                                                                   std::shared_ptr<const NcclBackend> backend,
                                                                   const NcclSettings& settings = {});

class NcclCommunicator final : public Communicator {
 public:
  NcclCommunicator(Communicator& host, std::unique_ptr<Communicator> owned_host,
                   std::shared_ptr<const NcclBackend> backend, const NcclSettings& settings);

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  [[nodiscard]] std::vector<int> hosts() const override { return host_.hosts(); }
  void all_reduce(Name name, at::Tensor inout, ReduceOp op) override;
  void all_gather(Name name, at::Tensor out, const at::Tensor& shard, std::span<const std::int64_t> sizes) override;
  void reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, std::span<const std::int64_t> sizes) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  [[nodiscard]] std::vector<std::string> gather_bytes(Name name, std::string_view bytes, int root) override;
  [[nodiscard]] std::string broadcast_bytes(Name name, std::string_view bytes, int root) override;
  void barrier(Name name) override;
  [[nodiscard]] std::unique_ptr<SharedCounter> make_counter(Name name) override;
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;

 private:
  using Sizes = std::span<const std::int64_t>;
  struct Message {
    bool is_sent;  // or received
    int peer;
    at::Tensor data;
  };

  [[nodiscard]] bool elsewhere(const at::Tensor& tensor) const { return tensor.device().type() != backend_->device; }
  // Runs `enqueue`, which gives work to the side stream, and lets ATen's stream go on behind it.
  void exchange(Name name, const std::function<void()>& enqueue);
  // The pieces of the verbs; all give work to the side stream and return at once.
  void gather_slices(Name name, const at::Tensor& whole, const at::Tensor& own, Sizes sizes);
  // `out` (sizes[rank]) = this rank's slice of the reduction of `in`, by the tree.
  void reduce_slices(Name name, const at::Tensor& out, const at::Tensor& in, ReduceOp op, Sizes sizes);
  void reduce_chunk(Name name, const at::Tensor& out, const std::vector<at::Tensor>& slices, ReduceOp op);
  void exchange_messages(Name name, const std::vector<Message>& messages);  // in one launch
  void all_reduce_small(Name name, const at::Tensor& inout, ReduceOp op);

  std::unique_ptr<Communicator> owned_host_;  // of a split
  Communicator& host_;
  std::shared_ptr<const NcclBackend> backend_;
  NcclSettings settings_;
  int rank_, size_;
  HostLayout layout_;
  std::unique_ptr<SideStream> stream_;
  std::shared_ptr<NcclLink> link_;
};

}  // namespace ft
