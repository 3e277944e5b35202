// Whether what a stage names as its input is there, and is of the sort that it wants.
#pragma once

#include <string>

#include "framework/recipe/run_plan.h"

namespace ft {

// `plan`: models, problem sets and the stages before `stage`. Throws UserError at `place`, with the nearest right name.
void check_input(const RunPlan& plan, const RunFile& file, const StagePlan& stage, const Place& place,
                 const Input& input, const std::string& target);

}  // namespace ft
