// The beginning and the end of a job of many ranks. The one object of a process that starts and ends MPI; main() makes
// it, and everything else is told its communicators.
//
//   int main(int argc, char** argv) {
//     return ft::run_mpi_session([&](ft::MpiSession& session) {
//       const Plan plan = read_run_file(argv[1]);                 // throws UserError, the same on all ranks
//       const GroupSet groups(session.world(), make_topology(session.world().size(), plan.tensor, plan.place));
//       run(plan, groups.view());                                 // may throw Error on one rank, StopRequested on all
//       return ExitCode::done;
//     });
//   }
//
// What becomes of exceptions that leave the body:
// - all ranks throw the same (a bad run file): one line on stderr, MPI ends in order, exit code 2 (UserError), 75
//   (StopRequested) or 1 (all others) from every rank;
// - some ranks throw: the others, waiting in an exchange over shared memory, are woken and come to the end too; the
//   first rank that failed speaks ("ftrun: rank 3 of 8 on node7: disk full"), MPI ends in order;
// - the others do not come within 2 seconds (they wait for the network, or compute): the failed rank speaks and
//   MPI_Abort ends all; where that happens on several hosts at once, one line a host.
// An end that hangs (a library that waits for memory or for a dead rank) is cut off after half a minute.
// mpirun adds its own banner whenever a rank ends with another code than 0. A rank that is killed (-9, out of memory)
// takes all others with it: mpirun and srun see to that.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "framework/comm/communicator.h"
#include "parallel/mpi/mpi_transport.h"

namespace ft {

class JobEnd;

class MpiSession {
 public:
  // Without a launcher, or with one rank, MPI is not touched and world() is a SoloCommunicator. Otherwise collective
  // over the ranks of the launcher. Throws UserError when launcher and MPI do not belong together (each rank would run
  // alone).
  explicit MpiSession(MpiSettings settings = {});
  // Where end() was called, ends MPI in order; else (an exception is on its way out) leaves it to the launcher.
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  [[nodiscard]] Communicator& world() { return *world_; }
  // This rank among those of its host, to choose a device or a core.
  [[nodiscard]] int local_rank() const;
  [[nodiscard]] int local_size() const;
  [[nodiscard]] std::string host() const;
  // For the log: "4 ranks on 1 host, shared memory".
  [[nodiscard]] std::string describe();
  // How the ranks of `comm` exchange what lies in host memory: "shared memory", "MPI", "shared memory and MPI".
  [[nodiscard]] static std::string way_of(const Communicator& comm);

  // Another communicator over all ranks, with its own settings: for tests and measurements. Collective.
  [[nodiscard]] std::unique_ptr<Communicator> duplicate(const MpiSettings& settings);

  // Calls body on every rank, turns what it returns or throws into the job's exit code as described above, and returns
  // that: the same on all ranks. The last call to the session: communicators of the body must be gone.
  [[nodiscard]] ExitCode run(const std::function<ExitCode(MpiSession&)>& body);

 private:
  [[nodiscard]] ExitCode end_failed(ExitCode code, const std::string& why);

  std::unique_ptr<JobEnd> job_;  // null: alone, without MPI
  std::unique_ptr<Communicator> world_;
  int spins_ = kSpins;  // 0 where ranks of this host share cores
  bool agreed_ = false;
  ExitCode ended_with_ = ExitCode::failure;
};

// Which MPI this is, for reports: "Open MPI v4.1.4". May be called without a session.
[[nodiscard]] std::string mpi_version();

// For main(): a session, run(body), and errors of the start (printed once where all ranks have them). Returns the exit
// code. `before_mpi_ends` is told it on every rank that comes to an orderly end, before a launcher can have noticed.
[[nodiscard]] int run_mpi_session(const std::function<ExitCode(MpiSession&)>& body, MpiSettings settings = {},
                                  const std::function<void(ExitCode)>& before_mpi_ends = {});

}  // namespace ft
