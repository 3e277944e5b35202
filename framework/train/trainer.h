// The training loop, the same for every recipe: plan the step, accumulate lanes, reduce, clip, update, log, validate,
// save.
//
// Bits: within a lane micro-batches are summed in order; lanes merge pairwise; ranks continue the same tree
// (tree_sum.h); norms are sums over blocks in order; AdamW runs on owned blocks only (ZeRO-1). So a rerun, a resume
// after any kill and any power-of-two data size give the same weights.
//
//   Trainer trainer(model, groups, settings, weights, examples);
//   trainer.restore(state) ...            // from a checkpoint, optional
//   TrainResult r = trainer.run(hooks);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/batching/example_list.h"
#include "framework/comm/groups.h"
#include "framework/model/decoder.h"
#include "framework/train/lanes.h"
#include "framework/train/optimizer_state.h"
#include "framework/train/settings.h"

namespace ft {

// One line of the step log; all fields are the same on every rank.
struct StepRecord {
  std::int64_t step = 0;                                // 1 after the first update
  std::int64_t num_steps = 0;                           // planned in all
  double loss = 0;                                      // weighted total over the whole step, before the update
  std::array<double, kNumLossKinds> terms = {};         // each kind's mean, unweighted; 0 where the step has none of it
  std::array<std::int64_t, kNumLossKinds> counts = {};  // each kind's units
  double gradient_norm = 0;                             // before clipping
  double learning_rate = 0;
  std::int64_t num_tokens = 0;  // of this step
  double seconds = 0;           // of this step on this rank
  double tokens_per_second = 0;
  bool skipped = false;  // loss or norm are no numbers: the weights were left as they are
  std::string suspects;  // then: the examples to blame, in words
};

struct ValidationRecord {
  std::int64_t step = 0;
  double loss = 0;
  std::optional<double> measure = {};  // TrainHooks::measure
};

// Where a training run stands; with weights and moments it is everything a resume needs.
struct TrainCursor {
  std::int64_t step = 0;
  std::int64_t position = 0;  // examples consumed of the endless order
  std::int64_t num_tokens = 0;
  // Spent in training, over all starts, when the last step began to exchange gradients (train/step_agreement.h); decides
  // only lengths given in time.
  double seconds = 0;
  std::string consumed_digest;      // of the ids consumed, equal at any data size
  double best_validation_loss = 0;  // of the best step
  double best_measure = 0;          // likewise, where the measure decides
  std::int64_t best_step = -1;
  std::int64_t skipped = 0;         // steps without an update, in all; the optimiser has made step - skipped updates
  std::int64_t skipped_in_row = 0;  // of them, up to now
  bool validation_due = false;      // a stop on request came in the middle of this step's validation
  // Where can_extend(settings): this was the last step of a length, and the validation of its end is not counted here,
  // because a longer training makes none at this step.
  bool end_validation_due = false;
  std::string end_of;  // of which length in time this is the end; empty elsewhere
  // What `step` and `num_tokens` are to be compared with; 0 in checkpoints of older programs.
  std::int64_t num_examples = 0;      // of one epoch
  std::int64_t last_step_tokens = 0;  // of num_tokens: of the step that was made last
};

// Whether a training that stands there may end at `length`, or has yet to come to it; false where it is beyond. Nothing
// where an older program's checkpoint does not tell. Only of use where can_extend(): elsewhere every length begins anew.
[[nodiscard]] std::optional<bool> is_within(const TrainCursor& cursor, const Length& length);

struct TrainHooks {
  std::function<void(const StepRecord&)> on_step;              // every rank
  std::function<void(const ValidationRecord&)> on_validation;  // every rank
  // Collective: what a validation measures beside the loss, the higher the better; nothing where a rank was asked to stop.
  // May be empty. `measure_decides`: the best step is that of the highest measure, not of the lowest loss.
  std::function<std::optional<double>()> measure;
  bool measure_decides = false;
  // Collective: seal a checkpoint of the current state. `is_best`: the validation is the best so far.
  std::function<void(const TrainCursor&, bool is_best)> save;
  // Local: has this rank been asked to stop? Asked before every micro-batch; the ranks agree once a step. A step that
  // some rank has left is dropped by all; then the state is saved and StopRequested thrown.
  std::function<bool()> stop_seen;
  // Local: has this rank done its part of what goes on beside the training (a checkpoint on its way to the disk)? Asked
  // once a step. When all ranks have, `advance_background` is called after the step.
  std::function<bool()> background_done;
  std::function<void()> advance_background;  // collective
  // Local: the weights and moments are about to change. May be empty.
  std::function<void()> before_update;
  // Words for an example by its index, for messages; may be empty.
  std::function<std::string(std::int64_t example)> describe;
};

struct TrainResult {
  TrainCursor cursor;
  double last_loss = 0;
};

class Trainer {
 public:
  // Collective over groups.world. `examples` and `validation` are the same on every rank.
  Trainer(Decoder& model, Groups groups, TrainingSettings settings, LossWeights weights, std::uint64_t seed,
          Examples examples, Examples validation);
  // The same for anything that gives log-probabilities.
  Trainer(TrainedModel model, Groups groups, TrainingSettings settings, LossWeights weights, std::uint64_t seed,
          Examples examples, Examples validation);
  ~Trainer();

  // The optimiser's state of this rank's owned blocks: written into checkpoints, filled by a resume before run().
  [[nodiscard]] OptimizerState& optimizer_state();
  void set_cursor(const TrainCursor& cursor);
  [[nodiscard]] const TrainCursor& cursor() const;
  [[nodiscard]] std::int64_t num_steps() const;
  [[nodiscard]] std::int64_t warmup_steps() const;
  // Whether training may go on from there: false where that is beyond the end of settings.length.
  [[nodiscard]] bool reaches(const TrainCursor& cursor) const;

  // Collective. Where can_extend(settings), a last step that is cut short by the end of the length is no step of a
  // longer training: then the state before it is saved, and that after it is not. Trains to the end of settings.length
  // from wherever the cursor stands.
  TrainResult run(TrainHooks hooks);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace ft
