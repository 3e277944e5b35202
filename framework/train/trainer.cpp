#include "framework/train/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "framework/base/clock.h"
#include "framework/base/error.h"
#include "framework/batching/step_plan.h"
#include "framework/train/gradient_exchange.h"
#include "framework/train/lanes.h"
#include "framework/train/optimizer.h"
#include "framework/train/schedule.h"
#include "framework/train/validation.h"

namespace ft {

namespace {

std::vector<std::int64_t> lengths_of(const std::vector<Example>& examples) {
  std::vector<std::int64_t> lengths;
  for (const Example& example : examples) lengths.push_back(example.num_tokens());
  return lengths;
}

}  // namespace

struct Trainer::Body {
  TrainedModel model;
  Groups groups;
  TrainingSettings settings;
  LossWeights weights;
  const std::vector<Example>& examples;
  const std::vector<Example>& validation;
  StepPlanner planner;
  Schedule schedule;
  GradientExchange exchange;
  AdamW optimizer;
  TrainCursor cursor;
  Stopwatch watch;            // since run() began
  double seconds_before = 0;  // of training before that
  std::int64_t saved_step = -1;

  Body(TrainedModel m, Groups g, const TrainingSettings& s, LossWeights w, std::uint64_t seed,
       const std::vector<Example>& e, const std::vector<Example>& v)
      : model(std::move(m)),
        groups(g),
        settings(s),
        weights(w),
        examples(e),
        validation(v),
        planner(lengths_of(e), {.lanes = s.lanes,
                                .tokens_per_lane = s.tokens_per_lane,
                                .tokens_per_micro_batch = s.tokens_per_micro_batch,
                                .seed = seed}),
        schedule(s, planner, std::ssize(e)),
        exchange(model.parameters, groups),
        optimizer(model.parameters, s, exchange.begin(), exchange.end()) {}

  StepRecord step();
  void update_cursor(const StepPlan& plan);
  void check_finite(const StepRecord& record) const;
  void validate(const TrainHooks& hooks);
  void save(const TrainHooks& hooks, bool is_best);
  bool needs_clock() const;
  Progress progress() const;
};

// One optimiser step: plan, lanes, exchange, clip, update, hand round.
StepRecord Trainer::Body::step() {
  const Stopwatch step_watch;
  const StepPlan plan = planner.plan(cursor.position, schedule.stop());
  const LossCounts counts = planned_counts(plan, examples);
  const Topology ranks{.ranks = groups.data.size()};
  const LaneBatches batches = make_lane_batches(plan, examples, ranks.lanes_of(groups.data.rank(), settings.lanes));
  check_planned_counts(groups.data, counts, plan.num_tokens, batches);
  const StepGradient local = accumulate_lanes(model, batches, weights, counts);
  std::vector<std::int64_t> lanes_per_rank;
  for (int rank = 0; rank < groups.data.size(); ++rank)
    lanes_per_rank.push_back(ranks.lanes_of(rank, settings.lanes).count());
  const LossSums sums = sum_in_order(groups.data, "losses of the lanes", local.lane_sums, lanes_per_rank);
  const at::Tensor gradient = exchange.reduce(local.gradient);  // [owned]

  StepRecord record{.step = cursor.step + 1, .num_steps = schedule.num_steps().value_or(0), .counts = counts};
  record.loss = weighted_total(sums, weights, counts);
  for (std::size_t k = 0; k < sums.size(); ++k)
    record.terms[k] = counts[k] > 0 ? sums[k] / static_cast<double>(counts[k]) : 0.0;
  record.gradient_norm = exchange.norm(gradient);
  record.learning_rate = schedule.learning_rate(cursor.step, cursor.seconds);
  check_finite(record);
  optimizer.step(gradient, record.learning_rate, clip_scale(record.gradient_norm, settings.clip));
  exchange.gather_parameters();

  update_cursor(plan);
  record.num_tokens = plan.num_tokens;
  record.seconds = step_watch.seconds();
  record.tokens_per_second = static_cast<double>(plan.num_tokens) / record.seconds;
  return record;
}

void Trainer::Body::update_cursor(const StepPlan& plan) {
  std::vector<std::uint64_t> ids;
  for (std::int64_t p = plan.begin; p < plan.end; ++p) ids.push_back(examples[planner.example_at(p)].id);
  cursor.consumed_digest = extend_consumed_digest(cursor.consumed_digest, ids);
  cursor.position = plan.end;
  cursor.num_tokens += plan.num_tokens;
  ++cursor.step;
  if (!needs_clock()) return;
  double seconds = seconds_before + watch.seconds();
  const std::string text =
      broadcast_bytes(groups.world, "clock of rank 0", {reinterpret_cast<const char*>(&seconds), sizeof seconds}, 0);
  std::memcpy(&cursor.seconds, text.data(), sizeof seconds);
}

// Loss and norm are the same on all ranks, so all of them throw, before the weights are touched.
void Trainer::Body::check_finite(const StepRecord& record) const {
  if (std::isfinite(record.loss) && std::isfinite(record.gradient_norm)) return;
  const auto number = [](double x) { return std::isnan(x) ? std::string("nan") : fmt::format("{:g}", x); };
  FT_CHECK(false,
           "step {}: the loss is {}, the gradient's norm {}, at learning rate {}; the weights are still those of step "
           "{}. Go on from the last checkpoint with a smaller learning_rate, a longer warmup or a smaller clip",
           record.step, number(record.loss), number(record.gradient_norm), record.learning_rate, cursor.step);
}

void Trainer::Body::validate(const TrainHooks& hooks) {
  if (validation.empty()) return;
  const double loss = validation_loss(model, validation, settings.tokens_per_micro_batch, weights, groups.data);
  FT_CHECK(std::isfinite(loss), "the validation loss after step {} is {}", cursor.step, loss);
  if (hooks.on_validation) hooks.on_validation({.step = cursor.step, .loss = loss});
  if (cursor.best_step >= 0 && loss >= cursor.best_validation_loss) return;
  cursor.best_step = cursor.step;
  cursor.best_validation_loss = loss;
  save(hooks, true);
}

void Trainer::Body::save(const TrainHooks& hooks, bool is_best) {
  if (saved_step == cursor.step) return;
  if (hooks.save) hooks.save(cursor, is_best);
  saved_step = cursor.step;
}

bool Trainer::Body::needs_clock() const {
  const auto in_time = [](const Length& length) { return length.value > 0 && length.unit == Length::Unit::seconds; };
  return in_time(settings.length) || in_time(settings.save_every) || in_time(settings.validate_every);
}

Progress Trainer::Body::progress() const {
  return {.steps = cursor.step,
          .tokens = cursor.num_tokens,
          .epochs = static_cast<double>(cursor.position) / static_cast<double>(examples.size()),
          .seconds = cursor.seconds};
}

Trainer::Trainer(TrainedModel model, Groups groups, TrainingSettings settings, LossWeights weights, std::uint64_t seed,
                 const std::vector<Example>& examples, const std::vector<Example>& validation)
    : body_(std::make_unique<Body>(std::move(model), groups, settings, weights, seed, examples, validation)) {}

Trainer::Trainer(Decoder& model, Groups groups, TrainingSettings settings, LossWeights weights, std::uint64_t seed,
                 const std::vector<Example>& examples, const std::vector<Example>& validation)
    : Trainer(trained_model(model), groups, std::move(settings), weights, seed, examples, validation) {}

Trainer::~Trainer() = default;

OptimizerState& Trainer::optimizer_state() { return body_->optimizer.state(); }

void Trainer::set_cursor(const TrainCursor& cursor) {
  FT_CHECK(body_->optimizer.state().step == cursor.step, "the optimiser has done {} updates, the cursor says {}",
           body_->optimizer.state().step, cursor.step);
  body_->cursor = cursor;
  body_->saved_step = cursor.step;
}

const TrainCursor& Trainer::cursor() const { return body_->cursor; }

std::int64_t Trainer::num_steps() const { return body_->schedule.num_steps().value_or(0); }

TrainResult Trainer::run(const TrainHooks& hooks) {
  Body& b = *body_;
  b.watch.restart();
  b.seconds_before = b.cursor.seconds;
  TrainResult result;
  while (!b.schedule.over(b.cursor.step, b.cursor.seconds)) {
    const Progress before = b.progress();
    const StepRecord record = b.step();
    const Progress after = b.progress();
    result.last_loss = record.loss;
    if (hooks.on_step) hooks.on_step(record);
    const bool over = b.schedule.over(b.cursor.step, b.cursor.seconds);
    if (over || due(b.settings.validate_every, before, after)) b.validate(hooks);
    if (over || due(b.settings.save_every, before, after)) b.save(hooks, false);
    if (!over && hooks.stop_requested && hooks.stop_requested()) {
      b.save(hooks, false);
      throw StopRequested(fmt::format("stopped on request after step {}", b.cursor.step));
    }
  }
  result.cursor = b.cursor;
  return result;
}

}  // namespace ft
