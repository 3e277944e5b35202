// The verbs among ranks that see each other's memory: processes of one host over a shared window, or threads of one
// test.
//
// Each rank has two buffers of bounded size that all others can read. Every verb is a series of rounds: fill one's own
// buffer, meet the others, read from theirs; rounds alternate between the two buffers, so that one meeting a round is
// enough (whoever fills a buffer again has met everybody since they read it). Sums are formed straight from the others'
// buffers, each rank its own slice, in the order of reduce_tree; so nothing is copied twice and `fast` is no faster
// than `exact`. Each buffer also says which exchange it belongs to: ranks that disagree all get an Error that names
// both.
//
// Where memory and meeting come from is the part that differs: SharedBuffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "framework/comm/communicator.h"

namespace ft {

class SharedBuffers {
 public:
  virtual ~SharedBuffers() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;

  // Bytes of one buffer, a multiple of 64, at least 1024; the same on all ranks.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
  // Buffer `which` (0 or 1) of `rank`, 64-byte aligned. Only its owner writes to it.
  [[nodiscard]] virtual std::byte* buffer(int rank, int which) const = 0;

  // Returns when all ranks have called it; what they wrote before is visible after. Throws Error when a rank has
  // failed.
  virtual void meet() = 0;

  // As Communicator::split and Communicator::abort.
  [[nodiscard]] virtual std::unique_ptr<SharedBuffers> split(int colour, int key) = 0;
  [[noreturn]] virtual void abort(std::string_view why, ExitCode code) = 0;
};

class SharedMemoryCommunicator final : public Communicator {
 public:
  explicit SharedMemoryCommunicator(std::unique_ptr<SharedBuffers> buffers);

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
  // What a rank does, as written at the head of its buffer.
  struct Note;
  // The exchange of the moment, for notes and messages.
  struct Exchange {
    const char* verb;
    Name name;
    std::int64_t bytes;
  };

  // One round: fill(payload), meet, read(). fill writes to this rank's payload, read sees all payloads by
  // payload(rank).
  template <class Fill, class Read>
  void round(const Exchange& exchange, Fill fill, Read read);
  void write_note(const Exchange& exchange);
  void compare_notes() const;
  [[nodiscard]] std::byte* payload(int rank) const;
  [[nodiscard]] std::size_t payload_bytes() const;
  // Elements of `element_size` bytes for each of the ranks in one payload, a multiple of 16.
  [[nodiscard]] std::int64_t slice_elements(std::int64_t element_size) const;
  void all_reduce_small(const Exchange& exchange, const at::Tensor& inout, ReduceOp op);
  void all_reduce_chunk(const Exchange& exchange, std::byte* data, std::int64_t count, at::ScalarType dtype,
                        std::int64_t element_size, ReduceOp op);

  std::unique_ptr<SharedBuffers> buffers_;
  int rank_, size_;
  int which_ = 0;             // the buffer of the present round
  std::uint64_t rounds_ = 0;  // since the start
};

}  // namespace ft
