// solution_sft: fine-tunes a model on step-by-step solutions (maximum likelihood of solution and end token given the
// problem). The first stage of the method, its third (the generator again), and every control run.
//
//   solver: {recipe: solution_sft, model: base, problems: train, length: 2epochs}

#include "framework/batching/examples.h"
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

  std::vector<Example> examples(StageContext& stage, const ExampleBuilder& build, const std::string& problems,
                                nlohmann::ordered_json& facts) const {
    ExampleSet set({.max_length = settings_.max_length,
                    .tokens_per_lane = settings_.tokens_per_lane,
                    .too_long = settings_.too_long == "refuse" ? TooLong::refuse : TooLong::drop});
    for (const Problem& problem : stage.load_problems(problems)) {
      for (std::size_t i = 0; i < problem.solutions.size(); ++i) {
        if (!style_.empty() && problem.solutions[i].style != style_) continue;
        set.add(example(build, problem, i), describe_solution(problem, i));
      }
    }
    stage.log().info("{}: {}", problems, set.summary());
    facts = {{"problems", problems}, {"count", set.examples().size()}, {"tokens", set.num_tokens()}, {"too_long", set.num_dropped()}};
    return set.take();
  }

  std::string model_, problems_, style_;
  TrainingSettings settings_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::SolutionSft, "solution_sft", "1")
