// Milliseconds of an all-reduce over shared windows, over messages, and over both (as if hosts had two ranks each):
//   mpirun -np 2 bench_all_reduce [elements]
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "parallel/mpi/bootstrap.h"

namespace {

using namespace ft;

// The median of several runs, of the slowest rank.
double milliseconds(Communicator& comm, std::int64_t count) {
  at::Tensor values = at::ones({count});
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    comm.barrier("start");
    const auto start = std::chrono::steady_clock::now();
    comm.all_reduce("values", values, ReduceOp::sum);
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    at::Tensor time = at::full({1}, elapsed.count());
    comm.all_reduce("time", time, ReduceOp::max);
    times.push_back(time.item<double>());
    values.fill_(1);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc > 1 ? std::stoll(argv[1]) : 16 << 20;
  at::set_num_threads(1);
  return ft::run_mpi_session([&](MpiSession& session) {
    for (const MpiSettings& settings :
         {MpiSettings{}, MpiSettings{.shared_memory = false}, MpiSettings{.share_among = 2}}) {
      const auto comm = session.duplicate(settings);
      const double median = milliseconds(*comm, count);
      if (comm->rank() == 0) {
        std::printf("%d ranks, %lld floats, %s: %.2f ms\n", comm->size(), static_cast<long long>(count),
                    MpiSession::way_of(*comm).c_str(), median);
      }
    }
    return ExitCode::done;
  });
}
