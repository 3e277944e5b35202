// The `training` keys of a run file: what a training stage does, described once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "framework/base/units.h"

namespace ft {

class Binder;

struct TrainingSettings {
  int lanes = 8;
  std::int64_t tokens_per_lane = 2048;
  std::int64_t tokens_per_micro_batch = 2048;
  std::string compute = "float32";        // float32 | bfloat16: operands of matrix products
  std::int64_t max_length = 512;          // tokens of one document
  std::string too_long = "drop";          // drop | refuse
  double learning_rate = 1e-4;            // peak
  std::string schedule = "cosine";        // cosine | linear | constant
  double final_learning_rate = 0.0;       // as a fraction of the peak
  std::optional<Length> schedule_length;  // what the schedule falls over; none = the length
  Length warmup{0, Length::Unit::steps};
  Length length{1, Length::Unit::epochs};
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.0;
  std::string non_finite = "stop";                // stop | skip: where loss or gradient are no numbers
  int most_skipped = 10;                          // steps skipped in a row before training stops all the same
  double clip = 1.0;                              // largest gradient norm; 0 = no clipping
  std::string validation;                         // name of a problem set, or empty
  Length validate_every{0, Length::Unit::steps};  // 0 = only at the end
  Length save_every{600, Length::Unit::seconds};  // 0 = only at the end
  std::string save = "background";                // background | blocking
  std::string result = "last";                    // last | best: whose weights the stage hands on
  int keep = 2;                                   // checkpoints kept, besides the best by validation loss
  std::string keep_work = "all";                  // all | last | none: of them, once the stage's output is sealed
};

// Whether a longer `length` goes on from where a shorter one has ended, with the same bits: where the learning rate of a
// step does not depend on the length, nor the result on which steps were validated.
[[nodiscard]] bool can_extend(const TrainingSettings& settings);

// Names, units, kinds and documentation of the keys above. `length` is of the kind extends where can_extend(), else of
// the kind identity.
void describe(TrainingSettings& settings, Binder& binder);

}  // namespace ft
