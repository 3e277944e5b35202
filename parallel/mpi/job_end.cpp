#include "parallel/mpi/job_end.h"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "framework/base/process_end.h"
#include "parallel/mpi/backoff.h"

namespace ft {

// How long a rank that failed waits for the others before it ends them: long enough for all ranks of an oversubscribed
// host to find the same mistake in a run file, short enough for whoever watches.
constexpr std::chrono::seconds kGrace{2};
constexpr unsigned kAbortSeconds = 10;

struct JobEnd::Block {
  std::atomic<int> failed_rank;  // world rank + 1; 0: none has failed
};

struct JobEnd::Report {
  std::int32_t outcome;
  std::int32_t code;
  std::uint64_t why;  // hash of the message
};

namespace {

MPI_Comm comm_of(MpiHandle handle) { return MPI_Comm_f2c(static_cast<MPI_Fint>(handle)); }

}  // namespace

JobEnd::JobEnd(MpiHandle world) : world_(world) {
  MPI_Comm_rank(comm_of(world), &rank_);
  MPI_Comm_size(comm_of(world), &size_);
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  MPI_Get_processor_name(name.data(), &length);
  host_.assign(name.data(), static_cast<std::size_t>(length));
  MPI_Comm control = MPI_COMM_NULL, host = MPI_COMM_NULL;
  MPI_Comm_dup(comm_of(world), &control);
  control_ = MpiHandle{static_cast<int>(MPI_Comm_c2f(control))};
  MPI_Comm_split_type(comm_of(world), MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &host);
  MPI_Comm_rank(host, &local_rank_);
  MPI_Comm_size(host, &local_size_);
  static_assert(std::atomic<int>::is_always_lock_free);
  segment_ = std::make_unique<SharedSegment>(MpiHandle{static_cast<int>(MPI_Comm_c2f(host))}, sizeof(Block));
  if (segment_->valid()) {
    block_ = reinterpret_cast<Block*>(segment_->data());  // zeroed: no rank has failed
  } else {
    own_block_ = std::make_unique<Block>();
    block_ = own_block_.get();
  }
  MPI_Comm_free(&host);
}

JobEnd::~JobEnd() = default;

void JobEnd::check_peers() const {
  const int failed = block_->failed_rank.load();  // in order with what the rank did before it failed
  if (failed != 0 && failed != rank_ + 1) throw PeerFailure(fmt::format("rank {} has failed", failed - 1));
}

bool JobEnd::claim() {
  int none = 0;
  return block_->failed_rank.compare_exchange_strong(none, rank_ + 1) || none == rank_ + 1;
}

void JobEnd::speak(std::string_view why, bool all_alike) const {
  std::fflush(stdout);
  const std::string who = all_alike ? "" : fmt::format("rank {} of {} on {}: ", rank_, size_, host_);
  say_plainly(fmt::format("ftrun: {}{}\n", who, why));
}

void JobEnd::abort(std::string_view why, ExitCode code) {
  if (claim()) {
    speak(why, false);
  } else {
    std::this_thread::sleep_for(2 * kGrace);  // the one that spoke is about to end this rank
  }
  end_within(kAbortSeconds, static_cast<int>(code));  // MPI_Abort waits for the launcher, which may be gone
  MPI_Abort(comm_of(world_), static_cast<int>(code));
  std::_Exit(static_cast<int>(code));
}

ExitCode JobEnd::agree(Outcome outcome, ExitCode code, std::string_view why) {
  if (outcome == Outcome::failed) claim();
  const Report mine{static_cast<std::int32_t>(outcome), static_cast<std::int32_t>(code),
                    std::hash<std::string_view>{}(why)};
  std::vector<Report> reports(static_cast<std::size_t>(size_));
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgather(&mine, sizeof mine, MPI_BYTE, reports.data(), sizeof mine, MPI_BYTE, comm_of(control_), &request);
  // A rank that is done, or that only heard of a failure, leaves the decision to those that failed.
  const auto patience = outcome == Outcome::failed ? kGrace
                        : outcome == Outcome::done ? std::chrono::hours(24 * 365)
                                                   : 5 * kGrace;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int all_came = 0;
  for (Backoff backoff(0);; backoff.pause()) {
    MPI_Test(&request, &all_came, MPI_STATUS_IGNORE);
    if (all_came != 0) return conclude(reports, why);
    if (std::chrono::steady_clock::now() > deadline) abort(why, code);
  }
}

ExitCode JobEnd::conclude(const std::vector<Report>& reports, std::string_view why) const {
  const auto failed = [](const Report& report) { return report.outcome == static_cast<int>(Outcome::failed); };
  const auto first = std::ranges::find_if(reports, failed);
  if (first == reports.end()) {
    const auto worst = std::ranges::max_element(reports, {}, &Report::code);
    return static_cast<ExitCode>(worst->code);
  }
  const bool all_alike =
      std::ranges::all_of(reports, [&](const Report& r) { return failed(r) && r.why == first->why; });
  if (first - reports.begin() == rank_) speak(why, all_alike);
  return static_cast<ExitCode>(first->code);
}

}  // namespace ft
