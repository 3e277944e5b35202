// count_answers: a user's recipe. Counts how often each answer was given in a stage's attempts.
//
//   counts: {recipe: count_answers, attempts: answers, least: 2}

#include <map>

#include "framework/recipe/graded_attempts.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/stage_context.h"

namespace {

class CountAnswers final : public ft::Recipe {
 public:
  void describe(ft::Binder& b) override {
    b.required_input("attempts", attempts_, ft::kGradedInput, "whose answers are counted");
    b.identity("least", least_, "answers given less often are left out", ft::Range::at_least(1));
  }
  ft::ArtifactKind output() const override { return ft::ArtifactKind::table; }
  bool uses_prompts() const override { return false; }

  void run(ft::StageContext& stage) override {
    std::map<std::string, int> counts;
    ft::for_each_graded(ft::graded_attempts(stage, attempts_).open(), ft::all_problems,
                        [&](const ft::Problem&, const std::vector<ft::GradedAttempt>& attempts) {
                          for (const ft::GradedAttempt& attempt : attempts) ++counts[attempt.answer];
                        });
    std::string text;
    for (const auto& [answer, count] : counts) {
      if (count >= least_) text += fmt::format("{}\t{}\n", answer, count);
    }
    stage.output.seal({{"answers", counts.size()}}, {{"counts.tsv", text}});
  }

 private:
  std::string attempts_;
  int least_ = 1;
};

}  // namespace

FT_RECIPE(CountAnswers, "count_answers", "1")
