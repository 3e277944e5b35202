#include "framework/train/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "framework/base/clock.h"
#include "framework/base/error.h"
#include "framework/batching/step_plan.h"
#include "framework/train/gradient_exchange.h"
#include "framework/train/lanes.h"
#include "framework/train/non_finite.h"
#include "framework/train/optimizer.h"
#include "framework/train/schedule.h"
#include "framework/train/step_agreement.h"
#include "framework/train/validation.h"

namespace ft {

struct Trainer::Body {
  TrainedModel model;
  Groups groups;
  TrainingSettings settings;
  LossWeights weights;
  Examples examples;
  Examples validation;
  StepPlanner planner;
  Schedule schedule;
  GradientExchange exchange;
  AdamW optimizer;
  GradientBuffers gradients;
  TrainHooks hooks;  // of the run that is going on
  TrainCursor cursor;
  Stopwatch watch;            // since run() began
  double seconds_before = 0;  // of training before that
  std::int64_t saved_step = -1;
  bool stopping = false;         // after the step that is being made
  bool background_done = false;  // on all ranks, when they last agreed
  bool is_cut = false;           // the state is that after a step which the end of the length has cut short

  Body(TrainedModel m, Groups g, const TrainingSettings& s, LossWeights w, std::uint64_t seed, Examples e, Examples v)
      : model(std::move(m)),
        groups(g),
        settings(s),
        weights(w),
        examples(std::move(e)),
        validation(std::move(v)),
        planner(examples.size(), [all = examples](std::int64_t i) { return all.num_tokens(i); },
                {.lanes = s.lanes,
                 .tokens_per_lane = s.tokens_per_lane,
                 .tokens_per_micro_batch = s.tokens_per_micro_batch,
                 .seed = seed}),
        schedule(s, planner, examples.size()),
        exchange(model.parameters, groups),
        optimizer(model.parameters, s, exchange.begin(), exchange.end()) {
    model.parameters.set_compute(settings.compute == Compute::bfloat16 ? at::kBFloat16 : at::kFloat);
  }

  std::optional<StepRecord> step();
  void update_cursor(const StepPlan& plan, double seconds);
  StopBetween stop_between();
  StepAgreement agree(const LaneBatches& batches, const StepGradient& local, const LossCounts& counts,
                      const StepPlan& plan) const;
  void skip_or_stop(StepRecord& record, const StepPlan& plan);
  [[noreturn]] void stop();
  void validate();
  void save(bool is_best);
  bool next_step_is_cut();
  void end(bool validation_due);
  bool needs_clock() const;
  Progress progress() const;
};

// The ranks of a tensor group compute a micro-batch together, so they leave together.
StopBetween Trainer::Body::stop_between() {
  if (!hooks.stop_seen) return {};
  return [this] { return any_rank(groups.tensor, "stop between micro-batches", hooks.stop_seen()); };
}

// A stop that all lanes came before is for after the step.
StepAgreement Trainer::Body::agree(const LaneBatches& batches, const StepGradient& local, const LossCounts& counts,
                                   const StepPlan& plan) const {
  return agree_on_step(groups,
                       {.batches = batches,
                        .lanes = local,
                        .stop = local.complete && hooks.stop_seen && hooks.stop_seen(),
                        .background_done = hooks.background_done && hooks.background_done(),
                        .seconds = seconds_before + watch.seconds()},
                       counts, plan.num_tokens);
}

// One optimiser step: plan, lanes, exchange, clip, update, hand round. Nothing where the step was left.
std::optional<StepRecord> Trainer::Body::step() {
  const Stopwatch step_watch;
  const StepPlan plan = planner.plan(cursor.position, schedule.stop());
  const LossCounts counts = planned_counts(plan, examples);
  const Topology ranks{.ranks = groups.data.size()};
  const LaneBatches batches = make_lane_batches(plan, examples, ranks.lanes_of(groups.data.rank(), settings.lanes));
  const StepGradient local = accumulate_lanes(model, batches, weights, counts, gradients, stop_between());
  const StepAgreement together = agree(batches, local, counts, plan);
  stopping = stopping || together.stop;
  background_done = together.background_done;
  if (!together.complete) return std::nullopt;
  const LossSums& sums = together.sums;
  const at::Tensor gradient = exchange.reduce(local.gradient);  // [owned]

  StepRecord record{.step = cursor.step + 1, .num_steps = schedule.num_steps().value_or(0), .counts = counts};
  record.loss = weighted_total(sums, weights, counts);
  for (std::size_t k = 0; k < sums.size(); ++k)
    record.terms[k] = counts[k] > 0 ? sums[k] / static_cast<double>(counts[k]) : 0.0;
  record.gradient_norm = exchange.norm(gradient);
  record.learning_rate = schedule.learning_rate(cursor.step, cursor.seconds);
  if (std::isfinite(record.loss) && std::isfinite(record.gradient_norm)) {
    if (hooks.before_update) hooks.before_update();
    optimizer.step(gradient, record.learning_rate, clip_scale(record.gradient_norm, settings.clip));
    exchange.gather_parameters();
    cursor.skipped_in_row = 0;
  } else {
    skip_or_stop(record, plan);
  }

  update_cursor(plan, together.seconds);
  record.num_tokens = plan.num_tokens;
  record.seconds = step_watch.seconds();
  record.tokens_per_second = static_cast<double>(plan.num_tokens) / record.seconds;
  return record;
}

// `seconds`: of rank 0's clock, so that all ranks end a length in time at the same step.
void Trainer::Body::update_cursor(const StepPlan& plan, double seconds) {
  std::vector<std::uint64_t> ids;
  for (std::int64_t p = plan.begin; p < plan.end; ++p) ids.push_back(examples.id(planner.example_at(p)));
  cursor.consumed_digest = extend_consumed_digest(cursor.consumed_digest, ids);
  cursor.position = plan.end;
  cursor.num_tokens += plan.num_tokens;
  cursor.last_step_tokens = plan.num_tokens;
  cursor.num_examples = std::ssize(examples);
  ++cursor.step;
  if (needs_clock()) cursor.seconds = seconds;
}

// Loss and norm are the same on all ranks, so all of them skip or throw, and the weights are untouched.
void Trainer::Body::skip_or_stop(StepRecord& record, const StepPlan& plan) {
  const Topology ranks{.ranks = groups.data.size()};
  record.suspects = find_suspects(model, plan, examples, ranks.lanes_of(groups.data.rank(), settings.lanes), weights,
                                  record.counts, groups, hooks.describe);
  ++cursor.skipped;
  ++cursor.skipped_in_row;
  record.skipped = true;
  if (settings.non_finite == NonFinite::skip && cursor.skipped_in_row <= settings.most_skipped) return;
  const auto number = [](double x) { return std::isnan(x) ? std::string("nan") : fmt::format("{:g}", x); };
  const std::string before =
      cursor.skipped_in_row > 1 ? fmt::format(" ({} steps before it were skipped)", cursor.skipped_in_row - 1) : "";
  throw Error(
      fmt::format("step {}: the loss is {}, the gradient's norm {}, at learning rate {}; {}. The weights are still "
                  "those of step {}{}. Look "
                  "at these examples, or set training.non_finite: skip; where weights diverge: a smaller "
                  "learning_rate, a longer warmup or a "
                  "smaller clip",
                  record.step, number(record.loss), number(record.gradient_norm), record.learning_rate, record.suspects,
                  cursor.step + 1 - cursor.skipped_in_row, before));
}

void Trainer::Body::stop() {
  save(false);
  throw StopRequested(fmt::format("stopped on request after step {}", cursor.step));
}

void Trainer::Body::validate() {
  if (validation.empty()) return;
  const auto found =
      validation_loss(model, validation, settings.tokens_per_micro_batch, weights, groups.data, stop_between());
  FT_CHECK(!found || std::isfinite(*found), "the validation loss after step {} is {}", cursor.step, *found);
  const std::optional<double> measure = found && hooks.measure ? hooks.measure() : std::nullopt;
  cursor.validation_due = !found || (hooks.measure && !measure);
  if (cursor.validation_due) stop();
  const double loss = *found;
  if (hooks.on_validation) hooks.on_validation({.step = cursor.step, .loss = loss, .measure = measure});
  const bool decides = measure && hooks.measure_decides;
  const bool better = decides ? *measure > cursor.best_measure : loss < cursor.best_validation_loss;
  if (cursor.best_step >= 0 && !better) return;
  cursor.best_step = cursor.step;
  cursor.best_validation_loss = loss;
  cursor.best_measure = measure.value_or(0);
  save(true);
}

void Trainer::Body::save(bool is_best) {
  if (saved_step == cursor.step || is_cut) return;
  if (hooks.save) hooks.save(cursor, is_best);
  saved_step = cursor.step;
}

// Only a length in epochs ends within what would be one step.
bool Trainer::Body::next_step_is_cut() {
  if (!can_extend(settings) || cursor.step + 1 != schedule.num_steps()) return false;
  const std::int64_t stop = schedule.stop();
  return planner.measure(cursor.position, std::numeric_limits<std::int64_t>::max()).end > stop;
}

// After the last step. A training that can be extended is saved as a longer one would be here: before the validation
// that only the end asks for.
void Trainer::Body::end(bool validation_due) {
  const bool may_go_on = can_extend(settings);
  if (may_go_on && settings.length.unit == Length::Unit::seconds) cursor.end_of = to_string(settings.length);
  if (may_go_on && !validation_due) {
    cursor.end_validation_due = !validation.empty();
    save(false);
    cursor.end_validation_due = false;
  }
  validate();
  save(false);
}

bool Trainer::Body::needs_clock() const {
  const auto in_time = [](const Length& length) { return length.value > 0 && length.unit == Length::Unit::seconds; };
  return in_time(settings.length) || in_time(settings.schedule_length.value_or(settings.length)) ||
         in_time(settings.save_every) || in_time(settings.validate_every);
}

Progress Trainer::Body::progress() const {
  return {.steps = cursor.step,
          .tokens = cursor.num_tokens,
          .epochs = static_cast<double>(cursor.position) / static_cast<double>(examples.size()),
          .seconds = cursor.seconds};
}

Trainer::Trainer(TrainedModel model, Groups groups, TrainingSettings settings, LossWeights weights, std::uint64_t seed,
                 Examples examples, Examples validation)
    : body_(std::make_unique<Body>(std::move(model), groups, settings, weights, seed, std::move(examples),
                                   std::move(validation))) {}

Trainer::Trainer(Decoder& model, Groups groups, TrainingSettings settings, LossWeights weights, std::uint64_t seed,
                 Examples examples, Examples validation)
    : Trainer(trained_model(model, settings.recompute), groups, settings, weights, seed, std::move(examples),
              std::move(validation)) {}

Trainer::~Trainer() = default;

OptimizerState& Trainer::optimizer_state() { return body_->optimizer.state(); }

void Trainer::set_cursor(const TrainCursor& cursor) {
  FT_CHECK(body_->optimizer.state().step == cursor.step - cursor.skipped,
           "the optimiser has done {} updates, the cursor says {} steps of which {} were skipped",
           body_->optimizer.state().step, cursor.step, cursor.skipped);
  body_->cursor = cursor;
  body_->saved_step = cursor.step;
}

const TrainCursor& Trainer::cursor() const { return body_->cursor; }

std::int64_t Trainer::num_steps() const { return body_->schedule.num_steps().value_or(0); }

std::int64_t Trainer::warmup_steps() const { return body_->schedule.warmup_steps(); }

std::optional<bool> is_within(const TrainCursor& cursor, const Length& length) {
  switch (length.unit) {
    case Length::Unit::steps:
      return cursor.step <= std::llround(length.value);
    case Length::Unit::seconds:
      return cursor.seconds < length.value || cursor.end_of == to_string(length);
    case Length::Unit::epochs:  // as examples_of() in schedule.cpp rounds
      if (cursor.num_examples <= 0) return std::nullopt;
      return cursor.position <= std::llround(length.value * static_cast<double>(cursor.num_examples));
    case Length::Unit::tokens:  // the last step is the first after which there are enough
      if (cursor.step > 0 && cursor.last_step_tokens <= 0) return std::nullopt;
      return cursor.step == 0 || static_cast<double>(cursor.num_tokens - cursor.last_step_tokens) < length.value;
  }
  return std::nullopt;
}

bool Trainer::reaches(const TrainCursor& cursor) const {
  const Body& b = *body_;
  if (!can_extend(b.settings)) return true;
  if (const auto known = is_within(cursor, b.settings.length)) return *known;
  if (const auto num_steps = b.schedule.num_steps())
    return cursor.step <= *num_steps && cursor.position <= b.schedule.stop();
  return !b.schedule.over(cursor.step, cursor.seconds) || cursor.end_of == to_string(b.settings.length);
}

TrainResult Trainer::run(TrainHooks hooks) {
  Body& b = *body_;
  b.hooks = std::move(hooks);
  b.watch.restart();
  b.seconds_before = b.cursor.seconds;
  TrainResult result;
  if (b.cursor.validation_due) {  // what a stop has cut off; its save is made again, knowing more
    b.saved_step = -1;
    b.validate();
    b.save(false);
  }
  if (std::exchange(b.cursor.end_validation_due, false) && b.schedule.over(b.cursor.step, b.cursor.seconds))
    b.validate();
  while (!b.schedule.over(b.cursor.step, b.cursor.seconds)) {
    b.cursor.end_of.clear();
    const bool will_be_cut = b.next_step_is_cut();
    if (will_be_cut) b.save(false);
    const Progress before = b.progress();
    const std::optional<StepRecord> record = b.step();
    if (!record) b.stop();
    b.is_cut = will_be_cut;
    const Progress after = b.progress();
    result.last_loss = record->loss;
    if (b.hooks.on_step) b.hooks.on_step(*record);
    if (b.background_done && b.hooks.advance_background) b.hooks.advance_background();
    const bool over = b.schedule.over(b.cursor.step, b.cursor.seconds);
    const bool validation_due = due(b.settings.validate_every, before, after);
    if (over) {
      b.end(validation_due);
      break;
    }
    if (validation_due) b.validate();
    if (due(b.settings.save_every, before, after)) b.save(false);
    if (b.stopping) b.stop();
  }
  result.cursor = b.cursor;
  return result;
}

}  // namespace ft
