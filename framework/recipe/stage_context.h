// What a recipe gets to work with while its stage runs: ranks, inputs, folders, and the way to leave an output behind.
//
// The context hands out interfaces; it owns no loop. Everything a stage keeps between interruptions lies in work(); the
// output is sealed whole, by rank 0 with everyone waiting, or not at all.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/base/log.h"
#include "framework/comm/groups.h"
#include "framework/model/decoder.h"
#include "framework/model/stored_files.h"
#include "framework/problem/problem.h"
#include "framework/recipe/progress_line.h"
#include "framework/recipe/run_plan.h"
#include "framework/recipe/stop_lead.h"
#include "framework/store/append_log.h"
#include "framework/store/folder_writer.h"
#include "framework/store/sealed_folder.h"
#include "framework/text/tokenizer.h"

namespace ft {

// A model with everything that belongs to it.
struct LoadedModel {
  std::unique_ptr<LayerFactory> factory;
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Tokenizer> tokenizer;
  TextFiles companions;  // generation_config.json, chat templates, ...: read_companions()
  // Everything but the weights, in line with what is trained: written into every checkpoint of the model.
  [[nodiscard]] TextFiles files() const { return stored_files(decoder->config(), *tokenizer, companions); }
  // What ends an attempt, the trained end token first.
  [[nodiscard]] std::vector<TokenId> end_tokens() const {
    return ft::end_tokens(*tokenizer, decoder->config(), companions);
  }
};

// Asks of the outside world to stop: a signal or the time limit. Local to this rank, cheap.
using StopFlag = std::function<bool()>;

class StageContext {
 public:
  StageContext(const RunPlan& plan, const StagePlan& stage, const RunServices& services, Groups groups, Logger& log,
               ProgressLine& progress, StopFlag stop, StopLead& lead);

  [[nodiscard]] const std::string& name() const { return stage_.name; }
  [[nodiscard]] const StagePlan& plan() const { return stage_; }
  [[nodiscard]] const RunPlan& run_plan() const { return plan_; }
  [[nodiscard]] Groups groups() const { return groups_; }
  [[nodiscard]] std::uint64_t seed() const { return static_cast<std::uint64_t>(stage_.seed); }
  [[nodiscard]] const PromptTemplates& prompts() const { return plan_.prompts; }
  [[nodiscard]] Logger& log() { return log_; }
  [[nodiscard]] ProgressLine& progress() { return progress_; }

  // Whose the records in work() are.
  [[nodiscard]] Owner owner() const { return Owner(stage_.identity); }

  // Folder of this stage; survives interruptions. Step log and event files lie here.
  [[nodiscard]] const std::filesystem::path& folder() const { return stage_.folder; }
  // Folder for checkpoints and pieces of this stage.
  [[nodiscard]] std::filesystem::path work() const { return stage_.folder / "work"; }

  // Collective: the model of that name, of the run file's models or of an earlier stage, weights loaded and checked.
  // This and load_problems() throw UserError where files of the run file's models and problem sets are not those any more that the stages'
  // identities are made of (recipe/unchanged_inputs.h).
  [[nodiscard]] LoadedModel load_model(const std::string& name);
  // Local, the same on every rank.
  [[nodiscard]] std::vector<Problem> load_problems(const std::string& name);
  // The sealed output folder of an earlier stage: its path, for words; and opened, for reading what is in it, which is
  // checked while it is read (store/sealed_folder.h, recipe/sealed_inputs.h). Reading it throws BrokenFolder on the rank
  // that met damage: rank 0 alone may read, or all within together().
  [[nodiscard]] std::filesystem::path input(const std::string& stage) const;
  [[nodiscard]] SealedFolder sealed_input(const std::string& stage) const { return SealedFolder::open(input(stage)); }
  [[nodiscard]] const StagePlan& input_plan(const std::string& stage) const;

  // Local: has this rank been asked to stop? For loops between collectives.
  [[nodiscard]] bool stop_seen() const { return stop_(); }
  // Collective over world: has any rank?
  [[nodiscard]] bool stop_requested();
  // Local: throws StopRequested when this rank has been asked to stop. For long work inside of together().
  void check_stop() const;
  // Collective over world: every rank does its `work`, which exchanges nothing and calls check_stop() now and then. Where
  // that throws on one rank, or one meets damage (BrokenFolder), all throw.
  void together(Name name, const std::function<void()>& work);
  // As long as it lives there is something that a kill would lose: the time between looks at the stop flag counts.
  [[nodiscard]] StopLead::Work work_begins() { return StopLead::Work(lead_); }
  // A checkpoint took so long: what the next request to stop will take. Rank 0 tells people when it grows.
  void note_save(double seconds);

  // Something damaged was set aside (store/set_aside.h), on rank 0: goes into the ledger.
  void note_set_aside(const std::filesystem::path& where, const std::string& why) const {
    if (set_aside_) set_aside_(where, why);
  }
  using SetAside = std::function<void(const std::filesystem::path& where, const std::string& why)>;
  void on_set_aside(SetAside note) { set_aside_ = std::move(note); }

  // Rank 0, before it begins a file by its name: throws Error where the run folder is not in its place any more.
  void require_place() const {
    if (require_place_) require_place_();
  }
  void before_writing(std::function<void()> require_place) { require_place_ = std::move(require_place); }

  // What every manifest of this stage's output says: kind, stage, recipe, identity, extent.
  [[nodiscard]] nlohmann::ordered_json provenance() const;

  // What seal() says in its manifest. Rank 0.
  [[nodiscard]] Manifest manifest_of(const nlohmann::ordered_json& body) const;
  // The sealed folders and models that this stage reads, for its manifests. Rank 0, which writes them; empty elsewhere.
  [[nodiscard]] std::vector<Parent> parents() const;

  // Collective: writes `files` (name, content; rank 0's count) into the output folder and seals it with `body` beside
  // provenance() in its manifest.
  void seal(const nlohmann::ordered_json& body, const std::vector<std::pair<std::string, std::string>>& files);
  // Collective: as seal(), with files of every rank: each rank's `write` writes its own, under names of its own, and exchanges
  // nothing. `body` is called by all ranks when all have written; rank 0's counts.
  void seal_pieces(const std::function<nlohmann::ordered_json()>& body,
                   const std::function<void(FolderWriter& folder)>& write);
  // Collective: seals the model as the output, with `body` in its metadata.
  void seal_model(LoadedModel& model, const nlohmann::ordered_json& body);

 private:
  void load_sealed(const std::string& name, LoadedModel& model);
  [[nodiscard]] std::unique_ptr<Tokenizer> read_tokenizer(const std::string& name);

  const RunPlan& plan_;
  const StagePlan& stage_;
  const RunServices& services_;
  Groups groups_;
  Logger& log_;
  ProgressLine& progress_;
  StopFlag stop_;
  StopLead& lead_;
  std::function<void()> require_place_;
  SetAside set_aside_;
};

}  // namespace ft
