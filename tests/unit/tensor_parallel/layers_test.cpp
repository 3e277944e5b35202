// Single layers against dense ones: outputs, and gradients of inputs and weights.
#include <algorithm>
#include <atomic>
#include <functional>

#include "framework/base/error.h"
#include "framework/model/tensor_sizes.h"
#include "parallel/tensor/autograd_ops.h"
#include "tests/unit/tensor_parallel/grid.h"

using namespace ft;
using namespace ft::testing;

namespace {

constexpr double kTolerance = 2e-6;  // of the largest value: sums of at most 48 terms in another order

at::Tensor pattern(at::IntArrayRef shape, double phase) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return at::arange(count).add(1).mul(phase).sin().view(shape);
}

void fill(ParameterSet& parameters) {
  const at::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters.all()) {
    const at::Tensor whole = pattern(parameter.shape, 0.37);
    const ShardSpec& shard = parameter.shard;
    at::Tensor(parameter.value)
        .copy_(shard.dim < 0 ? whole : whole.narrow(shard.dim, shard.begin, shard.end - shard.begin));
  }
}

struct Outcome {
  at::Tensor output, to_x;
  Values gradients;
};

// Builds layers, runs them on an x [5, 48] that is the same on all ranks, and goes backward from an upstream gradient
// that is the same on all ranks.
using Build = std::function<std::function<at::Tensor(const at::Tensor&)>(LayerFactory&, ParameterSet&)>;
Outcome run(int ranks, const Build& build) {
  Outcome outcome;
  run_grid({1, ranks}, [&](Groups groups) {
    const auto factory = ranks == 1 ? make_dense_factory() : make_tensor_parallel_factory(groups.tensor);
    ParameterSet parameters;
    const auto forward = build(*factory, parameters);
    parameters.finish();
    fill(parameters);
    const at::Tensor gradient = at::zeros_like(parameters.flat());
    parameters.set_gradient(gradient);
    at::Tensor x = pattern({5, 48}, 0.61).requires_grad_(true);
    const at::Tensor output = forward(x);
    output.backward(pattern(output.sizes(), 0.23));
    Values gradients = gather_whole(parameters, gradient, groups.tensor);
    if (groups.tensor.rank() == ranks - 1) outcome = {output.detach(), x.grad(), std::move(gradients)};
  });
  return outcome;
}

void check_equal(const Build& build, std::initializer_list<int> sizes) {
  const Outcome dense = run(1, build);
  for (const int size : sizes) {
    CAPTURE(size);
    const Outcome split = run(size, build);
    CHECK(relative_error(dense.output, split.output) < kTolerance);
    CHECK(relative_error(dense.to_x, split.to_x) < kTolerance);
    for (const auto& [name, gradient] : dense.gradients) {
      CAPTURE(name);
      CHECK(relative_error(gradient, split.gradients.at(name)) < kTolerance);
    }
  }
}

}  // namespace

TEST_CASE("two column layers and a row layer, with biases, are the dense ones") {
  check_equal(
      [](LayerFactory& factory, ParameterSet& parameters) {
        std::shared_ptr<Linear> gate = factory.column_linear(parameters, "gate", 48, 24, true);
        std::shared_ptr<Linear> up = factory.column_linear(parameters, "up", 48, 24, false);
        std::shared_ptr<Linear> down = factory.row_linear(parameters, "down", 24, 48, true);
        return [=](const at::Tensor& x) { return down->forward(gate->forward(x) * up->forward(x)); };
      },
      {2, 3, 4, 8});
}

TEST_CASE("key/value heads: split, and held by several ranks each, with whole gradients on every holder") {
  check_equal(
      [](LayerFactory& factory, ParameterSet& parameters) {
        std::shared_ptr<Linear> query = factory.column_linear(parameters, "query", 48, 24 * 2, true);
        std::shared_ptr<Linear> key = factory.kv_linear(parameters, "key", 48, 2, 4, true);
        std::shared_ptr<HeadNorm> norm = factory.head_norm(parameters, "norm", 4, 1e-5);
        std::shared_ptr<Linear> out = factory.row_linear(parameters, "out", 48, 48, false);
        return [=](const at::Tensor& x) {
          // As attention does: each key head meets its own run of query heads.
          const at::Tensor q = query->forward(x).view({5, -1, 4});
          const at::Tensor k = norm->forward(key->forward(x).view({5, -1, 4}));
          return out->forward((q * k.repeat_interleave(q.size(1) / k.size(1), 1)).reshape({5, -1}));
        };
      },
      {2, 4, 6, 12});
}

TEST_CASE("embedding and tied head: a vocabulary of 13 divides by no number of ranks") {
  for (const bool tied : {true, false}) {
    check_equal(
        [tied](LayerFactory& factory, ParameterSet& parameters) {
          std::shared_ptr<Embedding> embedding = factory.embedding(parameters, "embed", 13, 48);
          std::shared_ptr<VocabularyHead> head = factory.head(parameters, tied ? "" : "head", "embed", 13, 48);
          return [=](const at::Tensor& x) {
            const at::Tensor tokens = at::tensor({12, 0, 7, 7, 3}, at::kLong);
            const at::Tensor rows = at::tensor({0, 4, 4, 2}, at::kLong);
            const at::Tensor targets = at::tensor({1, 12, 0, 6}, at::kLong);
            const at::Tensor hidden = embedding->forward(tokens) + x;
            return at::cat({head->log_probs(hidden, rows, targets), head->logits(hidden).view({-1})});
          };
        },
        {2, 3, 4});
  }
}

TEST_CASE("what does not divide is the user's mistake, and says what would do") {
  const auto message = [](int ranks, const ModelConfig& config) {
    std::string text;
    try {
      run_grid({1, ranks}, [&](Groups groups) { const SplitModel model(config, groups.tensor, 1); });
    } catch (const UserError& error) {
      text = error.what();
    }
    return text;
  };
  ModelConfig config = tiny_config();
  CHECK(message(3, config).find("3 does not divide the model's 4 attention heads (values that do: 1, 2, 4)") !=
        std::string::npos);
  config.num_heads = 6;
  config.num_kv_heads = 2;
  CHECK(message(3, config).find("2 key/value heads") != std::string::npos);
  config.num_kv_heads = 3;
  config.intermediate_size = 50;
  CHECK(message(3, config).find("mlp.gate_proj: 50 output features") != std::string::npos);
  config = tiny_config();
  config.vocab_size = 5;
  CHECK(message(4, config).find("a vocabulary of 5 tokens") != std::string::npos);
}

TEST_CASE("the sizes that are said to fit a model are those that the factory takes") {
  ModelConfig gqa = preset_config("tiny-gqa", 13), odd = gqa, few_tokens = preset_config("tiny-gqa", 5);
  odd.num_heads = 6;
  odd.num_kv_heads = 3;
  odd.intermediate_size = 42;
  odd.head_dim = 16;
  for (const ModelConfig& config : {gqa, odd, few_tokens}) {
    const std::vector<int> sizes = tensor_sizes(config);
    CHECK(sizes.front() == 1);
    for (int tensor = 1; tensor <= 8; ++tensor) {
      std::atomic<int> refused = 0;
      run_ranks(tensor, [&](Communicator& group) {
        const auto factory = make_tensor_parallel_factory(group);
        try {
          const Decoder decoder(config, *factory);
        } catch (const UserError&) {
          ++refused;
        }
      });
      CAPTURE(tensor);
      CAPTURE(config.num_heads);
      CHECK(refused == (tensor_misfit(config, tensor).empty() ? 0 : tensor));
      CHECK((refused == 0) == (std::ranges::count(sizes, tensor) == 1));
    }
  }
}
