#include "framework/recipe/stage_inputs.h"

#include <algorithm>
#include <filesystem>

#include "framework/base/plain_file.h"
#include "framework/base/reading.h"

namespace ft {
namespace {

std::string with_article(std::string_view what) {
  if (what == "attempts" || what == "problems" || what == "verdicts") return std::string(what);
  return fmt::format("a {}", what);
}

// Whether the stage's output is of the kind that is wanted. Verdicts stand for the attempts that they are of.
bool gives(const StagePlan& stage, const Input& input) {
  if (input.what == "stage" || input.what == kResultsInput) return true;
  const ArtifactKind kind = stage.recipe->output();
  if (input.what == kGradedInput) return kind == ArtifactKind::attempts || kind == ArtifactKind::verdicts;
  return to_string(kind) == input.what;
}

[[noreturn]] void refuse(const RunPlan& plan, const RunFile& file, const StagePlan& user, const Place& place,
                         const Input& input, const std::string& target) {
  if (input.what != "problems" && target == user.name)
    fail_user(place, fmt::format("stage '{}' cannot be made from its own output", target));
  std::vector<std::string> names;
  if (input.what == "problems") {
    for (const auto& [name, node] : plan.problems) names.push_back(name);
    for (const auto& [name, set] : plan.attempt_sets) names.push_back(name);
  } else {
    if (input.what == "model") {
      for (const auto& [name, model] : plan.models) names.push_back(name);
    }
    for (const StagePlan& stage : plan.stages) {
      if (gives(stage, input) && file["stages"][stage.name]) names.push_back(stage.name);
    }
  }
  const auto later = file["stages"].keys();
  if (input.what != "problems" && std::find(later.begin(), later.end(), target) != later.end()) {
    fail_user(
        place,
        fmt::format("'{}' is used before it is made: stages run from top to bottom, so move stage '{}' above this one",
                    target, target));
  }
  const auto near = nearest(target, names);
  const std::string noun = input.what == "problems"      ? "problem set"
                           : input.what == kResultsInput ? "stage"
                           : input.what == kGradedInput  ? "attempts"
                                                         : input.what;
  fail_user(place, fmt::format("there {} no {} '{}'{}; there {} {}", noun == "attempts" ? "are" : "is", noun, target,
                               near ? fmt::format("; did you mean '{}'?", *near) : "", names.size() == 1 ? "is" : "are",
                               names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

// What it is made of must be there when the stage that names it runs.
void check_attempt_set(const RunPlan& plan, const RunFile& file, const StagePlan& stage, const std::string& name,
                       const AttemptSet& set) {
  const Node node = file["problems"][name];
  check_input(plan, file, stage, node["attempts"].place(), {"attempts", std::string(kGradedInput), {}}, set.attempts);
  if (set.with.empty()) return;
  if (plan.attempt_sets.contains(set.with))
    fail_user(node["with"].place(),
              fmt::format("'{}' is made of attempts itself: 'with' names a problem set that is given", set.with));
  check_input(plan, file, stage, node["with"].place(), {"with", "problems", {}}, set.with);
}

}  // namespace

void check_input(const RunPlan& plan, const RunFile& file, const StagePlan& stage, const Place& place,
                 const Input& input, const std::string& target) {
  if (input.what == "file") {
    const Found::Kind kind = look_through(target).kind;
    if (kind == Found::Kind::folder || kind == Found::Kind::other) {
      fail_user(place, fmt::format("'{}' must name a file, but {} is {}", input.key, target,
                                   kind == Found::Kind::folder ? "a folder" : kNoPlainFile));
    }
    if (kind != Found::Kind::file) fail_user(place, fmt::format("there is no file '{}'", target));
    return;
  }
  if (input.what == "problems") {
    if (const auto set = plan.attempt_sets.find(target); set != plan.attempt_sets.end()) {
      check_attempt_set(plan, file, stage, target, set->second);
    } else if (!plan.problems.contains(target)) {
      refuse(plan, file, stage, place, input, target);
    }
    return;
  }
  if (input.what == "model" && plan.models.contains(target)) return;
  const StagePlan* source = plan.find_stage(target);
  if (source == nullptr) refuse(plan, file, stage, place, input, target);
  if (gives(*source, input)) return;
  const std::string_view wanted = input.what == kGradedInput ? "attempts" : std::string_view(input.what);
  fail_user(place, fmt::format("'{}' wants {}, but stage '{}' gives {}", input.key, with_article(wanted), target,
                               with_article(to_string(source->recipe->output()))));
}

}  // namespace ft
