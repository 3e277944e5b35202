#include "framework/recipe/superseded.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "framework/base/reading.h"
#include "framework/base/units.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/recipe/identity_change.h"
#include "framework/recipe/progress_line.h"
#include "framework/recipe/stage_times.h"
#include "framework/recipe/verdict_files.h"
#include "framework/store/append_log.h"
#include "framework/store/intact_note.h"
#include "framework/store/last_start.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::vector<fs::path> outputs_of(const fs::path& stage) {
  std::vector<fs::path> outputs;
  for (const std::string& name : list_folder(stage)) {
    if (name.starts_with("output-") && !is_set_aside(name) && SealedFolder::looks_sealed(stage / name))
      outputs.push_back(stage / name);
  }
  return outputs;
}

std::int64_t bytes_of(const fs::path& folder) {
  std::int64_t bytes = 0;
  for (const std::string& name : list_folder(folder)) {
    const Found found = look_at_entry(folder / name);
    if (found.kind == Found::Kind::file) bytes += found.size;
    if (found.kind == Found::Kind::folder) bytes += bytes_of(folder / name);
  }
  return bytes;
}

// Something that took work: an output, a checkpoint, attempts. Not a folder that a start has only made.
bool holds_work(const fs::path& stage) { return !outputs_of(stage).empty() || bytes_of(stage / "work") > 0; }

StageFolderName name_of(const fs::path& folder) { return read_stage_folder_name(folder.filename().string()); }

std::int64_t newest_checkpoint(const fs::path& stage) {
  const std::vector<TrainCursor> cursors = sealed_cursors(checkpoints_of(stage));
  return cursors.empty() ? 0 : cursors.back().step;
}

// The newest step that the stage's length lets it go on from.
std::optional<std::int64_t> step_to_go_on_from(const StagePlan& stage) {
  const std::optional<Length> length = length_of(stage);
  std::optional<std::int64_t> step;
  for (const TrainCursor& cursor : sealed_cursors(checkpoints_of(stage.folder))) {
    if (!length || is_within(cursor, *length).value_or(true)) step = cursor.step;
  }
  return step;
}

std::int64_t records_in(const fs::path& stage, std::string_view stem) {
  return read_pieces(list_pieces(stage / "work", std::string(stem)), [](std::string_view) {}).records;
}

// What is lost is told, whatever it is; a manifest that is damaged tells nothing.
void count_outputs(const fs::path& stage, std::int64_t& steps, std::int64_t& attempts) {
  for (const fs::path& output : outputs_of(stage)) {
    const Json manifest = Json::parse(read_file(output / kManifestName), nullptr, false);
    const Json body = manifest.is_object() ? manifest.value("body", Json()) : Json();
    if (!body.is_object()) continue;
    const Json metadata = body.value("metadata", body);
    if (metadata.contains("training")) steps = std::max(steps, metadata["training"].value("steps", std::int64_t{0}));
    if (metadata.contains("summary"))
      attempts = std::max(attempts, metadata["summary"].value("attempts", std::int64_t{0}));
  }
}

// In words, and whether they speak of one thing.
std::pair<std::string, bool> amount_of(const fs::path& stage) {
  std::int64_t steps = newest_checkpoint(stage);
  std::int64_t attempts = records_in(stage, "attempts");
  count_outputs(stage, steps, attempts);
  const std::string finished = outputs_of(stage).empty() ? "" : "finished, ";
  if (steps > 0) return {fmt::format("{}{} {}", finished, steps, steps == 1 ? "step" : "steps"), steps == 1};
  if (attempts > 0)
    return {fmt::format("{}{} {}", finished, attempts, attempts == 1 ? "attempt" : "attempts"), attempts == 1};
  return {finished.empty() ? "unfinished work" : "a finished output", true};
}

// None where an older program wrote none, or where it is damaged: then there are fewer words.
std::optional<std::vector<InputContent>> inputs_of(const fs::path& stage) {
  const std::optional<std::string> text = read_if_there(stage / kInputsFile);
  if (!text) return std::nullopt;
  try {
    return read_input_contents(*text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<std::string> reasons_of(const StagePlan& stage, const fs::path& before) {
  const std::optional<std::string> text = read_if_there(before / "identity.txt");
  if (!text) return {"its folder does not say what it was made from"};
  std::vector<std::string> reasons = changes(stage, *text, inputs_of(before));
  if (reasons.empty()) reasons.push_back("its identity is written otherwise than by the program that made it");
  return reasons;
}

bool is_quickly_made(const StagePlan& stage) {
  return stage.recipe->output() == ArtifactKind::report || stage.recipe->output() == ArtifactKind::verdicts;
}

// As far as is looked; one that somebody has hashed, and is the same still, is not read.
bool is_damaged(const fs::path& output, Look look) {
  try {
    const SealedFolder folder = SealedFolder::open(output);
    if (look == Look::bytes && !intact_note_of(output).vouches_for(folder)) folder.require_intact();
    return false;
  } catch (const BrokenFolder&) {
    return true;
  }
}

class Search {
 public:
  Search(const RunPlan& plan, Look look) : plan_(plan), run_(plan.run.folder), look_(look) {
    for (const std::string& name : list_folder(run_ / "stages")) {
      const fs::path folder = run_ / "stages" / name;
      if (!read_stage_folder_name(name).stage.empty() && holds_work(folder)) folders_.push_back(folder);
    }
    if (folders_.empty()) return;
    try {
      start_ = read_last_start(run_);
    } catch (const BrokenRecord&) {
      // Then it is as if there were none; this start writes it anew.
    }
    for (const auto& [stage, time] : read_stage_times(run_))
      seconds_[stage.second.substr(0, kFolderDigits)] += time.seconds;
  }

  std::optional<Superseded> of(const StagePlan& stage) const {
    const bool has_folder =
        std::ranges::any_of(folders_, [&](const fs::path& f) { return f.filename() == stage.folder.filename(); });
    const bool is_there = has_folder && (SealedFolder::looks_sealed(stage.output) || continuation_of(stage).goes_on);
    const bool sealed = SealedFolder::looks_sealed(stage.output);
    // A damaged output is made again, which is a beginning anew only where there is nothing to go on from.
    if (has_folder && (!sealed || (plan_.run.restart == Restart::refuse && is_damaged(stage.output, look_)))) {
      if (const auto lost = lost_checkpoints(stage, look_)) return damaged(stage, *lost);
      if (sealed && !continuation_of(stage).goes_on) return damaged_output(stage);
    }
    const MeantOutput* last = start_ ? start_->find(stage.name) : nullptr;
    if (last != nullptr && last->folder.filename() == stage.folder.filename()) {
      const bool was_told = last->extent == stage.extent_text;
      return has_folder && !is_there && !was_told ? beyond_the_length(stage, last) : std::nullopt;
    }
    std::vector<fs::path> older;
    for (const fs::path& folder : folders_) {
      if (name_of(folder).stage != stage.name || folder.filename() == stage.folder.filename()) continue;
      if (last != nullptr && folder.filename() == last->folder.filename()) return describe(stage, folder, is_there);
      older.push_back(folder);
    }
    if (is_there) return std::nullopt;
    if (has_folder) return beyond_the_length(stage, nullptr);
    if (older.empty()) return renamed(stage);
    return describe(
        stage, *std::ranges::min_element(older, {}, [&](const fs::path& f) { return reasons_of(stage, f).size(); }),
        false);
  }

 private:
  Superseded describe(const StagePlan& stage, const fs::path& folder, bool goes_on) const {
    Superseded work{
        .stage = stage.name, .begins_anew = !goes_on, .folder = folder, .reasons = reasons_of(stage, folder)};
    work.is_report = is_quickly_made(stage);
    if (const auto same = goes_on ? std::nullopt : renamed(stage))
      work.reasons.insert(work.reasons.end(), same->reasons.begin(), same->reasons.end());
    return measured(std::move(work));
  }

  // Work of the same identity, none of which the new length can go on from. Nothing where nothing was saved.
  std::optional<Superseded> beyond_the_length(const StagePlan& stage, const MeantOutput* last) const {
    const std::string now = length_in(stage.extent_text), before = last == nullptr ? "" : length_in(last->extent);
    const std::vector<TrainCursor> cursors = sealed_cursors(checkpoints_of(stage.folder));
    if (!length_of(stage) || (cursors.empty() && outputs_of(stage.folder).empty())) return std::nullopt;
    Superseded work{.stage = stage.name, .stays_in_place = true, .folder = stage.folder};
    const auto key = stage.key_paths.find("length");
    const std::string path = key == stage.key_paths.end() ? "length" : key->second;
    const std::string left =
        cursors.empty()
            ? "no checkpoint to go on from is left"
            : fmt::format("no checkpoint within it is left (the earliest is of step {})", cursors.front().step);
    work.reasons = {before.empty() || before == now ? fmt::format("{} is {}, and {}", path, now, left)
                                                    : fmt::format("{} was {}, is {}, and {}", path, before, now, left)};
    return measured(std::move(work));
  }

  Superseded damaged(const StagePlan& stage, const LostCheckpoints& lost) const {
    constexpr std::size_t kShown = 3;
    Superseded work{.stage = stage.name, .is_damaged = true, .stays_in_place = true, .folder = stage.folder};
    const auto shown = lost.damage.begin() + static_cast<std::ptrdiff_t>(std::min(lost.damage.size(), kShown));
    work.reasons = {
        fmt::format("no checkpoint to go on from is sound: {}{}", fmt::join(lost.damage.begin(), shown, "; "),
                    lost.damage.size() > kShown ? fmt::format("; and {} more", lost.damage.size() - kShown) : "")};
    work = measured(std::move(work));
    work.amount = fmt::format("{} {}", lost.step, lost.step == 1 ? "step" : "steps");
    work.is_one = lost.step == 1;
    return work;
  }

  // Of what is finished, with nothing beside it to go on from.
  Superseded damaged_output(const StagePlan& stage) const {
    Superseded work{.stage = stage.name, .is_damaged = true, .stays_in_place = true, .folder = stage.folder};
    work.is_report = is_quickly_made(stage);
    work.reasons = {fmt::format("its output is damaged: {}", damage_of(stage.output, look_))};
    return measured(std::move(work));
  }

  // The same work under a name that the run file has no more.
  std::optional<Superseded> renamed(const StagePlan& stage) const {
    for (const fs::path& folder : folders_) {
      const auto [name, identity] = name_of(folder);
      if (!stage.identity.starts_with(identity) || plan_.find_stage(name) != nullptr) continue;
      Superseded work{.stage = stage.name, .folder = folder};
      const bool of_seed = name != stage.name &&
                           (name.starts_with(stage.first_name() + ".seed") || stage.name.starts_with(name + ".seed"));
      work.reasons = {fmt::format("it was named '{}', and a stage is found by its name{}", name,
                                  of_seed ? ": the first one of run.seeds must stay the first" : "")};
      return measured(std::move(work));
    }
    return std::nullopt;
  }

  Superseded measured(Superseded work) const {
    std::tie(work.amount, work.is_one) = amount_of(work.folder);
    work.bytes = bytes_of(work.folder);
    const auto known = seconds_.find(name_of(work.folder).identity);
    work.seconds = known == seconds_.end() ? 0 : known->second;
    return work;
  }

  const RunPlan& plan_;
  fs::path run_;
  Look look_;
  std::vector<fs::path> folders_;  // of stages that hold work
  std::optional<LastStart> start_;
  std::map<std::string, double> seconds_;  // of work, by the digits of an identity
};

}  // namespace

Continuation continuation_of(const StagePlan& stage) {
  if (stage.recipe->output() == ArtifactKind::model) {
    const std::optional<std::int64_t> step = step_to_go_on_from(stage);
    return step ? Continuation{true, fmt::format("step {} is saved", *step)} : Continuation{};
  }
  if (stage.recipe->output() == ArtifactKind::verdicts) {
    const std::int64_t pieces = count_verdict_pieces_in(verdict_work(stage.folder, stage.output));
    if (pieces == 0) return {};
    return {true,
            pieces == 1 ? "1 piece of verdicts is there" : fmt::format("{} pieces of verdicts are there", pieces)};
  }
  for (const auto& [stem, one, several] : {std::tuple{"attempts", "attempt is", "attempts are"},
                                           std::tuple{"scores", "piece of scores is", "pieces of scores are"}}) {
    const std::int64_t records = count_records(list_pieces(stage.folder / "work", stem), Owner(stage.identity));
    if (records > 0) return {true, fmt::format("{} {} there", records, records == 1 ? one : several)};
  }
  return {};
}

std::vector<Superseded> find_superseded(const RunPlan& plan, Look look) {
  std::vector<Superseded> found;
  const Search search(plan, look);
  for (const StagePlan& stage : plan.stages) {
    if (!is_known(plan, stage)) continue;  // what has changed cannot be told
    if (std::optional<Superseded> work = search.of(stage)) found.push_back(std::move(*work));
  }
  return found;
}

std::string to_text(const Superseded& work) {
  const std::string time = work.seconds >= 1 ? fmt::format(", {} of work", duration_text(work.seconds)) : "";
  return fmt::format("stage '{}' {}: {}; {} ({}{}) in {} {}", work.stage,
                     work.begins_anew ? "begins anew" : "goes on with what it made of these settings before",
                     fmt::join(work.reasons, "; "), work.amount, bytes_text(static_cast<double>(work.bytes)), time,
                     work.folder.string(),
                     work.is_damaged ? (work.is_one ? "is lost" : "are lost")
                     : work.stays_in_place
                         ? (work.is_one ? "stays there for a longer length" : "stay there for a longer length")
                     : work.is_one ? "is set aside"
                                   : "are set aside");
}

void refuse_restart(const RunPlan& plan, const std::vector<Superseded>& superseded) {
  if (plan.run.restart != Restart::refuse) return;
  std::string text;
  for (const Superseded& work : superseded) {
    if (work.begins_anew && !work.is_report) text += "\n  " + to_text(work);
  }
  if (text.empty()) return;
  fail_user(fmt::format(
      "run.restart is refuse, and this start would begin anew what has been worked on; nothing was touched:{}\n"
      "take back what was changed{}, or begin anew with --yes (or run.restart=allowed)",
      text, std::ranges::any_of(superseded, &Superseded::is_damaged) ? ", bring back sound checkpoints" : ""));
}

}  // namespace ft
