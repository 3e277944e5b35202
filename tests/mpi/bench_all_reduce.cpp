// Milliseconds of an all-reduce, exact and fast, over shared windows and over messages:
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
double milliseconds(Communicator& comm, std::int64_t count, Order order) {
  at::Tensor values = at::ones({count});
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    comm.barrier("start");
    const auto start = std::chrono::steady_clock::now();
    comm.all_reduce("values", values, ReduceOp::sum, order).wait();
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    at::Tensor time = at::full({1}, elapsed.count());
    comm.all_reduce("time", time, ReduceOp::max, Order::exact).wait();
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
    for (const bool shared : {true, false}) {
      const auto comm = session.duplicate({.shared_memory = shared});
      const double exact = milliseconds(*comm, count, Order::exact), fast = milliseconds(*comm, count, Order::fast);
      if (comm->rank() == 0) {
        std::printf("%d ranks, %lld floats, %s: exact %.2f ms, fast %.2f ms\n", comm->size(),
                    static_cast<long long>(count), shared ? "shared windows" : "messages", exact, fast);
      }
    }
    return ExitCode::done;
  });
}
