// sample: draws solutions from a model.
//
//   attempts: {recipe: sample, model: solver, problems: train, per_problem: 64, temperature: 0.9, top_p: 0.95}
//
// Beside the sampled attempts there is one greedy attempt a problem: Pass@1. A larger per_problem, or more problems, adds
// to what is there. The attempts are texts: their verdicts are made by another stage (recipes/grade.cpp).

#include <algorithm>

#include "framework/batching/examples.h"
#include "framework/comm/one_rank.h"
#include "framework/recipe/few_shot.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/reference_check.h"
#include "framework/recipe/sampling_stage.h"
#include "framework/recipe/stage_check.h"
#include "framework/recipe/verifier_check.h"

namespace ft {
namespace {

constexpr double kMostTokens = 1e12;       // of a stage's attempts
constexpr double kMostAttempts = 100'000;  // of a problem

class Sample final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("model", model_, "model", "the model that writes the solutions");
    b.required_input("problems", problems_, "problems", "what is to be solved");
    b.extends("per_problem", job_.per_problem, "sampled attempts a problem", Range{0, kMostAttempts});
    b.identity("greedy", job_.greedy, "one greedy attempt a problem as well: Pass@1");
    ft::describe(job_.settings, b);
    ft::describe(few_shot_, b);
    if (job_.settings.temperature > 0) return;
    for (const char* key : {"top_p", "top_k"}) b.idle(key, "temperature is 0, which takes the most probable token");
  }

  ArtifactKind output() const override { return ArtifactKind::attempts; }
  PlannedWork work() const override {
    return SamplingWork{.model = model_,
                        .per_problem = job_.per_problem,
                        .greedy = job_.greedy,
                        .max_new_tokens = job_.settings.max_new_tokens,
                        .slots = job_.settings.slots,
                        .compute = job_.settings.compute};
  }
  bool extends_with_problems() const override { return true; }
  bool uses_seed() const override { return job_.per_problem > 0 && job_.settings.temperature > 0; }
  PromptTemplates read_prompts(const PromptTemplates& templates) const override {
    PromptTemplates read;
    if (few_shot_.prompt.empty()) read.solver = templates.solver;
    return read;
  }

  void check_inputs(StageCheck& check) const override {
    if (job_.per_problem == 0 && !job_.greedy)
      check.fail("per_problem", "is 0 and greedy is false: nothing would be sampled");
    const ProblemsToCheck& problems = check.problems(problems_);
    check_counts(check, problems);
    const bool answered =
        std::ranges::any_of(problems.problems, [](const Problem& problem) { return !problem.answer.empty(); });
    if (!answered && !problems.problems.empty()) {
      check.warn(
          "problems",
          fmt::format("name '{}', of which no problem has a reference answer: no attempt can be right", problems_));
    }
    if (const auto ungradable = describe_ungradable(problems.problems))
      check.warn("problems", fmt::format("name '{}': {}", problems_, *ungradable));
    if (check.knows(model_)) check_own_words(check);
    const PromptTemplates prompts = prompts_of(check);
    if (few_shot_.demonstrations == problems_)
      check.warn("demonstrations",
                 fmt::format("name '{}', the problems themselves: each stands solved before itself", problems_));
    if (!check.knows(model_)) return;
    const ExampleBuilder build(check.tokenizer(model_), prompts);
    for (const Problem* problem : problems.looked_at) {
      check.check_stop();
      check_length(check, *problem, prompt_of(build, *problem));
    }
  }

  void run(StageContext& stage) override {
    LoadedModel model = load_model(stage, model_);
    job_.problems = [&] { return stage.inputs.problems(problems_); };
    job_.stop = few_shot_.stop;
    job_.prompts = stage.run.prompts;
    job_.prompts.solver = on_rank_zero(stage.groups.world, "prompt", [&] { return solver_template(stage); });
    run_sampling(stage, model, job_);
  }

 private:
  [[nodiscard]] std::string solver_template(StageContext& stage) const {
    std::vector<Problem> shown;
    if (!few_shot_.demonstrations.empty()) shown = stage.inputs.problems(few_shot_.demonstrations);
    return few_shot_prompts(stage.run.prompts, few_shot_, shown).solver;
  }

  // What the model's vocabulary lacks is the prompt's fault where the prompt holds it, and not that of the first problem.
  void check_own_words(StageCheck& check) const {
    if (few_shot_.prompt.empty()) return;
    try {
      PromptTemplates own = check.prompts();
      own.solver = few_shot_.prompt;
      (void)ExampleBuilder(check.tokenizer(model_), own).solver_prompt("");
    } catch (const UserError& error) {
      check.fail("prompt", fmt::format("cannot be used: {}", error.what()));
    }
  }

  // Says what is wrong with them at the key that it is wrong with.
  [[nodiscard]] PromptTemplates prompts_of(StageCheck& check) const {
    for (const std::string& text : few_shot_.stop)
      if (text.empty()) check.fail("stop", "holds an empty text, which would end every attempt before it begins");
    const auto at = [&](std::string_view key, const auto& fill) {
      try {
        return fill();
      } catch (const UserError& error) {
        check.fail(key, fmt::format("cannot be used: {}", error.what()));
      }
    };
    PromptTemplates prompts = at("prompt", [&] {
      PromptTemplates filled = few_shot_prompts(check.prompts(), few_shot_, {});
      (void)ft::solver_prompt(filled, "");
      return filled;
    });
    if (few_shot_.demonstrations.empty()) return prompts;
    at("demonstration", [&] { return demonstration_text(few_shot_.demonstration, "", ""); });
    refuse_given_attempts(check, "demonstrations", few_shot_.demonstrations);
    const ProblemsToCheck& shown = check.problems(few_shot_.demonstrations);
    return at("demonstrations", [&] { return few_shot_prompts(check.prompts(), few_shot_, shown.problems); });
  }

  // Against the data: what would be of no use, and what nobody would live to see the end of.
  void check_counts(StageCheck& check, const ProblemsToCheck& problems) const {
    if (job_.settings.temperature == 0 && job_.per_problem > 1) {
      check.warn("temperature",
                 fmt::format("is 0: the {} attempts at a problem will all be the same one", job_.per_problem));
    }
    const double attempts = static_cast<double>(problems.problems.size()) * (job_.per_problem + (job_.greedy ? 1 : 0));
    if (attempts * job_.settings.max_new_tokens > kMostTokens) {
      check.fail("per_problem", fmt::format("is {}: {:.0f} attempts at {} problems of up to {} tokens each; a stage "
                                            "has at most {:.0f} tokens, of which a thousand "
                                            "ranks would decode for weeks",
                                            job_.per_problem, attempts, problems.problems.size(),
                                            job_.settings.max_new_tokens, kMostTokens));
    }
    if (problems.read && attempts > 0 && job_.settings.slots > attempts && check.given("slots")) {
      check.warn("slots", fmt::format("is {}, but there are only {:.0f} attempts to make: no more are decoded together",
                                      job_.settings.slots, attempts));
    }
  }

  static std::vector<TokenId> prompt_of(const ExampleBuilder& build, const Problem& problem) {
    try {
      return build.solver_prompt(problem.text);
    } catch (const UserError& error) {
      fail_user(fmt::format("problem '{}': {}", problem.id, error.what()));
    }
  }

  void check_length(StageCheck& check, const Problem& problem, const std::vector<TokenId>& prompt) const {
    const std::int64_t context = check.config(model_).max_position;
    const std::int64_t needed = std::ssize(prompt) + job_.settings.max_new_tokens;
    if (context <= 0 || needed <= context) return;
    check.fail(
        "max_new_tokens",
        fmt::format(
            "is {}: problem '{}' needs {} tokens (prompt {} + max_new_tokens {}), more than the model's {}; lower "
            "max_new_tokens, {}or leave such problems out",
            job_.settings.max_new_tokens, problem.id, needed, prompt.size(), job_.settings.max_new_tokens, context,
            few_shot_.demonstrations.empty()
                ? ""
                : fmt::format("show fewer demonstrations (problems.{}.limit), ", few_shot_.demonstrations)));
  }

  std::string model_, problems_;
  FewShotSettings few_shot_;
  SamplingJob job_;
};

}  // namespace
}  // namespace ft

// Verdicts were sealed beside the texts once, with the grader as a part of the version. The texts are the same, so what was
// sampled then still counts: older verdicts in a file are passed over.
FT_RECIPE(ft::Sample, "sample", "1, grader 4")
