// What a recipe can know before anything runs: the problems, vocabularies and models that its stage will meet. A mistake
// that lies in a file is told within seconds this way, and not after the stages above the one that uses the file.
//
//   void check_inputs(StageCheck& check) const override {
//     for (const Problem* problem : check.problems(problems_).looked_at) ...
//     if (job_.per_problem == 0) check.fail("per_problem", "nothing is sampled");
//     if (check.given("top_k")) check.warn("top_k", "has no effect at temperature 0");
//   }
//
// One rank looks, for all of them (plan_run); the run, `ftrun plan` and `ftrun doctor` do so alike.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/comm/topology.h"
#include "framework/config/parser.h"
#include "framework/model/model_config.h"
#include "framework/recipe/run_plan.h"

namespace ft {

// A problem set as far as it is looked at: every token of a large one would take too long.
struct ProblemsToCheck {
  std::vector<Problem> problems;          // of the whole files, or of their first lines
  std::vector<const Problem*> looked_at;  // all of them, or the first ones and the longest
  std::size_t num_longest = 0;            // of looked_at: chosen for their length
  bool read = true;                       // to the end of the files
  bool whole = true;                      // looked_at is the whole set
};

// What the stages of one run file share while they are checked, each read once.
class CheckedInputs {
 public:
  CheckedInputs(const RunPlan& plan, const RunServices& services) : plan_(plan), services_(services) {}

  [[nodiscard]] const ProblemsToCheck& problems(const std::string& set);
  // By the name of a model or of a stage: of the model that the stage's training began with. Only where it is known.
  [[nodiscard]] bool knows(const std::string& model) const { return origin_of(model) != nullptr; }
  [[nodiscard]] const Tokenizer& tokenizer(const std::string& model);
  [[nodiscard]] const ModelConfig& config(const std::string& model);
  // After all stages: large sets to their ends, only to see that they can be read, and the keys of sets that no stage uses.
  void look_at_the_rest();
  // Which sets were looked at in part.
  [[nodiscard]] std::vector<std::string> notes() const;
  void keep(const std::string& model, ModelConfig config) { configs_[model] = std::move(config); }

  [[nodiscard]] const RunPlan& plan() const { return plan_; }
  [[nodiscard]] int ranks() const { return services_.ranks; }
  void check_stop() const {
    if (services_.check_stop) services_.check_stop();
  }

 private:
  const std::string* origin_of(const std::string& model) const;  // null: a recipe made it from no model of the run

  const RunPlan& plan_;
  const RunServices& services_;
  std::map<std::string, ProblemsToCheck> problems_;
  std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers_;
  std::map<std::string, ModelConfig> configs_;
};

class StageCheck {
 public:
  StageCheck(const StagePlan& stage, const Node& node, const Parser& parser, CheckedInputs& inputs,
             std::vector<std::string>& warnings)
      : stage_(stage), node_(node), parser_(parser), inputs_(inputs), warnings_(warnings) {}

  // True where the stage itself gives the key, not where it is a default or stands under `training`.
  [[nodiscard]] bool given(std::string_view key) const { return static_cast<bool>(node_[key]); }
  // True where it stands in the run file at all, under `training` too.
  [[nodiscard]] bool set(std::string_view key) const { return parser_.given(key); }
  // Throws UserError "file:line:column: stage 'x': KEY ..." at the place where the key was given, else at the stage.
  [[noreturn]] void fail(std::string_view key, std::string_view what) const;
  // A line for the log, in the same form: the run goes on.
  void warn(std::string_view key, std::string_view what);

  // Throws UserError of the data set where a file is missing, broken or without problems.
  [[nodiscard]] const ProblemsToCheck& problems(const std::string& set) { return inputs_.problems(set); }
  // Where the set is made of a stage's attempts; null for one that is given.
  [[nodiscard]] const AttemptSet* attempt_set(const std::string& set) const;
  // False for a model that a stage makes from none: its shape and vocabulary show only when it is there.
  [[nodiscard]] bool knows(const std::string& model) const { return inputs_.knows(model); }
  [[nodiscard]] const Tokenizer& tokenizer(const std::string& model) { return inputs_.tokenizer(model); }
  [[nodiscard]] const ModelConfig& config(const std::string& model) { return inputs_.config(model); }
  [[nodiscard]] const PromptTemplates& prompts() const { return inputs_.plan().prompts; }
  // An earlier stage of the run; there is one, for the names of inputs were checked before.
  [[nodiscard]] const StagePlan& source(const std::string& stage) const;
  // The grid that the run is started on.
  [[nodiscard]] Topology topology() const {
    return {.ranks = inputs_.ranks(), .tensor = inputs_.plan().parallel.tensor};
  }
  void check_stop() const { inputs_.check_stop(); }

 private:
  [[nodiscard]] std::string said(std::string_view key, std::string_view what) const;

  const StagePlan& stage_;
  Node node_;
  const Parser& parser_;
  CheckedInputs& inputs_;
  std::vector<std::string>& warnings_;
};

}  // namespace ft
