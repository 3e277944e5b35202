// How much memory and disk a stage will take, from the run file, the model's shape and the size of its problems alone:
// for `ftrun plan`, `ftrun doctor` and a warning at a run's start. A run notes the memory that it really took in its
// ledger, so the two can be compared (`ftrun plan --compare`).
//
//   Footprints footprints(plan, services);
//   for (const StagePlan& stage : plan.stages) footprints.of(stage, {.ranks = 8, .tensor = 2}).memory();
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "framework/model/model_config.h"
#include "framework/recipe/run_plan.h"
#include "launch/text_sizes.h"

namespace ft {

struct Grid {
  int ranks = 1, tensor = 1;
  int per_host = 0;  // ranks that one host has; 0: all
  [[nodiscard]] int data() const { return ranks > tensor ? ranks / tensor : 1; }
};

// Something that memory is taken for. What the ranks of a host share is part of each one's `bytes`, but the host has it
// once.
struct MemoryPart {
  MemoryPart(std::string what, double bytes) : MemoryPart(std::move(what), bytes, bytes, 0) {}
  MemoryPart(std::string what, double bytes, double each, double once)
      : what(std::move(what)), bytes(bytes), each(each), once(once) {}

  std::string what;
  double bytes;       // as the kernel counts it for the rank that needs most
  double each, once;  // of a host: what every rank of it adds, and what it has once, however many they are
};

struct Footprint {
  std::string stage;
  std::string model;              // where the weights come from; empty: a stage without a model
  std::int64_t parameters = 0;    // of the whole model
  std::vector<MemoryPart> parts;  // on the rank that needs most, beside what the program holds at first
  std::int64_t checkpoint = 0;    // bytes of one checkpoint: weights and both moments
  std::int64_t disk = 0;          // bytes that the stage leaves, with the checkpoints that it keeps

  [[nodiscard]] std::int64_t memory() const;  // all parts together, in bytes
  // What `ranks` on one host take together, in bytes; each holds `own` of its own before the stage.
  [[nodiscard]] double on_host(int ranks, std::int64_t own) const;
  [[nodiscard]] std::string parts_text() const;  // "weights 538 MB, gradients 538 MB, ..."
};

// The footprints of a plan's stages on any grid. Tokenizers and problem sets are read once.
class Footprints {
 public:
  // Both must outlive this.
  Footprints(const RunPlan& plan, const RunServices& services) : plan_(plan), services_(services) {}
  [[nodiscard]] Footprint of(const StagePlan& stage, const Grid& grid);
  [[nodiscard]] std::vector<Footprint> all(const Grid& grid);  // in the plan's order

 private:
  const Tokenizer& tokenizer_of(const std::string& model);
  const TextSizes& sizes_of(const StagePlan& stage, const Tokenizer& tokenizer);

  const RunPlan& plan_;
  const RunServices& services_;
  std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers_;  // by the model's name
  std::map<std::string, TextSizes> sizes_;                        // by the stage's name
  ProblemSets problems_;
};

}  // namespace ft
