// The recipes of plan_run's tests: TOY_TRAIN gives a model, TOY_SAMPLE attempts, TOY_COUNT a table. None of them runs.

#include "framework/recipe/recipe.h"

namespace {

class Toy final : public ft::Recipe {
 public:
  void describe(ft::Binder& b) override {
#if defined(TOY_TRAIN)
    b.required_input("model", model_, "model", "where training starts");
    b.required_input("problems", problems_, "problems", "what is learned");
    b.identity("learning_rate", rate_, "how fast", ft::Range::above(0));
    b.execution("workers", workers_, "how many help");
#elif defined(TOY_SAMPLE)
    b.required_input("model", model_, "model", "who writes");
    b.required_input("problems", problems_, "problems", "what is solved");
    b.identity("temperature", rate_, "how wild");
    b.extends("per_problem", count_, "how many");
#else
    b.required_input("of", of_, "attempts", "what is counted");
    b.identity("least", count_, "how often at least");
#endif
  }
#if defined(TOY_TRAIN)
  ft::ArtifactKind output() const override { return ft::ArtifactKind::model; }
#elif defined(TOY_SAMPLE)
  ft::ArtifactKind output() const override { return ft::ArtifactKind::attempts; }
  bool extends_with_problems() const override { return true; }
#else
  ft::ArtifactKind output() const override { return ft::ArtifactKind::table; }
  bool uses_prompts() const override { return false; }
#endif
  void check() const override {
    if (count_ > 100) ft::fail_user("more than 100 is too many");
  }
  void run(ft::StageContext& stage) override { static_cast<void>(stage); }

 private:
  std::string model_, problems_;
  std::vector<std::string> of_;
  double rate_ = 0.5;
  int workers_ = 1, count_ = 4;
};

}  // namespace

#if defined(TOY_TRAIN)
FT_RECIPE(Toy, "toy_train", "1")
#elif defined(TOY_SAMPLE)
FT_RECIPE(Toy, "toy_sample", "3")
#else
FT_RECIPE(Toy, "toy_count", "1")
#endif
