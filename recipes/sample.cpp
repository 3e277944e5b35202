// sample: draws solutions from a model, finds their answers and judges them against the reference answers.
//
//   attempts: {recipe: sample, model: solver, problems: train, per_problem: 64, temperature: 0.9, top_p: 0.95}
//
// Beside the sampled attempts there is one greedy attempt a problem: Pass@1. A larger per_problem, or more problems, adds
// to what is there.

#include "framework/recipe/recipe.h"
#include "framework/recipe/sampling_stage.h"

namespace ft {
namespace {

class Sample final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("model", model_, "model", "the model that writes the solutions");
    b.required_input("problems", problems_, "problems", "what is to be solved");
    b.extends("per_problem", job_.per_problem, "sampled attempts a problem", Range{0, 1000000});
    b.identity("greedy", job_.greedy, "one greedy attempt a problem as well: Pass@1");
    ft::describe(job_.settings, b);
  }

  ArtifactKind output() const override { return ArtifactKind::attempts; }
  bool extends_with_problems() const override { return true; }

  void run(StageContext& stage) override {
    LoadedModel model = stage.load_model(model_);
    job_.problems = stage.load_problems(problems_);
    run_sampling(stage, model, job_);
  }

 private:
  std::string model_, problems_;
  SamplingJob job_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::Sample, "sample", "1")
