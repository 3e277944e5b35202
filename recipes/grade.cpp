// grade: finds the answers of attempts and compares them with the reference answers, by rules and conventions of its
// own.
//
//   strict: {recipe: grade, attempts: answers, rules: prm800k}
//   report: {recipe: report, of: [answers, strict]}                # the same attempts, graded in two ways
//
// Stages that look at verdicts take such a stage in place of the attempts. Where they are given attempts, the run makes
// a stage of this kind for them, "answers.verdicts", by the section `grading`.

#include "framework/grade/version.h"
#include "framework/recipe/grading_stage.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/stage_check.h"

namespace ft {
namespace {

class GradeAttempts final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("attempts", attempts_, "attempts", "whose answers are found and compared");
    ft::describe(settings_, b);
  }

  ArtifactKind output() const override { return ArtifactKind::verdicts; }
  bool uses_prompts() const override { return false; }
  bool extends_with_attempts() const override { return true; }

  void check_inputs(StageCheck& check) const override {
    try {
      (void)make_judge(settings_);
    } catch (const UserError& error) {
      check.fail("cas", fmt::format("cannot be kept: {}", error.what()));
    }
  }

  void run(StageContext& stage) override {
    run_grading(stage, {.attempts = stage.inputs.path(attempts_), .settings = effective(settings_)});
  }

 private:
  std::string attempts_;
  GradingSettings settings_;
};

}  // namespace
}  // namespace ft

// The grader is a part of it.
FT_RECIPE(ft::GradeAttempts, "grade", "1, grader " FT_GRADER_VERSION)
