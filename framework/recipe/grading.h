// How answers are graded in a run: the section `grading` of the run file, keys of which a stage may give itself, and
// what a sealed folder of verdicts says of how it was made.
//
//   grading: {rules: prm800k}                  # for all stages that look at verdicts
//   stages:
//     ranking: {recipe: rerank, attempts: answers, units: required}      # or for one
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "framework/config/binder.h"
#include "framework/grade/judge.h"

namespace ft {

struct GradingSettings {
  grade::Conventions conventions;
  bool cas = false;  // computer algebra: unlike in `ftrun grade`, only where it is asked for, so that no result depends
                     // on what a machine has installed
};
// Keys have the names of the options of `ftrun grade`.
void describe(GradingSettings& settings, Binder& binder);

// Without the choices that the rules do not know: two that only differ in those are the same.
[[nodiscard]] GradingSettings effective(GradingSettings settings);

// "grader 4, percent fraction, computer algebra"; conventions that are the default are left out.
[[nodiscard]] std::string to_text(const GradingSettings& settings);

// For manifests, and back. Throws Error where the text is none of to_json().
[[nodiscard]] nlohmann::ordered_json to_json(const GradingSettings& settings);
[[nodiscard]] GradingSettings grading_from_json(const nlohmann::ordered_json& json);

// Throws UserError where computer algebra is asked for and not there.
[[nodiscard]] std::shared_ptr<const grade::Judge> make_judge(const GradingSettings& settings);

}  // namespace ft
