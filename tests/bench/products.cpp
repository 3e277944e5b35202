// Matrix products with weights, on one core: libtorch's (MKL), oneDNN's (through libtorch) and our own packed ones, at the
// shapes of a model's layers. By hand, and for tests/bench/run.sh, whose limits these are.
//
//   products ROWS [SECONDS]          one line a shape, of SmolLM2-135M: name, then GFLOP/s (median of rounds of SECONDS / 5)
//                                    float32 mkl, onednn, own; bfloat16 mkl, onednn, own; and what laying out takes, as a
//                                    share of one product by our own kernel with so many rows
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "framework/kernels/packed_weight.h"

namespace {

using at::Tensor;

// CPU time of this thread: another process on the core does not count.
double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Median seconds of one call.
double time_of(const std::function<void()>& call, double budget) {
  constexpr int kRounds = 5;
  call();
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = seconds();
    int calls = 0;
    do {
      call();
      ++calls;
    } while (seconds() - begin < budget / kRounds);
    rounds.push_back((seconds() - begin) / calls);
  }
  std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
  return rounds[kRounds / 2];
}

void measure(const std::string& name, std::int64_t rows, std::int64_t in, std::int64_t out, double budget) {
  const Tensor x = at::randn({rows, in}), weight = at::randn({out, in});
  const Tensor x16 = x.to(at::kBFloat16), weight16 = weight.to(at::kBFloat16);
  const double work = 2e-9 * static_cast<double>(rows * in * out);
  std::vector<double> rates;
  const auto add = [&](const std::function<Tensor()>& product) {
    rates.push_back(work / time_of([&] { (void)product(); }, budget));
  };
  const ft::PackedWeight own(weight, at::kFloat), own16(weight, at::kBFloat16);
  add([&] { return at::mm(x, weight.t()); });
  const Tensor there = x.to_mkldnn(), there16 = x16.to_mkldnn();
  const Tensor laid = weight.to_mkldnn(), laid16 = weight16.to_mkldnn();
  add([&] { return at::mkldnn_linear(there, laid); });
  add([&] { return own.product(x); });
  add([&] { return at::mm(x16, weight16.t()); });
  add([&] { return at::mkldnn_linear(there16, laid16); });
  add([&] { return own16.product(x); });
  const double packing = time_of([&] { ft::PackedWeight(weight, at::kFloat); }, budget) * rates[2] / work;
  const double packing16 = time_of([&] { ft::PackedWeight(weight, at::kBFloat16); }, budget) * rates[5] / work;
  fmt::print(
      "{:<24} {:>5} x {:>5} x {:>6}  float32 {:6.1f} {:6.1f} {:6.1f}  bfloat16 {:6.1f} {:6.1f} {:6.1f}  layout {:.2f} "
      "{:.2f}\n",
      name, rows, in, out, rates[0], rates[1], rates[2], rates[3], rates[4], rates[5], packing, packing16);
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  const std::int64_t rows = argc > 1 ? std::stoll(argv[1]) : 64;
  const double budget = argc > 2 ? std::stod(argv[2]) : 0.5;
  measure("query, output", rows, 576, 576, budget);
  measure("key, value", rows, 576, 192, budget);
  measure("gate, up", rows, 576, 1536, budget);
  measure("down", rows, 1536, 576, budget);
  measure("vocabulary", rows, 576, 49152, budget);
  return 0;
}
