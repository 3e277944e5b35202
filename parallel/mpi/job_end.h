// How all ranks of a job end together: which one speaks, and with which exit code.
//
// The ranks of one host share a few bytes in which the first rank that fails leaves its number. Ranks that wait for it
// over shared memory look there and throw PeerFailure, so that they too come to the end at once. At the end all ranks
// tell each other how it went: when all have come, one of them speaks and MPI ends in order; when the others do not
// come within the grace (they hang in an exchange over the network), MPI_Abort ends them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"
#include "parallel/mpi/mpi_handle.h"
#include "parallel/mpi/shared_segment.h"

namespace ft {

// Thrown by a rank that waits for another one which has failed. Not the cause: never the message that the user sees.
class PeerFailure : public Error {
  using Error::Error;
};

class JobEnd {
 public:
  // Collective over world, which stays open until MPI ends.
  explicit JobEnd(MpiHandle world);
  ~JobEnd();
  JobEnd(const JobEnd&) = delete;
  JobEnd& operator=(const JobEnd&) = delete;

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] int local_rank() const { return local_rank_; }
  [[nodiscard]] int local_size() const { return local_size_; }
  [[nodiscard]] const std::string& host() const { return host_; }

  // Throws PeerFailure when a rank of this host has failed. Cheap: one load.
  void check_peers() const;

  // Speaks (unless another rank of this host has spoken before) and ends all ranks by MPI_Abort.
  [[noreturn]] void abort(std::string_view why, ExitCode code);

  enum class Outcome : int { done, failed, peer_failed };
  // The last call of every rank. `why`: the message where failed. Returns the exit code of the job, the same on all
  // ranks, when all have come; the message of the first that failed has then been printed once. Where the others do not
  // come to a failed rank within the grace, speaks and ends the job by MPI_Abort.
  [[nodiscard]] ExitCode agree(Outcome outcome, ExitCode code, std::string_view why);

 private:
  struct Block;   // what the ranks of one host share
  struct Report;  // what a rank tells at the end

  // True for the first rank of this host that fails.
  bool claim();
  [[nodiscard]] ExitCode conclude(const std::vector<Report>& reports, std::string_view why) const;
  void speak(std::string_view why, bool all_alike) const;

  MpiHandle world_, control_;
  int rank_ = 0, size_ = 1, local_rank_ = 0, local_size_ = 1;
  std::string host_;
  std::unique_ptr<SharedSegment> segment_;
  std::unique_ptr<Block> own_block_;  // where the host gives no shared memory
  Block* block_ = nullptr;
};

}  // namespace ft
