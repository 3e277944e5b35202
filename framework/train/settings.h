// The `training` keys of a run file: what a training stage does, described once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "framework/base/compute.h"
#include "framework/base/recompute.h"
#include "framework/base/units.h"
#include "framework/batching/too_long.h"

namespace ft {

class Binder;

enum class ScheduleKind { cosine, linear, constant };
enum class NonFinite { stop, skip };
enum class SaveMode { background, in_place, blocking };
enum class ResultWeights { last, best };
enum class KeepWork { all, last, none };
constexpr auto names_of(ScheduleKind) { return std::to_array<std::string_view>({"cosine", "linear", "constant"}); }
constexpr auto names_of(NonFinite) { return std::to_array<std::string_view>({"stop", "skip"}); }
constexpr auto names_of(SaveMode) { return std::to_array<std::string_view>({"background", "in_place", "blocking"}); }
constexpr auto names_of(ResultWeights) { return std::to_array<std::string_view>({"last", "best"}); }
constexpr auto names_of(KeepWork) { return std::to_array<std::string_view>({"all", "last", "none"}); }

struct TrainingSettings {
  int lanes = 8;
  std::int64_t tokens_per_lane = 2048;
  std::int64_t tokens_per_micro_batch = 2048;
  Compute compute = Compute::float32;  // operands of matrix products
  Recompute recompute;
  std::int64_t max_length = 512;  // tokens of one document
  TooLong too_long = TooLong::drop;
  double learning_rate = 1e-4;  // peak
  ScheduleKind schedule = ScheduleKind::cosine;
  double final_learning_rate = 0.0;       // as a fraction of the peak
  std::optional<Length> schedule_length;  // what the schedule falls over; none = the length
  Length warmup{0, Length::Unit::steps};
  Length length{1, Length::Unit::epochs};
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.0;
  NonFinite non_finite = NonFinite::stop;         // where loss or gradient are no numbers
  int most_skipped = 10;                          // steps skipped in a row before training stops all the same
  double clip = 1.0;                              // largest gradient norm; 0 = no clipping
  std::string validation;                         // name of a problem set, or empty
  bool validates_otherwise = false;               // no key: set by a recipe that has examples of another sort for it
  Length validate_every{0, Length::Unit::steps};  // 0 = only at the end
  Length save_every{600, Length::Unit::seconds};  // 0 = only at the end
  SaveMode save = SaveMode::background;
  ResultWeights result = ResultWeights::last;  // whose weights the stage hands on
  int keep = 2;                                // checkpoints kept, besides the best by validation loss
  KeepWork keep_work = KeepWork::all;          // of them, once the stage's output is sealed
};

// Whether there is a validation at all.
[[nodiscard]] inline bool validates(const TrainingSettings& s) {
  return !s.validation.empty() || s.validates_otherwise;
}

// Whether a longer `length` goes on from where a shorter one has ended, with the same bits: where the learning rate of a
// step does not depend on the length, nor the result on which steps were validated.
[[nodiscard]] bool can_extend(const TrainingSettings& settings);

// Names, units, kinds and documentation of the keys above. `length` is of the kind extends where can_extend(), else of
// the kind identity.
void describe(TrainingSettings& settings, Binder& binder);

}  // namespace ft
