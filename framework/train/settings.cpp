#include "framework/train/settings.h"

#include "framework/config/binder.h"

namespace ft {
namespace {

constexpr double kMostTokens = 1 << 24;  // of what one rank computes in one go: beyond, it is a slip of the pen

}  // namespace

bool can_extend(const TrainingSettings& settings) {
  const bool takes_last = settings.result == ResultWeights::last || !validates(settings);
  return takes_last && (settings.schedule == ScheduleKind::constant || settings.schedule_length.has_value());
}

void describe(TrainingSettings& s, Binder& b) {
  using enum Length::Unit;
  b.identity("lanes", s.lanes,
             "fixed sequences of micro-batches that one optimiser step sums over; best a power of two",
             Range{1, 65536});
  b.identity("tokens_per_lane", s.tokens_per_lane, "room of one lane; lanes times this is the size of a step",
             Range{1, kMostTokens});
  b.identity("tokens_per_micro_batch", s.tokens_per_micro_batch,
             "tokens computed together; less saves memory and changes results by rounding only", Range{1, kMostTokens});
  b.choice("compute", s.compute, KeyKind::identity,
           "what matrix products with weights are computed from; weights, moments, norms, attention and losses are "
           "float32");
  b.execution(
      "recompute", s.recompute,
      "what the backward computes again instead of keeping it, to take less memory and more time: nothing, each "
      "layer from its input, or so many layers at a time from the input of the first of them");
  b.identity("max_length", s.max_length, "longest document in tokens", Range{2, kMostTokens});
  b.choice("too_long", s.too_long, KeyKind::identity,
           "what to do with longer documents: leave the example out and count it, or stop with its name");
  b.identity("learning_rate", s.learning_rate, "peak learning rate of AdamW", Range::above(0));
  b.choice("schedule", s.schedule, KeyKind::identity, "how the learning rate falls after the warm-up");
  b.identity("final_learning_rate", s.final_learning_rate, "where it falls to, as a fraction of the peak", Range{0, 1});
  b.identity("warmup", s.warmup, "linear rise of the learning rate at the start",
             Limits(Range::at_least(0), Units{steps, tokens, epochs}));
  b.identity("schedule_length", s.schedule_length,
             "what the learning rate falls over, where that is not `length`: then `length` may be raised later",
             Range::above(0));
  constexpr std::string_view kLength =
      "how long to train; with schedule: constant, or where schedule_length is given, and with result: last, a longer "
      "one goes on from what is there instead of beginning anew";
  if (can_extend(s)) {
    b.extends("length", s.length, kLength, Range::above(0));
  } else {
    b.identity("length", s.length, kLength, Range::above(0));
  }
  b.identity("beta1", s.beta1, "decay of AdamW's first moment", Range{.low = 0, .high = 1, .high_open = true});
  b.identity("beta2", s.beta2, "decay of AdamW's second moment", Range{.low = 0, .high = 1, .high_open = true});
  b.identity("epsilon", s.epsilon, "AdamW's denominator is at least this", Range::above(0));
  b.identity("weight_decay", s.weight_decay, "decoupled weight decay of matrices; norms and biases have none",
             Range::at_least(0));
  b.identity("clip", s.clip, "largest gradient norm, longer gradients are scaled down to it; 0 = no clipping",
             Range::at_least(0));
  b.choice("non_finite", s.non_finite, KeyKind::execution,
           "a step whose loss or gradient is infinite or no number: stop with the names of its examples, or leave the "
           "weights as they are and go on with the next step");
  b.execution("most_skipped", s.most_skipped, "steps that may be skipped in a row before training stops all the same",
              Range{1, 1000000});
  b.input("validation", s.validation, "problems",
          "problem set that validation looks at, which decides which checkpoint is the best");
  b.identity("validate_every", s.validate_every, "distance between validations; 0 = only at the end",
             Range::at_least(0));
  b.choice("result", s.result, KeyKind::identity,
           "the weights that the stage hands on: of its last step, or of its best validation");
  b.execution("save_every", s.save_every, "distance between checkpoints; 0 = only at the end", Range::at_least(0));
  b.choice("save", s.save, KeyKind::execution,
           "write checkpoints while training goes on, from a copy of the state in memory (12 bytes a parameter, shared "
           "by the data ranks); or from the state itself, so that the next update waits until it is written; or stand "
           "still");
  b.execution("keep", s.keep, "checkpoints kept, besides the best one", Range{1, 1000000});
  b.choice("keep_work", s.keep_work, KeyKind::execution,
           "which checkpoints stay when the stage's output is sealed: those that are there, the newest one (a longer "
           "length goes on from it) with the best one where that is the result, or none");
  if (s.schedule == ScheduleKind::constant) {
    for (const char* key : {"final_learning_rate", "schedule_length"}) b.idle(key, "schedule: constant does not fall");
  }
  if (!validates(s)) {
    for (const char* key : {"validate_every", "result"}) b.idle(key, "there is no validation");
  }
  if (s.non_finite == NonFinite::stop) b.idle("most_skipped", "non_finite: stop skips no step");
}

}  // namespace ft
