// Is what a stage has read what the run was planned with? A run lasts for days, and people edit their problem files and
// model folders meanwhile. What is sealed bears the identity of the content at the start, so whoever reads an input asks
// here afterwards: a file that nobody has touched since it was hashed (services.digest_again) costs one look, one that was
// touched is hashed again. Where the content is another one the stage ends before it makes anything of it.
//
//   std::vector<Problem> problems = services.load_problems(spec);
//   require_unchanged_problems(plan, "train", services);
#pragma once

#include <string>

#include "framework/recipe/run_plan.h"

namespace ft {

// All throw UserError that names what has changed.

// Collective: a model of the run file; nothing where `name` is a stage.
void require_unchanged_model(const RunPlan& plan, const std::string& name, const RunServices& services);
// Local.
void require_unchanged_problems(const RunPlan& plan, const std::string& name, const RunServices& services);
// Local: the files that the stage's recipe reads by itself, when nobody knows: asked before it runs, and before it seals.
void require_unchanged_files(const StagePlan& stage, const RunServices& services);

}  // namespace ft
