// solution_sft: fine-tunes a model on step-by-step solutions (maximum likelihood of solution and end token given the
// problem). The first stage of the method, its third (the generator again), and every control run.
//
//   solver: {recipe: solution_sft, model: base, problems: train, length: 2epochs}
//   solver: {recipe: solution_sft, model: base, problems: train, length: 2epochs, validation: valid,
//            validate_every: 500steps, accuracy_attempts: 4, result: best, best_by: accuracy}

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "framework/batching/examples.h"
#include "framework/grade/version.h"
#include "framework/recipe/problem_spool.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/reference_check.h"
#include "framework/recipe/stage_examples.h"
#include "framework/recipe/training_check.h"
#include "framework/recipe/training_stage.h"
#include "framework/recipe/verifier_check.h"

namespace ft {
namespace {

enum class BestBy { loss, accuracy };
constexpr auto names_of(BestBy) { return std::to_array<std::string_view>({"loss", "accuracy"}); }

class SolutionSft final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("model", model_, "model", "the model that training starts from");
    b.required_input("problems", problems_, "problems", "whose solutions are learned");
    b.identity("style", style_, "only solutions of this style (terse, fine, gsm8k, math, prm800k); empty = all");
    ft::describe(settings_, b);
    const AccuracySettings none;
    b.identity_unless(none.attempts, "accuracy_attempts", accuracy_.attempts,
                      "attempts sampled at each problem of `validation`, whose accuracy (by the default conventions of "
                      "grading) is told "
                      "beside the loss; 0 = none",
                      Range{0, 1000});
    b.identity_unless(none.max_new_tokens, "accuracy_max_new_tokens", accuracy_.max_new_tokens,
                      "their longest, in tokens", Range{1, 1 << 20});
    b.choice_unless(BestBy::loss, "best_by", best_by_, "what decides which step is the best (result: best)");
    if (best_by_ == BestBy::accuracy)  // another grader may find another step the best
      b.choice("accuracy_grader", accuracy_grader_, {std::string(grade::kGraderVersion)}, KeyKind::identity,
               "the grader that says which attempts are right: this program's");
    describe_idle(b);
  }

  ArtifactKind output() const override { return ArtifactKind::model; }
  PlannedWork work() const override {
    return TrainingWork{.model = model_,
                        .settings = settings_,
                        .accuracy = settings_.validation.empty() ? AccuracySettings() : accuracy()};
  }
  PromptTemplates read_prompts(const PromptTemplates& templates) const override { return {.solver = templates.solver}; }

  void check_inputs(StageCheck& check) const override {
    check_training(check, model_, settings_);
    if (!check.knows(model_)) return;
    const std::vector<Example> examples = look_at(check, "problems", problems_);
    if (!settings_.validation.empty()) (void)look_at(check, "validation", settings_.validation);
    check_accuracy(check);
    if (!check.problems(problems_).whole) return;  // nobody knows yet how many examples
    std::vector<std::int64_t> lengths;
    for (const Example& example : examples) lengths.push_back(example.num_tokens());
    check_schedule(check, settings_, lengths);
  }

  void run(StageContext& stage) override {
    LoadedModel model = load_model(stage, model_);
    TrainingJob job{.settings = settings_};
    const ExampleBuilder build(*model.tokenizer, stage.run.prompts);
    job.examples = examples(stage, *model.tokenizer, build, "problems", problems_, job.facts["examples"]);
    if (!settings_.validation.empty()) {
      job.validation =
          examples(stage, *model.tokenizer, build, "validation", settings_.validation, job.facts["validation"]);
      if (job.validation.empty())
        fail_user(fmt::format("there are no validation examples in '{}': all were left out as too long",
                              settings_.validation));
    }
    if (accuracy_.attempts > 0 && !settings_.validation.empty()) {
      job.measure = sampled_accuracy(stage, model, settings_.validation, accuracy());
      job.measure.decides = best_by_ == BestBy::accuracy;
    }
    run_training(stage, model, std::move(job));
  }

 private:
  [[nodiscard]] AccuracySettings accuracy() const {
    AccuracySettings accuracy = accuracy_;
    accuracy.compute = settings_.compute;
    return accuracy;
  }

  void describe_idle(Binder& b) const {
    const bool none = settings_.validation.empty();
    if (none) b.idle("accuracy_attempts", "there is no validation");
    if (none || accuracy_.attempts == 0)
      b.idle("accuracy_max_new_tokens", none ? "there is no validation" : "accuracy_attempts is 0");
    if (none || settings_.result == ResultWeights::last) {
      const char* why = none ? "there is no validation" : "result: last takes the last step";
      b.idle("best_by", why);
      if (best_by_ == BestBy::accuracy) b.idle("accuracy_grader", why);
    }
  }

  void check_accuracy(StageCheck& check) const {
    const bool decides = best_by_ == BestBy::accuracy && settings_.result == ResultWeights::best;
    if (decides && !settings_.validation.empty() && accuracy_.attempts == 0)
      check.fail("best_by", "is accuracy, but no attempt is sampled to look at: set accuracy_attempts (such as 4)");
    if (accuracy_.attempts == 0 || settings_.validation.empty()) return;
    const ProblemsToCheck& problems = check.problems(settings_.validation);
    if (const auto ungradable = describe_ungradable(problems.problems))
      check.warn("validation", fmt::format("names '{}': {}", settings_.validation, *ungradable));
    const std::int64_t context = check.config(model_).max_position;
    const ExampleBuilder build(check.tokenizer(model_), check.prompts());
    for (const Problem* problem : problems.looked_at) {
      const std::int64_t prompt = std::ssize(build.solver_prompt(problem->text));
      if (context > 0 && prompt >= context)
        check.fail("validation", fmt::format("names '{}': the prompt of problem '{}' has {} tokens, the model was made "
                                             "for {}: nothing can be sampled at it",
                                             settings_.validation, problem->id, prompt, context));
    }
  }

  // A text that the vocabulary cannot express, or a solution with an end in its middle, is of some problem: it is named.
  static Example example(const Tokenizer& tokenizer, const ExampleBuilder& build, const Problem& problem,
                         std::size_t index) {
    try {
      Example made = build.solution(problem, index);
      check_sample(tokenizer, made);
      return made;
    } catch (const UserError& error) {
      fail_user(fmt::format("{}: {}", describe_solution(problem, index), error.what()));
    }
  }

  // The examples of the problems that are looked at; refuses a set that gives none.
  std::vector<Example> look_at(StageCheck& check, const char* key, const std::string& set) const {
    if (const AttemptSet* made = check.attempt_set(set)) return look_at_attempts(check, key, set, *made);
    const ProblemsToCheck& problems = check.problems(set);
    if (problems.problems.empty() && !problems.whole) return {};
    refuse_given_attempts(check, key, set);
    const Tokenizer& tokenizer = check.tokenizer(model_);
    const ExampleBuilder build(tokenizer, check.prompts());
    ExampleSet seen(limit());
    for (const Problem* problem : problems.looked_at) {
      check.check_stop();
      add(tokenizer, build, *problem, seen);
    }
    const ExampleTallies& tallies = seen.tallies();
    if (problems.whole && tallies.examples == 0) {
      check.fail(
          key,
          tallies.dropped > 0
              ? fmt::format("gives no training examples: all were left out as too long ({})", tallies.summary())
              : fmt::format(
                    "gives no training examples: none of the {} problems of '{}' has a solution{}",
                    problems.problems.size(), set,
                    style_.empty() ? "" : fmt::format(" of the style '{}'{}", style_, styles_of(problems.problems))));
    }
    if (tallies.dropped * 5 > tallies.examples) {
      check.warn("max_length", fmt::format("is {}: of the examples of '{}' that were looked at, {}",
                                           settings_.max_length, set, tallies.summary()));
    }
    for (const Example& one : seen.examples())
      check_context(check, model_, one.num_tokens(), fmt::format("an example of '{}'", set));
    return seen.take();
  }

  // Before there is an attempt: what no attempt can mend.
  std::vector<Example> look_at_attempts(StageCheck& check, const char* key, const std::string& name,
                                        const AttemptSet& set) const {
    const bool takes_attempts = style_.empty() || style_ == kAttemptStyle;
    if (!set.with.empty()) refuse_given_attempts(check, key, set.with);
    if (set.with.empty() && !takes_attempts) {
      check.fail("style", fmt::format("is '{}', but '{}' is made of attempts alone: their style is '{}'", style_, name,
                                      kAttemptStyle));
    }
    if (set.with.empty() && sampled_per_problem(texts_of(check, set.attempts)) == 0) {
      check.fail(key, fmt::format("names '{}', made of the attempts of '{}', whose per_problem is 0: there are none",
                                  name, set.attempts));
    }
    const ExampleBuilder build(check.tokenizer(model_), check.prompts());
    for (const ProblemsToCheck* asked : problems_of_attempts(check, set.attempts)) {
      if (!asked->whole || asked->looked_at.empty()) continue;
      std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
      for (const Problem* problem : asked->looked_at)
        shortest = std::min(shortest, std::ssize(build.solver_prompt(problem->text)));
      if (shortest >= settings_.max_length) {
        check.fail("max_length", fmt::format("is {}: the prompts of '{}' have {} tokens or more before any solution",
                                             settings_.max_length, name, shortest));
      }
    }
    if (!takes_attempts) (void)look_at(check, key, set.with);
    return {};
  }

  static std::string styles_of(const std::vector<Problem>& problems) {
    std::set<std::string> styles;
    for (const Problem& problem : problems) {
      for (const Solution& solution : problem.solutions)
        styles.insert(solution.style.empty() ? "(none)" : solution.style);
    }
    return styles.empty() ? "" : fmt::format("; their styles are: {}", fmt::join(styles, ", "));
  }

  // Those of other stages too, where they are the same.
  Examples examples(StageContext& stage, const Tokenizer& tokenizer, const ExampleBuilder& build,
                    const std::string& key, const std::string& set, nlohmann::ordered_json& facts) const {
    std::optional<ProblemSpool> problems;
    const ExampleSource source = {
        .name = set,
        .decided_by = {"solutions", problems_digest(stage.plan, key), style_},
        .begin =
            [&](const std::filesystem::path& folder) {
              problems.emplace(stage.groups.world, folder / ".problems.partial", kProblemsABlock,
                               [&] { return stage.inputs.problems(set); });
              return problems->num_problems();
            },
        .make =
            [&](std::span<const std::int64_t> blocks, const ExampleSource::AddBlock& add_block) {
              for (const std::int64_t block : blocks) {
                add_block(block, [&](ExampleSet& made) {
                  for (const Problem& problem : problems->read(block)) {
                    stage.stop.check();
                    add(tokenizer, build, problem, made);
                  }
                });
              }
            }};
    Examples made = stage_examples(stage, tokenizer, limit(), source);
    const ExampleTallies& tallies = made.tallies();
    stage.log.info("{}: {}", set, tallies.summary());
    facts = {{"problems", set}, {"count", tallies.examples}, {"tokens", tallies.tokens}, {"too_long", tallies.dropped}};
    return made;
  }

  LengthLimit limit() const {
    return {.max_length = settings_.max_length,
            .tokens_per_lane = settings_.tokens_per_lane,
            .too_long = settings_.too_long};
  }

  void add(const Tokenizer& tokenizer, const ExampleBuilder& build, const Problem& problem, ExampleSet& set) const {
    for (std::size_t i = 0; i < problem.solutions.size(); ++i) {
      if (!style_.empty() && problem.solutions[i].style != style_) continue;
      set.add(example(tokenizer, build, problem, i), describe_solution(problem, i));
    }
  }

  std::string model_, problems_, style_;
  TrainingSettings settings_;
  AccuracySettings accuracy_;
  BestBy best_by_ = BestBy::loss;
  std::string accuracy_grader_ = std::string(grade::kGraderVersion);
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::SolutionSft, "solution_sft", "1")
