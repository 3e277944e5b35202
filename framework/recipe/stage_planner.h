// The stages of a run in the making, from the run file: what has been planned so far is what the next stage may refer to.
//
//   StagePlanner planner(plan, file, plugins, names);
//   planner.add_all(file["stages"]);                                                    // all are read,
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

  // The stages of the run file, with those that they need beside them; where there are several seeds, those that depend on
  // it once for each, and then what gathers the seeds (Recipe::gathers_seeds). Throws UserError at their places.
  void add_all(const Node& stages);
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
  // The next stage of the run file.
  void add(const std::string& name, const Node& node);
  // The same stage with another seed: it reads what that seed has made, where there is such a thing.
  void add_copy(const StagePlan& original, const Node& node, std::int64_t seed);
  // `layers`: of keys, the last one wins.
  [[nodiscard]] std::unique_ptr<Parser> parse(StagePlan& stage, std::vector<Node> layers) const;
  [[nodiscard]] bool gathers(const Node& node) const;
  [[nodiscard]] bool depends_on_seed(const StagePlan& stage, std::int64_t seed) const;
  // What the input keys of such a stage are instead, as a layer; an empty map where they stay.
  [[nodiscard]] Node inputs_of_seed(const StagePlan& original, std::int64_t seed) const;
  [[nodiscard]] Node inputs_of_all_seeds(const StagePlan& stage) const;
  [[nodiscard]] std::vector<std::int64_t> other_seeds() const;
  // Empty where some stage reads the key from `training` or `grading`.
  [[nodiscard]] std::string why_unread(const std::string& key) const;
  [[nodiscard]] bool is_named(std::string_view what, const std::string& name) const;
  void read(StagePlan& stage, const std::string& recipe, const Place& place) const;
  void insert(std::size_t at, StagePlan stage, std::unique_ptr<Parser> parser);
  [[nodiscard]] bool is_of_kind(const std::string& stage, ArtifactKind kind) const;
  // Attempts that the stage wants verdicts of get a stage that makes them; a stage of verdicts that is named in their place
  // brings its texts along.
  void bring_verdicts(StagePlan& stage, const Node& node);
  // For each problem set that is made of attempts: they and their verdicts are inputs as well.
  void bring_sets(StagePlan& stage);
  // The stage of that name that the reader's seed has made.
  [[nodiscard]] std::string of_seed(const std::string& name, const StagePlan& reader) const;
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
