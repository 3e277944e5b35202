// A stage's training examples: made once for all stages that need the same ones, by all ranks side by side, and found
// again after an interruption (batching/example_store.h).
//
//   const Examples examples = stage_examples(stage, tokenizer, limit,
//       {.name = "train",
//        .decided_by = {"solutions", problems_digest},
//        .begin = [&](const std::filesystem::path& folder) { spool.emplace(...); return spool->num_problems(); },
//        .make = [&](auto blocks, const auto& add) {
//          for (const std::int64_t block : blocks) add(block, [&](ExampleSet& set) { ... });
//        }});
//
// They lie in <run folder>/examples/<key> until the run has come to its end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "framework/batching/example_list.h"
#include "framework/batching/examples.h"
#include "framework/recipe/stage_context.h"

namespace ft {

inline constexpr std::int64_t kProblemsABlock = 64;  // what a rank makes, and a kill loses, at a time

struct ExampleSource {
  std::string name;  // for messages: "train"
  // Everything that decides the examples but recipe, prompt templates, tokenizer and lengths, which are added.
  std::vector<std::string> decided_by;
  // Collective, called where examples are missing: gets ready to make them, and says of how many problems. Files that
  // it needs meanwhile may lie in `folder`, as ".<name>.partial": they go afterwards.
  std::function<std::int64_t(const std::filesystem::path& folder)> begin;
  // Local: the examples of these blocks, ascending. Calls add(block, fill) once for each, in their order; `fill` adds the
  // examples of the problems [block * kProblemsABlock, (block + 1) * kProblemsABlock), in their order. What was added counts
  // at the next start, too, whatever is thrown afterwards.
  using AddBlock = std::function<void(std::int64_t block, const std::function<void(ExampleSet& set)>& fill)>;
  std::function<void(std::span<const std::int64_t> blocks, const AddBlock& add)> make;
};

// Collective over world. The same list on every rank. Throws StopRequested on all ranks when asked to stop, what
// `source` throws, and Error where the store cannot be written.
[[nodiscard]] Examples stage_examples(StageContext& stage, const Tokenizer& tokenizer, const LengthLimit& limit,
                                      const ExampleSource& source);

// What identifies the problem set under this key of the stage: how it is read, its files by content, its limit.
[[nodiscard]] std::string problems_digest(const StagePlan& stage, const std::string& key);

[[nodiscard]] std::filesystem::path examples_folder(const RunPlan& plan);
// Rank 0, at the end of a run: no stage needs examples any more. Throws as store/files.h.
void sweep_examples(const RunPlan& plan);

}  // namespace ft
