#include "framework/recipe/stage_inputs.h"

#include <algorithm>
#include <filesystem>

namespace ft {
namespace {

std::string with_article(std::string_view what) {
  if (what == "attempts" || what == "problems" || what == "verdicts") return std::string(what);
  return fmt::format("a {}", what);
}

[[noreturn]] void refuse(const RunPlan& plan, const RunFile& file, const Place& place, const Input& input,
                         const std::string& target) {
  std::vector<std::string> names;
  if (input.what == "problems") {
    for (const auto& [name, node] : plan.problems) names.push_back(name);
  } else {
    if (input.what == "model") {
      for (const auto& [name, model] : plan.models) names.push_back(name);
    }
    for (const StagePlan& stage : plan.stages) names.push_back(stage.name);
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

}  // namespace

void check_input(const RunPlan& plan, const RunFile& file, const Place& place, const Input& input,
                 const std::string& target) {
  if (input.what == "file") {
    if (std::filesystem::is_directory(target))
      fail_user(place, fmt::format("'{}' must name a file, but {} is a folder", input.key, target));
    if (!std::filesystem::is_regular_file(target)) fail_user(place, fmt::format("there is no file '{}'", target));
    return;
  }
  if (input.what == "problems") {
    if (!plan.problems.contains(target)) refuse(plan, file, place, input, target);
    return;
  }
  if (input.what == "model" && plan.models.contains(target)) return;
  const StagePlan* source = plan.find_stage(target);
  if (source == nullptr) refuse(plan, file, place, input, target);
  const auto kind = to_string(source->recipe->output());
  if (input.what == "stage" || input.what == kResultsInput) return;
  const std::string_view wanted = input.what == kGradedInput ? "attempts" : std::string_view(input.what);
  // Verdicts stand for the attempts that they are of.
  if (wanted != kind && !(input.what == kGradedInput && source->recipe->output() == ArtifactKind::verdicts)) {
    fail_user(place, fmt::format("'{}' wants {}, but stage '{}' gives {}", input.key, with_article(wanted), target,
                                 with_article(kind)));
  }
}

}  // namespace ft
