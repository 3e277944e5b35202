// How fast do the ranks add up gradients?
#include <ATen/ATen.h>

#include <algorithm>

#include "framework/base/clock.h"
#include "framework/base/units.h"
#include "launch/doctor.h"

namespace ft {
namespace {

constexpr int kRounds = 3;

// Float32 elements: 16 MiB, less where many ranks of one host hold them.
std::int64_t elements_for(int ranks) { return (std::int64_t{4} << 20) / std::max(1, ranks / 8); }

// Bytes reduced a second, the best of a few rounds: the same on all ranks. Negative: the sum was wrong.
double measure(Examination& exam, Communicator& comm) {
  const at::Tensor values = at::empty({elements_for(comm.size())});
  double best = 1e9;
  bool right = true;
  for (int round = 0; round <= kRounds; ++round) {
    values.fill_(static_cast<double>(comm.rank() + 1));
    comm.barrier("all-reduce speed");
    const Stopwatch watch;
    comm.all_reduce("all-reduce speed", values, ReduceOp::sum);
    const double size = comm.size();
    right = right && values[0].item<double>() == size * (size + 1) / 2 &&
            values[-1].item<double>() == size * (size + 1) / 2;
    if (round > 0) best = std::min(best, watch.seconds());  // the first one touches the memory
  }
  double slowest = 0;
  for (const auto& seconds : exam.collect("all-reduce seconds", right ? best : -1)) {
    if (seconds < 0) return -1;
    slowest = std::max<double>(slowest, seconds);
  }
  return static_cast<double>(values.nbytes()) / slowest;
}

}  // namespace

void examine_exchange(Examination& exam) {
  if (exam.world().size() == 1) {
    exam.ok("exchange", "one rank: nothing to exchange");
    return;
  }
  std::string text;
  bool wrong = false;
  for (const bool shared : {true, false}) {
    const auto comm = exam.session().duplicate({.shared_memory = shared});
    const std::string way = MpiSession::way_of(*comm);
    if (shared && way == "MPI") continue;  // no two ranks share a host
    const double rate = measure(exam, *comm);
    wrong = wrong || rate < 0;
    text += fmt::format("{}{} {:.2f} GB/s", text.empty() ? "" : ", ", way, rate / 1e9);
  }
  if (wrong) {
    exam.problem("exchange", "a sum over the ranks came out wrong",
                 "the network, its driver or the memory of a host is broken: leave hosts out to find which");
    return;
  }
  exam.ok("exchange", fmt::format("all-reduce of {} over {} ranks: {}",
                                  bytes_text(4.0 * static_cast<double>(elements_for(exam.world().size()))),
                                  exam.world().size(), text));
}

}  // namespace ft
