// solution_sft: fine-tunes a model on step-by-step solutions (maximum likelihood of solution and end token given the
// problem). The first stage of the method, its third (the generator again), and every control run.
//
//   solver: {recipe: solution_sft, model: base, problems: train, length: 2epochs}

#include "framework/batching/examples.h"
#include "framework/batching/token_cache.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/training_stage.h"

namespace ft {
namespace {

class SolutionSft final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("model", model_, "model", "the model that training starts from");
    b.required_input("problems", problems_, "problems", "whose solutions are learned");
    b.identity("style", style_, "only solutions of this style (terse, fine, gsm8k, math, prm800k); empty = all");
    ft::describe(settings_, b);
  }

  ArtifactKind output() const override { return ArtifactKind::model; }

  void run(StageContext& stage) override {
    LoadedModel model = stage.load_model(model_);
    TrainingJob job{.settings = settings_};
    const ExampleBuilder build(*model.tokenizer, stage.prompts());
    job.examples = examples(stage, build, problems_, job.facts["examples"]);
    if (!settings_.validation.empty()) job.validation = examples(stage, build, settings_.validation, job.facts["validation"]);
    run_training(stage, model, std::move(job));
  }

 private:
  // A text that the vocabulary cannot express is of some problem: it is named.
  static Example example(const ExampleBuilder& build, const Problem& problem, std::size_t index) {
    try {
      return build.solution(problem, index);
    } catch (const UserError& error) {
      fail_user(fmt::format("{}: {}", describe_solution(problem, index), error.what()));
    }
  }

  // Tokenised once: a stage that goes on reads its examples from the cache beside its work.
  std::vector<Example> examples(StageContext& stage, const ExampleBuilder& build, const std::string& problems,
                                nlohmann::ordered_json& facts) const {
    const std::vector<std::string> parts = {stage.plan().identity_text, problems};
    PreparedExamples prepared;
    stage.together("tokenising " + problems, [&] {
      prepared = cached_examples(stage.folder() / "cache", example_key(parts), stage.groups().world.rank() == 0,
                                 [&] { return tokenise(stage, build, problems); });
    });
    stage.log().info("{}: {}", problems, prepared.summary);
    std::int64_t tokens = 0;
    for (const Example& example : prepared.examples) tokens += example.num_tokens();
    facts = {{"problems", problems}, {"count", prepared.examples.size()}, {"tokens", tokens}, {"too_long", prepared.num_dropped}};
    return std::move(prepared.examples);
  }

  PreparedExamples tokenise(StageContext& stage, const ExampleBuilder& build, const std::string& problems) const {
    ExampleSet set({.max_length = settings_.max_length,
                    .tokens_per_lane = settings_.tokens_per_lane,
                    .too_long = settings_.too_long == "refuse" ? TooLong::refuse : TooLong::drop});
    for (const Problem& problem : stage.load_problems(problems)) {
      stage.check_stop();
      for (std::size_t i = 0; i < problem.solutions.size(); ++i) {
        if (!style_.empty() && problem.solutions[i].style != style_) continue;
        set.add(example(build, problem, i), describe_solution(problem, i));
      }
    }
    PreparedExamples prepared{.num_dropped = set.num_dropped(), .summary = set.summary()};
    prepared.examples = set.take();
    return prepared;
  }

  std::string model_, problems_, style_;
  TrainingSettings settings_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::SolutionSft, "solution_sft", "1")
