// How long training stands still for a checkpoint, written at once and in the background; by hand:
//
//   save_checkpoint FOLDER [ranks, as threads: 2] [seconds of work a step]
//
// Weights and moments of SmolLM2-135M (1.6 GB in all) on data ranks, in FOLDER, which should lie on the disk in
// question. Between saves the ranks multiply matrices, as training would, and poll after each "step".
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "framework/base/clock.h"
#include "framework/checkpoint/background_writer.h"
#include "framework/comm/solo_communicator.h"
#include "framework/store/files.h"
#include "tests/support/thread_communicator.h"

namespace {

using namespace ft;

void declare(ParameterSet& parameters) {
  constexpr std::int64_t kHidden = 576, kKeys = 192, kInner = 1536;
  parameters.add({.name = "model.embed_tokens.weight", .shape = {49152, kHidden}});
  for (int layer = 0; layer < 30; ++layer) {
    const auto add = [&](const char* name, std::vector<std::int64_t> shape) {
      parameters.add({.name = fmt::format("model.layers.{}.{}.weight", layer, name), .shape = std::move(shape)});
    };
    add("self_attn.q_proj", {kHidden, kHidden});
    add("self_attn.k_proj", {kKeys, kHidden});
    add("self_attn.v_proj", {kKeys, kHidden});
    add("self_attn.o_proj", {kHidden, kHidden});
    add("mlp.gate_proj", {kInner, kHidden});
    add("mlp.up_proj", {kInner, kHidden});
    add("mlp.down_proj", {kHidden, kInner});
    add("input_layernorm", {kHidden});
    add("post_attention_layernorm", {kHidden});
  }
  parameters.add({.name = "model.norm.weight", .shape = {kHidden}});
  parameters.finish();
}

double slowest(Communicator& world, double seconds) {
  const at::Tensor time = at::full({1}, seconds, at::kDouble);
  world.all_reduce("time", time, ReduceOp::max);
  return time.item<double>();
}

class Bench {
 public:
  Bench(Communicator& world, std::filesystem::path folder, double step_seconds)
      : world_(world), folder_(std::move(folder)), step_seconds_(step_seconds) {
    declare(parameters_);
    at::Tensor(parameters_.flat()).detach().normal_();
    const auto sizes = owned_sizes(parameters_.blocks(), world.size());
    moments_.begin = std::accumulate(sizes.begin(), sizes.begin() + world.rank(), std::int64_t{0});
    moments_.end = moments_.begin + sizes[static_cast<std::size_t>(world.rank())];
    moments_.first = at::randn({moments_.end - moments_.begin});
    moments_.second = at::rand({moments_.end - moments_.begin});
    writer_.reserve(3 * (moments_.end - moments_.begin));
  }

  double blocking() {
    const CheckpointContent content = this->content();
    clean();
    const Stopwatch watch;
    (void)write_checkpoint(folder_ / "blocking", content, groups_);
    return slowest(world_, watch.seconds());
  }

  // Stall and durable seconds, of the slowest rank, and the steps done meanwhile.
  std::pair<double, double> background(int& steps) {
    clean();
    writer_.begin(folder_ / "background", content());
    std::optional<SavedCheckpoint> saved;
    for (steps = 0; !saved; ++steps) {
      work();
      if (!any_rank(world_, "not ready", !writer_.ready())) saved = writer_.advance();
    }
    return {slowest(world_, saved->stall_seconds), slowest(world_, saved->durable_seconds)};
  }

 private:
  CheckpointContent content() const { return {.parameters = &parameters_, .moments = moments_, .metadata = "{}"}; }
  void clean() {
    world_.barrier("before");
    if (world_.rank() == 0)
      for (const char* name : {"blocking", "background"}) discard_folder(folder_ / name);
    world_.barrier("ready");
  }
  void work() {
    for (const Stopwatch watch; watch.seconds() < step_seconds_;) (void)at::mm(matrix_, matrix_);
    world_.barrier("end of the step");
  }

  Communicator& world_;
  std::filesystem::path folder_;
  double step_seconds_;
  SoloCommunicator solo_;
  Groups groups_{world_, world_, solo_};
  BackgroundWriter writer_{groups_};
  ParameterSet parameters_;
  MomentsView moments_;
  at::Tensor matrix_ = at::rand({512, 512});
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("save_checkpoint FOLDER [ranks] [seconds of work a step]\n", stderr);
    return 2;
  }
  at::set_num_threads(1);
  const double step_seconds = argc > 3 ? std::stod(argv[3]) : 0.2;
  ft::testing::run_ranks(argc > 2 ? std::stoi(argv[2]) : 2, [&](Communicator& world) {
    const at::NoGradGuard no_grad;
    Bench bench(world, argv[1], step_seconds);
    for (int i = 0; i < 3; ++i) {
      const double blocking = bench.blocking();
      int steps = 0;
      const auto [stall, durable] = bench.background(steps);
      if (world.rank() == 0)
        std::printf(
            "blocking %.3f s | background: stands still %.3f s (%.1f %% of blocking), on disk after %.3f s, %d steps "
            "meanwhile\n",
            blocking, stall, 100 * stall / blocking, durable, steps);
    }
  });
}
