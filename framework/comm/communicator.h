// What ranks say to each other, in nine verbs. Every algorithm of the trainer is written against this interface and is
// told its communicator as an argument, so that it runs the same alone, among threads of a test, over MPI or NCCL.
//
// All verbs are collective: every rank of the communicator calls them in the same order with the same name, shapes and
// dtypes. Tensors must be contiguous. A verb returns when its result may be used (on a GPU: by ATen's present stream;
// the host does not wait). Sums are added by one binary tree over ranks, ((r0+r1)+(r2+r3))+..., so that the result
// depends neither on timing nor on the transport: it is what makes the weights equal, bit for bit, at any data size.
//
//   comm.all_reduce("loss of the step", loss, ReduceOp::sum);
//
// For a number of ranks that is no power of two the tree is that of a binary counter (tree_sum.h): seven ranks give
// ((r0+r1)+(r2+r3))+((r4+r5)+r6). Same bits at any data size hold for powers of two only.
//
// Errors: a wrong shape, dtype or device throws Error on the rank that has it, before anything is sent. Ranks that call
// different verbs, or names, or sizes, are an error that all of them see (transport_communicator.h), and undefined over
// NCCL. After an error in an exchange a communicator is not usable any more: let the error reach main(), which ends the
// job.
//
// What ranks agree upon in one small record: agreement.h. What they take from each other while they compute:
// shared_counter.h.
#pragma once

#include "framework/base/error.h"

#include "framework/comm/shared_counter.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace at {
class Tensor;
}

namespace ft {

enum class ReduceOp : std::uint8_t { sum, max };

// What is exchanged, in words: "gradients", "lengths of train". Feeds the hang report and every error message.
using Name = std::string_view;

class Communicator {
 public:
  virtual ~Communicator() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;

  // The host of each rank, numbered from 0 in the order of their first ranks: ranks of one host share memory.
  [[nodiscard]] virtual std::vector<int> hosts() const = 0;

  // inout [any shape] becomes the reduction over ranks. float, double, int32, int64. A maximum hands on a NaN.
  virtual void all_reduce(Name name, at::Tensor inout, ReduceOp op) = 0;

  // out (1-d, sum of sizes) = shards of all ranks, concatenated in rank order; `sizes` gives each rank's elements, the
  // same on all ranks, zeros allowed. `shard` may be the rank's own slice of `out`.
  virtual void all_gather(Name name, at::Tensor out, const at::Tensor& shard, std::span<const std::int64_t> sizes) = 0;

  // shard (sizes[rank] elements) = this rank's slice of the sum over ranks of `in` (1-d, sum of sizes). `shard` may be
  // the rank's own slice of `in`, and may not overlap it otherwise. Dtypes as for all_reduce.
  virtual void reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in,
                              std::span<const std::int64_t> sizes) = 0;

  // Host bytes of any length, one string a rank in rank order: to all ranks, or to `root` alone (nothing elsewhere).
  [[nodiscard]] virtual std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) = 0;
  [[nodiscard]] virtual std::vector<std::string> gather_bytes(Name name, std::string_view bytes, int root) = 0;

  // Rank `root`'s bytes on every rank; what the others give is not looked at.
  [[nodiscard]] virtual std::string broadcast_bytes(Name name, std::string_view bytes, int root) = 0;

  virtual void barrier(Name name) = 0;

  // Ranks with the same colour (>= 0) form a communicator, ordered by key, then by rank. Collective over all ranks.
  [[nodiscard]] virtual std::unique_ptr<Communicator> split(int colour, int key) = 0;

  // Ends all ranks of the job within seconds, with `code` as the job's exit code; may be called by one rank alone. Says
  // rank, host and `why` on stderr, once: when several ranks call it, the first one speaks. Does not return (among the
  // threads of a test it throws Error on every rank). Errors are better thrown: main() ends the job in the same way.
  [[noreturn]] virtual void abort(std::string_view why, ExitCode code = ExitCode::failure) = 0;

  // A counter that begins at 0 (shared_counter.h); it must go before the next one is made, and before this. Collective.
  [[nodiscard]] virtual std::unique_ptr<SharedCounter> make_counter(Name name) = 0;
};

// For control decisions; each is one exchange. Collective.
[[nodiscard]] std::int64_t sum_over_ranks(Communicator& comm, Name name, std::int64_t value);
[[nodiscard]] bool any_rank(Communicator& comm, Name name, bool value);
// Throws Error naming the ranks that differ from rank 0 when not all ranks give the same bytes. All ranks throw the
// same message: the text around the first difference of rank 0 and of the first rank that differs (how many bytes they
// are, for what is no text). Digests are compared; the bytes themselves travel only where they differ.
void check_same(Communicator& comm, Name name, std::string_view bytes);

}  // namespace ft
