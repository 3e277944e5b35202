// The stages of a run in the making, from the run file: what has been planned so far is what the next stage may refer to.
//
//   StagePlanner planner(plan, file, plugins, names);
//   for (const std::string& name : stages.keys()) planner.add(name, stages[name]);      // all are read,
//   planner.check_inputs(inputs, warnings);                                             // what they will read is looked at,
//   StageIdentifier identifier(plan, file, plugins, services);                          // and only then hashed
//   planner.for_each([&](StagePlan& stage, const Parser& parser) { identifier.identify(stage, parser); });
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/parser.h"
#include "framework/recipe/names.h"
#include "framework/recipe/run_plan.h"
#include "framework/recipe/stage_check.h"

namespace ft {

class StagePlanner {
 public:
  // `names`: what models, problem sets and stages are called. References must outlive this.
  StagePlanner(RunPlan& plan, const RunFile& file, const PluginLoader& plugins, Names& names);

  // The next stage of the run file, with those that it needs beside it. Throws UserError at its place.
  void add(const std::string& name, const Node& node);
  // On one rank. A complaint that has no place in the run file gets the stage's.
  void check_inputs(CheckedInputs& inputs, std::vector<std::string>& warnings) const;
  // What the run file says and no stage reads: keys of `training` and `grading`, models, problem sets.
  void check_use(std::vector<std::string>& warnings) const;
  // Each stage with where its keys were written.
  template <class Use>
  void for_each(const Use& use) {
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) use(plan_.stages[i], *parsers_[i]);
  }

 private:
  // Empty where some stage reads the key from `training` or `grading`.
  [[nodiscard]] std::string why_unread(const std::string& key) const;
  [[nodiscard]] bool is_named(std::string_view what, const std::string& name) const;
  void read(StagePlan& stage, const std::string& recipe, const Place& place) const;
  void insert(std::size_t at, StagePlan stage, std::unique_ptr<Parser> parser);
  [[nodiscard]] bool is_of_kind(const std::string& stage, ArtifactKind kind) const;
  // Attempts that the stage wants verdicts of get a stage that makes them; a stage of verdicts that is named in their place
  // brings its texts along.
  void bring_verdicts(StagePlan& stage, const Node& node);
  // The name of the stage that grades `attempts` as `reader` wants it: behind the attempts where that is by the section
  // `grading`, and before the reader where it has keys of its own.
  std::string verdicts_of(const std::string& attempts, const StagePlan& reader, const Node& node);

  RunPlan& plan_;
  const RunFile& file_;
  const PluginLoader& plugins_;
  Names& names_;
  std::vector<std::unique_ptr<Parser>> parsers_;  // of each stage: where its keys were written
  std::set<std::string> grading_keys_;
};

}  // namespace ft
