// A stage that grades: finds the answer in each text, compares it with the reference, and seals the verdicts. Nothing
// is sampled: another grader or other conventions cost the reading of the texts.
//
// Problems are cut into blocks of about a megabyte of attempts, whatever the number of ranks; each rank grades some that
// follow each other, each becomes one file, verdicts-00000.jsonl, ..., in the order of the problems. No rank holds more
// than a problem's attempts and a block's verdicts. A block that was finished before an interruption is kept.
#pragma once

#include <cstdint>
#include <filesystem>

#include "framework/recipe/grading.h"
#include "framework/recipe/stage_context.h"

namespace ft {

struct GradingJob {
  std::filesystem::path attempts;  // a sealed folder of attempts
  GradingSettings settings;
  std::int64_t bytes_per_block = 1 << 20;  // of attempts
};

// Collective. Throws StopRequested when asked to stop; finished blocks are kept.
void run_grading(StageContext& stage, const GradingJob& job);

}  // namespace ft
