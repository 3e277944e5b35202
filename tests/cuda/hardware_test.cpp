// What can only be seen on a GPU: run by ctest everywhere, skipped (exit code 77) where CUDA cannot be had. One rank,
// one GPU; prints what it saw.
#define DOCTEST_CONFIG_IMPLEMENT
#include <ATen/Parallel.h>

#include <cstdio>
#include <filesystem>

#include "framework/base/choice.h"
#include "framework/checkpoint/checkpoint.h"
#include "framework/comm/solo_communicator.h"
#include "framework/sample/generator.h"
#include "framework/train/gradient_exchange.h"
#include "framework/train/lanes.h"
#include "framework/train/trainer.h"
#include "parallel/cuda/device.h"
#include "tests/support/communicator_cases.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/example_batch.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tiny_settings.h"

using namespace ft;
using namespace ft::testing;

namespace {

Device the_device;

double distance(const at::Tensor& actual, const at::Tensor& expected) {
  const at::Tensor a = actual.to(at::kCPU, at::kDouble), e = expected.to(at::kCPU, at::kDouble);
  return (a - e).abs().max().item<double>() / e.abs().max().item<double>();
}

// The cases make tensors in host memory: here each exchange goes by the device and back.
class ByDevice final : public Communicator {
 public:
  explicit ByDevice(std::unique_ptr<Communicator> inner) : inner_(std::move(inner)) {}
  int rank() const override { return inner_->rank(); }
  int size() const override { return inner_->size(); }
  std::vector<int> hosts() const override { return inner_->hosts(); }
  void all_reduce(Name name, at::Tensor inout, ReduceOp op) override {
    back(inout, over(inout), [&](const at::Tensor& t) { inner_->all_reduce(name, t, op); });
  }
  void all_gather(Name name, at::Tensor out, const at::Tensor& shard, std::span<const std::int64_t> sizes) override {
    const at::Tensor part = over(shard);
    back(out, over(out), [&](const at::Tensor& t) { inner_->all_gather(name, t, part, sizes); });
  }
  void reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, std::span<const std::int64_t> sizes) override {
    const at::Tensor from = over(in);
    back(shard, over(shard), [&](const at::Tensor& t) { inner_->reduce_scatter(name, t, from, sizes); });
  }
  std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override {
    return inner_->all_gather_bytes(name, bytes);
  }
  std::vector<std::string> gather_bytes(Name name, std::string_view bytes, int root) override {
    return inner_->gather_bytes(name, bytes, root);
  }
  std::string broadcast_bytes(Name name, std::string_view bytes, int root) override {
    return inner_->broadcast_bytes(name, bytes, root);
  }
  void barrier(Name name) override { inner_->barrier(name); }
  std::unique_ptr<SharedCounter> make_counter(Name name) override { return inner_->make_counter(name); }
  std::unique_ptr<Communicator> split(int colour, int key) override {
    return std::make_unique<ByDevice>(inner_->split(colour, key));
  }
  [[noreturn]] void abort(std::string_view why, ExitCode code) override {
    inner_->abort(why, code);
    std::terminate();
  }

 private:
  // Tensors that are not contiguous stay so, that the checks see them.
  static at::Tensor over(const at::Tensor& t) {
    return t.is_contiguous() ? t.to(the_device.device) : t.to(the_device.device).t().contiguous().t();
  }
  template <class Verb>
  static void back(at::Tensor host, const at::Tensor& device, Verb verb) {
    verb(device);
    host.copy_(device);
  }
  std::unique_ptr<Communicator> inner_;
};

TrainingSettings settings(Compute compute) { return tiny_settings(12, 2, compute); }

struct Trained {
  std::vector<StepRecord> steps;
  std::string digest;
};

Trained train(at::Device device, Compute compute) {
  const std::vector<Example> examples = tiny_examples(40, 5), none;
  SoloCommunicator solo;
  TinyModel model(42, tiny_config(), device);
  Trainer trainer(model.decoder, {solo, solo, solo}, settings(compute), {}, 17, examples, none);
  Trained trained;
  TrainHooks hooks;
  hooks.on_step = [&](const StepRecord& record) { trained.steps.push_back(record); };
  (void)trainer.run(hooks);
  CHECK(model.decoder.parameters().flat().device() == device);
  CHECK(trainer.optimizer_state().first_moment.device() == device);
  trained.digest = weights_digest(model.decoder.parameters());
  return trained;
}

StepGradient gradient_on(at::Device device) {
  const std::vector<Example> examples = tiny_examples(6, 9);
  LaneBatches lanes(1);
  LossCounts counts = {};
  for (const Example& example : examples) {
    lanes[0].push_back(testing::batch_of({example}));
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += lanes[0].back().counts[k];
  }
  TinyModel model(42, tiny_config(), device);
  GradientBuffers buffers;
  return accumulate_lanes(trained_model(model.decoder), lanes, {}, counts, buffers);
}

}  // namespace

TEST_CASE("every verb of one rank, over NCCL") {
  SoloCommunicator solo;
  ByDevice comm(make_nccl_communicator(solo, the_device.backend));
  for (const CommunicatorCase& c : communicator_cases()) {
    CAPTURE(c.name);
    c.run(comm);
  }
}

TEST_CASE("loss and gradients are those of the processor, up to rounding") {
  const StepGradient host = gradient_on(at::kCPU), device = gradient_on(the_device.device);
  CHECK(device.gradient.device() == the_device.device);
  CHECK(device.lane_sums[0][0] == doctest::Approx(host.lane_sums[0][0]).epsilon(1e-5));
  std::printf("gradients of the tiny model: %.2e of the largest apart\n", distance(device.gradient, host.gradient));
  CHECK(distance(device.gradient, host.gradient) < 1e-4);
  TinyModel model(42);
  const auto& blocks = model.decoder.parameters().blocks();
  CHECK(distance(block_squares(device.gradient, blocks, 0), block_squares(device.gradient.to(at::kCPU), blocks, 0)) <
        1e-10);
}

TEST_CASE("training follows the processor's, twice with the same bits") {
  for (const Compute compute : {Compute::float32, Compute::bfloat16}) {
    const Trained host = train(at::kCPU, compute), device = train(the_device.device, compute),
                  again = train(the_device.device, compute);
    REQUIRE(device.steps.size() == 12);
    CHECK(device.digest == again.digest);
    const double tolerance = compute == Compute::float32 ? 1e-3 : 1e-2;
    for (std::size_t i = 0; i < 12; ++i)
      CHECK(device.steps[i].loss == doctest::Approx(host.steps[i].loss).epsilon(tolerance));
    std::printf("%s: last loss %.6f on the processor, %.6f on the GPU\n", std::string(to_string(compute)).c_str(),
                host.steps[11].loss, device.steps[11].loss);
  }
}

TEST_CASE("a checkpoint of a GPU is read by the processor") {
  SoloCommunicator solo;
  const Groups groups{solo, solo, solo};
  TinyModel device(42, tiny_config(), the_device.device), host(43);
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("ftrun-gpu-checkpoint-{}", getpid());
  CheckpointContent content;
  content.parameters = &device.decoder.parameters();
  content.metadata = "{}";
  (void)write_checkpoint(folder, content, groups);
  (void)read_checkpoint(folder, host.decoder.parameters(), nullptr, groups);
  std::filesystem::remove_all(folder);
  CHECK(weights_digest(host.decoder.parameters()) == weights_digest(device.decoder.parameters()));
}

TEST_CASE("sampling gives finished attempts whose log-probabilities are the processor's") {
  TinyModel device(42, tiny_config(), the_device.device), host(42);
  const SamplingSettings settings{.temperature = 0.9, .top_p = 0.95, .max_new_tokens = 10, .slots = 8};
  Generator generator(device.decoder, settings, 11, {2}, kTinyVocabulary);
  std::printf("batch sizes that keep the bits of a row: %s\n",
              fmt::format("{}", fmt::join(generator.batch_sizes().sizes(), ", ")).c_str());
  const std::vector<std::vector<TokenId>> prompts = {{5, 6, 7}, {9, 10}};
  std::vector<SampleRequest> requests;
  for (int i = 0; i < 6; ++i)
    requests.push_back({.prompt = i % 2, .problem = static_cast<std::uint64_t>(i % 2), .index = i / 2});
  int reported = 0;
  generator.run(
      [left = std::optional(SampleWork{prompts, requests})]() mutable { return std::exchange(left, std::nullopt); },
      [&](const Sampled& sampled) {
        ++reported;
        const at::NoGradGuard no_grad;
        std::vector<std::int64_t> text(prompts[static_cast<std::size_t>(sampled.request.prompt)].begin(),
                                       prompts[static_cast<std::size_t>(sampled.request.prompt)].end());
        const auto first = std::ssize(text) - 1;
        text.insert(text.end(), sampled.tokens.begin(), sampled.tokens.end());
        const at::Tensor tokens = at::tensor(text, at::kLong), rows = at::arange(first, std::ssize(text) - 1);
        PackedAttention context({0, std::ssize(text)});
        const at::Tensor hidden = host.decoder.forward(tokens, at::arange(std::ssize(text)), context);
        const double expected =
            host.decoder.log_probs(hidden, rows, tokens.narrow(0, first + 1, std::ssize(sampled.tokens)))
                .to(at::kDouble)
                .sum()
                .item<double>();
        CHECK(sampled.log_prob == doctest::Approx(expected).epsilon(1e-3));
      },
      {});
  CHECK(reported == 6);
}

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  at::set_num_threads(1);
  SoloCommunicator solo;
  try {
    the_device = open_device({.wanted = DeviceKind::cuda,
                              .host = "here",
                              .library = FT_CUDA_LIBRARY,
                              .torch = libtorch_cuda_folders(FT_LIBTORCH_CUDA)},
                             solo);
  } catch (const UserError& error) {
    std::printf("skipped: %s\n", error.what());
    return kSkipped;
  }
  std::printf("%s\n", the_device.description.c_str());
  return doctest::Context(argc, argv).run();
}
