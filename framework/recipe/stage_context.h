// What a recipe gets to work with while its stage runs: the services (stage_services.h), and three facets: what the stage
// reads, where it keeps its work, and the output that it leaves behind.
//
//   void run(StageContext& stage) override {
//     const std::vector<Problem> problems = stage.inputs.problems(problems_);
//     stage.log.info("{} problems for {} ranks", problems.size(), stage.groups.world.size());
//     ...
//     stage.output.seal({{"problems", problems.size()}}, {{"table.tsv", text}});
//   }
//
// Everything that a stage keeps between interruptions lies in work.path(); the output is sealed whole, with everyone
// waiting, or not at all. Models are stage_models.h, and attempts with their verdicts graded_attempts.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "framework/base/owner.h"
#include "framework/problem/problem.h"
#include "framework/recipe/run_plan.h"
#include "framework/recipe/stage_services.h"
#include "framework/store/folder_writer.h"
#include "framework/store/sealed_folder.h"

namespace ft {

// What the stage reads.
class StageInputs {
 public:
  StageInputs(const RunPlan& plan, const StagePlan& stage, const RunServices& services)
      : plan_(plan), stage_(stage), services_(services) {}

  // Local, the same on every rank. Throws UserError where files of the problem set are not those any more that the stages'
  // identities are made of (recipe/unchanged_inputs.h). Of a set that holds attempts (problem/given_attempt.h) without them:
  // nobody takes them for solutions.
  [[nodiscard]] std::vector<Problem> problems(const std::string& name) const;
  // The same with the attempts that it holds.
  [[nodiscard]] std::vector<Problem> problems_with_attempts(const std::string& name) const;
  // An earlier stage.
  [[nodiscard]] const StagePlan& plan(const std::string& stage) const;
  // Its sealed output folder: the path, for words; and opened, for reading what is in it, which is checked while it is
  // read (store/sealed_folder.h, recipe/sealed_inputs.h). Reading it throws BrokenFolder on the rank that met damage:
  // rank 0 alone may read, or all within together().
  [[nodiscard]] const std::filesystem::path& path(const std::string& stage) const { return plan(stage).output; }
  [[nodiscard]] SealedFolder open(const std::string& stage) const { return SealedFolder::open(path(stage)); }
  // The sealed folders and models that this stage reads, for its manifests.
  [[nodiscard]] std::vector<Parent> parents() const;

 private:
  const RunPlan& plan_;
  const StagePlan& stage_;
  const RunServices& services_;
};

// What the run hears from its stages. All may be empty.
struct StageHooks {
  // Throws Error where the run folder is not in its place any more.
  std::function<void()> require_place;
  // Something damaged was set aside (store/set_aside.h).
  std::function<void(const std::filesystem::path& where, const std::string& why)> set_aside;
};

// Where the stage keeps what survives interruptions.
class StageWork {
 public:
  StageWork(const StagePlan& stage, Communicator& world, Logger& log, StopLead& lead, StageHooks hooks)
      : stage_(stage), world_(world), log_(log), lead_(lead), hooks_(std::move(hooks)) {}

  // Folder of this stage. Step log and event files lie here.
  [[nodiscard]] const std::filesystem::path& folder() const { return stage_.folder; }
  // Folder for checkpoints and pieces of this stage.
  [[nodiscard]] std::filesystem::path path() const { return stage_.folder / "work"; }
  // Whose the records there are.
  [[nodiscard]] Owner owner() const { return Owner(stage_.identity); }

  // Rank 0, before it begins a file by its name: throws Error where the run folder is not in its place any more.
  void require_place() const {
    if (hooks_.require_place) hooks_.require_place();
  }
  // Rank 0: goes into the ledger.
  void note_set_aside(const std::filesystem::path& where, const std::string& why) const {
    if (hooks_.set_aside) hooks_.set_aside(where, why);
  }
  // A checkpoint took so long: what the next request to stop will take. Rank 0 tells people when it grows.
  void note_save(double seconds) const;

 private:
  const StagePlan& stage_;
  Communicator& world_;
  Logger& log_;
  StopLead& lead_;
  StageHooks hooks_;
};

// What the stage leaves behind.
class StageOutput {
 public:
  // References must outlive this.
  StageOutput(const StagePlan& stage, const RunServices& services, Groups groups, const StageInputs& inputs,
              const StageWork& work)
      : stage_(stage), services_(services), groups_(groups), inputs_(inputs), work_(work) {}

  // Collective: writes `files` (name, content; rank 0's count) into the output folder and seals it with `body` beside
  // provenance() in its manifest.
  void seal(const nlohmann::ordered_json& body, const std::vector<std::pair<std::string, std::string>>& files) const;
  // Collective: as seal(), with files of every rank: each rank's `write` writes its own, under names of its own, and exchanges
  // nothing. `body` is called by all ranks when all have written; rank 0's counts.
  void seal_pieces(const std::function<nlohmann::ordered_json()>& body,
                   const std::function<void(FolderWriter& folder)>& write) const;

  // What every manifest of this stage's output says: kind, stage, recipe, identity, extent.
  [[nodiscard]] nlohmann::ordered_json provenance() const;
  // Rank 0, before the output's folder is made by whoever makes it: throws where the run folder was moved, or an input is
  // another one by now.
  void require_sealable() const;

 private:
  [[nodiscard]] Manifest manifest_of(const nlohmann::ordered_json& body) const;

  const StagePlan& stage_;
  const RunServices& services_;
  Groups groups_;
  const StageInputs& inputs_;
  const StageWork& work_;
};

struct StageContext : StageServices {
  StageContext(const RunPlan& run_plan, const StagePlan& stage, const RunServices& run_services, Groups ranks,
               Logger& logger, ProgressLine& line, StopFlag flag, StopLead& lead, StageHooks hooks);
  StageContext(const StageContext&) = delete;
  StageContext& operator=(const StageContext&) = delete;

  const RunPlan& run;
  const StagePlan& plan;
  const RunServices& services;  // of the run: what rooms outside the framework give
  StageInputs inputs;
  StageWork work;
  StageOutput output;

  [[nodiscard]] std::uint64_t seed() const { return static_cast<std::uint64_t>(plan.seed); }
};

}  // namespace ft
