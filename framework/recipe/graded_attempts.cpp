#include "framework/recipe/graded_attempts.h"

#include "framework/store/sealed_folder.h"

namespace ft {

GradedFolders GradedAttempts::open() const {
  return {SealedFolder::open(attempts->output), SealedFolder::open(verdicts->output)};
}

GradingSettings GradedAttempts::grading() const {
  const auto body = SealedFolder::open(verdicts->output).manifest().body;
  FT_CHECK(body.contains("grading"), "the verdicts in {} do not say how they were made", verdicts->output.string());
  return grading_from_json(body.at("grading"));
}

GradedAttempts graded_attempts(const RunPlan& plan, const StagePlan& reader, const std::string& name) {
  const StagePlan* named = plan.find_stage(name);
  FT_CHECK(named != nullptr, "stage '{}' asks for '{}', which is no stage of this run", reader.name, name);
  if (named->recipe->output() == ArtifactKind::verdicts) return {plan.find_stage(input_of(*named, "attempts")), named};
  for (const Input& input : reader.inputs) {
    if (input.what != kVerdictsInput) continue;
    for (const std::string& verdicts : input.names) {
      const StagePlan* found = plan.find_stage(verdicts);
      if (found != nullptr && input_of(*found, "attempts") == name) return {named, found};
    }
  }
  FT_CHECK(false, "stage '{}' asks for the verdicts of '{}', but has no input of sort 'graded attempts' that names it",
           reader.name, name);
  return {};
}

}  // namespace ft
