// One model, any grid: loss, gradients, norm and trained weights of data x tensor ranks against those of one.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "framework/batching/batch.h"
#include "framework/checkpoint/layout.h"
#include "framework/comm/solo_communicator.h"
#include "framework/model/shared_weights.h"
#include "framework/train/gradient_exchange.h"
#include "framework/train/trainer.h"
#include "tests/support/example_batch.h"
#include "tests/unit/tensor_parallel/grid.h"

using namespace ft;
using namespace ft::testing;

namespace {

// The project's test preset: 8 heads of 16, 2 key/value heads, a tied vocabulary of 61.
ModelConfig grouped() { return preset_config("tiny-gqa", kTinyVocabulary); }

// With everything that the Llama family may have besides: norms of heads, biases, a head of its own.
ModelConfig adorned() {
  ModelConfig config = grouped();
  config.tied_embeddings = false;
  config.qk_norm = config.qkv_bias = config.output_bias = config.mlp_bias = true;
  return config;
}

struct Outcome {
  double loss = 0, norm = 0;
  Values gradients;
  at::Tensor log_probs, logits;
};

// Forward, backward and gradient norm of one batch; data ranks compute the same.
Outcome one_batch(const ModelConfig& config, int tensor_size) {
  Outcome outcome;
  run_grid({1, tensor_size}, [&](Groups groups) {
    SplitModel model(config, groups.tensor, 11);
    ParameterSet& parameters = model.decoder.parameters();
    const Batch batch = testing::batch_of(tiny_examples(6, 5));
    const at::Tensor gradient = at::zeros_like(parameters.flat());
    parameters.set_gradient(gradient);
    PackedAttention context(batch.offsets);
    const at::Tensor hidden = model.decoder.forward(batch.tokens, batch.positions, context);
    const at::Tensor log_probs = model.decoder.log_probs(hidden, batch.target_rows, batch.targets);
    const BatchLoss loss = batch_loss(log_probs, batch, {}, batch.counts);
    loss.total.backward();
    GradientExchange exchange(parameters, groups);
    const double norm = exchange.norm(exchange.reduce(gradient.clone()));
    const at::NoGradGuard no_grad;
    Values gradients = gather_whole(parameters, gradient, groups.tensor);
    const at::Tensor logits = model.decoder.logits(hidden);
    if (groups.tensor.rank() != tensor_size - 1) return;
    outcome = {loss.total.item<double>(), norm, std::move(gradients), log_probs.detach(), logits};
  });
  return outcome;
}

struct Trained {
  std::vector<double> losses, norms;
  Values weights;
  std::string digest;
};

Trained train(const ModelConfig& config, Grid grid, Recompute recompute = {}) {
  TrainingSettings settings;
  settings.recompute = recompute;
  settings.lanes = 4;
  settings.tokens_per_lane = 60;
  settings.tokens_per_micro_batch = 40;
  settings.learning_rate = 1e-3;
  settings.weight_decay = 0.1;
  settings.length = {10, Length::Unit::steps};
  settings.save_every = {0, Length::Unit::steps};
  const std::vector<Example> examples = tiny_examples(40, 5), validation = tiny_examples(6, 6);
  Trained trained;
  run_grid(grid, [&](Groups groups) {
    SplitModel model(config, groups.tensor, 11);
    Trainer trainer(model.decoder, groups, settings, {}, 17, examples, validation);
    const bool speaks = groups.world.rank() == groups.world.size() - 1;
    TrainHooks hooks;
    hooks.on_step = [&](const StepRecord& record) {
      if (!speaks) return;
      trained.losses.push_back(record.loss);
      trained.norms.push_back(record.gradient_norm);
    };
    (void)trainer.run(hooks);
    const ParameterSet& parameters = model.decoder.parameters();
    const std::string digest = logical_weights_digest(parameters, groups);
    Values weights = gather_whole(parameters, parameters.flat(), groups.tensor);
    if (!speaks) return;
    trained.weights = std::move(weights);
    trained.digest = digest;
  });
  return trained;
}

}  // namespace

TEST_CASE("loss, log-probabilities, logits, each gradient and the norm do not depend on the tensor size") {
  for (const ModelConfig& config : {grouped(), adorned()}) {
    const Outcome dense = one_batch(config, 1);
    for (const int size : {2, 4, 8}) {  // 4 and 8: two and four ranks hold each key/value head
      CAPTURE(size);
      const Outcome split = one_batch(config, size);
      CHECK(std::abs(split.loss - dense.loss) < 1e-5 * dense.loss);
      CHECK(std::abs(split.norm - dense.norm) < 1e-5 * dense.norm);
      CHECK((split.log_probs - dense.log_probs).abs().max().item<double>() < 1e-5);
      CHECK((split.logits - dense.logits).abs().max().item<double>() < 1e-5);
      double largest = 0;
      for (const auto& [name, gradient] : dense.gradients) {
        CAPTURE(name);
        const double error = relative_error(gradient, split.gradients.at(name));
        CHECK(error < 2e-5);
        largest = std::max(largest, error);
      }
      MESSAGE("tensor ", size, ": gradients within ", largest, ", log-probabilities within ",
              (split.log_probs - dense.log_probs).abs().max().item<double>());
    }
  }
}

TEST_CASE("ten steps of training end in the same weights on every grid") {
  for (const ModelConfig& config : {grouped(), adorned()}) {
    const Trained dense = train(config, {1, 1});
    for (const int data : {2, 4}) {
      const Trained other = train(config, {data, 1});
      CHECK(other.digest == dense.digest);  // the same bits
      CHECK(other.losses == dense.losses);
      CHECK(other.norms == dense.norms);
    }
    const Trained two = train(config, {1, 2}), grid = train(config, {2, 2}), four = train(config, {1, 4});
    CHECK(grid.digest == two.digest);  // another data size, the same bits
    CHECK(grid.losses == two.losses);
    CHECK(grid.norms == two.norms);
    for (const Trained* split : {&two, &four}) {
      REQUIRE(split->losses.size() == dense.losses.size());
      for (std::size_t step = 0; step < dense.losses.size(); ++step) {
        CHECK(std::abs(split->losses[step] - dense.losses[step]) < 1e-4 * dense.losses[step]);
        CHECK(std::abs(split->norms[step] - dense.norms[step]) < 1e-3 * dense.norms[step]);
      }
      double largest = 0;
      for (const auto& [name, weight] : dense.weights)
        largest = std::max(largest, (split->weights.at(name) - weight).abs().max().item<double>());
      CHECK(largest < 2e-4);  // AdamW moves a weight by up to 1e-2 here, however small its gradient
      MESSAGE("weights within ", largest);
    }
  }
}

TEST_CASE("recomputation changes no bit on a grid with a tensor axis") {
  for (const ModelConfig& config : {grouped(), adorned()}) {
    for (const Grid grid : {Grid{1, 2}, Grid{2, 2}, Grid{1, 4}}) {  // 4: two ranks hold each key/value head
      const Trained kept = train(config, grid);
      for (const int layers : {1, 2}) {
        CAPTURE(layers);
        const Trained made_again = train(config, grid, {layers});
        CHECK(made_again.digest == kept.digest);
        CHECK(made_again.losses == kept.losses);
        CHECK(made_again.norms == kept.norms);
      }
    }
  }
}

TEST_CASE("ranks of a group read their slices of a Hugging Face folder") {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("ftrun-tensor-parallel-{}", ::getpid());
  std::filesystem::create_directories(folder);
  SoloCommunicator alone;
  const SplitModel dense(adorned(), alone, 11);
  save_hugging_face(dense.decoder, folder);
  const Values expected = gather_whole(dense.decoder.parameters(), dense.decoder.parameters().flat(), alone);
  run_grid({1, 4}, [&](Groups groups) {
    SplitModel model(adorned(), groups.tensor, 12);  // other weights, all of which must go
    load_hugging_face(model.decoder, folder);
    const ParameterSet& parameters = model.decoder.parameters();
    const Values values = gather_whole(parameters, parameters.flat(), groups.tensor);
    for (const auto& [name, value] : expected) CHECK_MESSAGE(values.at(name).equal(value), name);
  });
  for (const auto& grid : {std::pair{2, 1}, std::pair{2, 2}, std::pair{4, 1}}) {  // each reads a part for all
    CAPTURE(grid.first);
    run_grid({grid.first, grid.second}, [&](Groups groups) {
      SplitModel model(adorned(), groups.tensor, 12);
      const ParameterSet& parameters = model.decoder.parameters();
      const std::vector<std::int64_t> shares = parameter_shares(parameters, groups.data.size());
      CHECK(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}) == parameters.size());
      CHECK(std::ranges::max(shares) < parameters.size());
      const int rank = groups.data.rank();
      load_share(model.decoder, folder, shares, rank);
      const at::NoGradGuard no_grad;
      const at::Tensor own =
          parameters.flat().narrow(0, begin_of_share(shares, rank), shares[static_cast<std::size_t>(rank)]);
      groups.data.all_gather("weights", parameters.flat(), own, shares);
      const Values values = gather_whole(parameters, parameters.flat(), groups.tensor);
      for (const auto& [name, value] : expected) CHECK_MESSAGE(values.at(name).equal(value), name);
    });
  }
  std::filesystem::remove_all(folder);
}
