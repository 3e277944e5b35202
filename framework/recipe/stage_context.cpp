#include "framework/recipe/stage_context.h"

#include <ATen/Version.h>

#include <optional>

#include "framework/checkpoint/layout.h"
#include "framework/problem/given_attempt.h"
#include "framework/recipe/graded_attempts.h"
#include "framework/recipe/unchanged_inputs.h"
#include "framework/store/folder_writer.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

constexpr std::string_view kArtifactFormat = "ftrun-";

}  // namespace

std::vector<Problem> StageInputs::problems(const std::string& name) const {
  std::vector<Problem> problems = problems_with_attempts(name);
  for (Problem& problem : problems)
    std::erase_if(problem.solutions, [](const Solution& one) { return one.style == kGivenAttempt; });
  return problems;
}

std::vector<Problem> StageInputs::problems_with_attempts(const std::string& name) const {
  if (const auto set = plan_.attempt_sets.find(name); set != plan_.attempt_sets.end()) {
    const std::string attempts = input_of(stage_, attempts_key(name));
    std::vector<Problem> made =
        problems_of(set->second, graded_attempts(plan_, stage_, attempts).open(),
                    set->second.with.empty() ? std::vector<Problem>() : problems(set->second.with));
    if (made.empty())
      fail_user(fmt::format("problem set '{}' is empty: no attempt of '{}' is {}finished{}", name, attempts,
                            set->second.only == AttemptsTaken::right ? "right and " : "",
                            set->second.with.empty() ? "; 'with' names a set that is in it all the same" : ""));
    return made;
  }
  std::vector<Problem> loaded = services_.load_problems(plan_.problems.at(name));
  require_unchanged_problems(plan_, name, services_);
  return loaded;
}

const StagePlan& StageInputs::plan(const std::string& stage) const {
  const StagePlan* found = plan_.find_stage(stage);
  FT_CHECK(found != nullptr, "stage '{}' asks for '{}', which is no stage of this run", stage_.name, stage);
  return *found;
}

void StageWork::note_save(double seconds) const {
  lead_.saved(seconds);
  if (world_.rank() != 0) return;
  require_place();
  if (!lead_.write()) return;
  const int needed = static_cast<int>(lead_.seconds());
  log_.info("this run needs about {} s from the request to stop until its end; in a batch script: --signal=B:USR1@{}",
            needed, needed);
}

nlohmann::ordered_json StageOutput::provenance() const {
  return {{"kind", to_string(stage_.recipe->output())},
          {"stage", stage_.name},
          {"recipe", stage_.recipe_name},
          {"recipe_version", stage_.recipe_version},
          {"identity", stage_.identity},
          {"identity_text", stage_.identity_text},
          {"extent", stage_.extent_text},
          // The same work has the same bits on the same kind of processor and library: so these are said.
          {"made_with",
           {{"libtorch", FT_LIBTORCH_VERSION},
            {"compiler", FT_COMPILER_TAG},
            {"instructions", at::get_cpu_capability()},
            {"tensor", groups_.tensor.size()},
            {"device", services_.device}}}};
}

std::vector<Parent> StageInputs::parents() const {
  std::vector<Parent> parents;
  for (const Input& input : stage_.inputs) {
    for (const std::string& name : input.names) {
      if (const StagePlan* source = plan_.find_stage(name); source != nullptr) {
        parents.push_back(parent(input.key, SealedFolder::open(source->output)));
      } else if (plan_.models.contains(name)) {
        const ModelSettings& model = plan_.models.at(name);
        parents.push_back(
            {.role = input.key,
             .path = model.path ? std::filesystem::absolute(*model.path).string() : "preset " + *model.preset});
      }
    }
  }
  return parents;
}

Manifest StageOutput::manifest_of(const nlohmann::ordered_json& body) const {
  Manifest manifest{.format = std::string(kArtifactFormat) + std::string(to_string(stage_.recipe->output()))};
  manifest.parents = inputs_.parents();
  manifest.body = provenance();
  if (!body.is_null()) manifest.body.update(body);
  return manifest;
}

void StageOutput::require_sealable() const {
  work_.require_place();
  require_unchanged_files(stage_, services_);
}

void StageOutput::seal(const nlohmann::ordered_json& body,
                       const std::vector<std::pair<std::string, std::string>>& files) const {
  all_or_none(groups_.world, "sealed " + stage_.name, [&] {
    if (groups_.world.rank() != 0) return;
    require_sealable();
    FolderWriter writer = FolderWriter::create(stage_.output);
    for (const auto& [name, content] : files) writer.write(name, content);
    writer.seal(manifest_of(body));
  });
}

void StageOutput::seal_pieces(const std::function<nlohmann::ordered_json()>& body,
                              const std::function<void(FolderWriter&)>& write) const {
  Communicator& world = groups_.world;
  std::optional<FolderWriter> folder;
  all_or_none(world, "making the output's folder", [&] {
    if (world.rank() != 0) return;
    require_sealable();
    folder.emplace(FolderWriter::create(stage_.output));
  });
  all_or_none(world, "writing the output's pieces", [&] {
    if (world.rank() != 0) folder.emplace(FolderWriter::join(stage_.output));
    write(*folder);
  });
  const auto records = world.all_gather_bytes("files of the output", to_text(folder->records()));
  const nlohmann::ordered_json said = body();
  all_or_none(world, "sealing the output", [&] {
    if (world.rank() != 0) return;
    for (std::size_t rank = 1; rank < records.size(); ++rank) folder->add(read_file_records(records[rank]));
    folder->seal(manifest_of(said));
  });
}

StageContext::StageContext(const RunPlan& run_plan, const StagePlan& stage, const RunServices& run_services,
                           Groups ranks, Logger& logger, ProgressLine& line, StopFlag flag, StopLead& lead,
                           StageHooks hooks)
    : StageServices{ranks, logger, line, {std::move(flag), ranks.world, stage.name, lead}},
      run(run_plan),
      plan(stage),
      services(run_services),
      inputs(run_plan, stage, run_services),
      work(stage, ranks.world, logger, lead, std::move(hooks)),
      output(stage, run_services, ranks, inputs, work) {}

}  // namespace ft
