#include "framework/recipe/unchanged_inputs.h"

#include <algorithm>

namespace ft {
namespace {

[[noreturn]] void fail_changed(const std::string& input, const std::vector<FileDigest>& planned,
                               const std::vector<FileDigest>& now) {
  const std::string files = changed_files(planned, now);
  fail_user(fmt::format(
      "{} is not what it was when this run was started{}{}; nothing was made of the new content. Put the old content "
      "back and start again, and the run goes on; or start again as it is, and the stages that depend on it begin anew",
      input, files.empty() ? "" : ": ", files));
}

// Which a stage of the plan has been planned with; the same for all stages that read it.
const InputContent* find_content(const RunPlan& plan, std::string_view what, const std::string& name) {
  for (const StagePlan& stage : plan.stages) {
    const auto found = std::ranges::find_if(
        stage.contents, [&](const InputContent& content) { return content.what == what && content.name == name; });
    if (found != stage.contents.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

void require_unchanged_model(const RunPlan& plan, const std::string& name, const RunServices& services) {
  const auto given = plan.models.find(name);
  if (given == plan.models.end() || !services.digest_again) return;
  const ModelIdentity& planned = plan.model_identities.at(name);
  const ModelIdentity now = model_identity(given->second, plan.prompts, services);
  if (now.identity != planned.identity) fail_changed(fmt::format("model '{}'", name), planned.files, now.files);
}

void require_unchanged_problems(const RunPlan& plan, const std::string& name, const RunServices& services) {
  const InputContent* planned = find_content(plan, "problem set", name);
  if (planned == nullptr || !services.digest_again) return;
  const std::vector<FileDigest> now =
      digests_of(services.problem_files(plan.problems.at(name)), services.check_stop, services.digest_again);
  if (now != planned->files) fail_changed(fmt::format("problem set '{}'", name), planned->files, now);
}

void require_unchanged_files(const StagePlan& stage, const RunServices& services) {
  if (!services.digest_again) return;
  for (const InputContent& content : stage.contents) {
    if (content.what != "file" || content.key == "plugin") continue;  // a plugin's code is loaded once, at the start
    const std::vector<FileDigest> now = digests_of({content.name}, services.check_stop, services.digest_again);
    if (now != content.files) fail_changed(fmt::format("{} '{}'", content.key, content.name), content.files, now);
  }
}

}  // namespace ft
