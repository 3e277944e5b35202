#include "launch/run_listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/plain_file.h"
#include "framework/base/reading.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/recipe/stage_times.h"
#include "framework/recipe/verdict_files.h"
#include "framework/store/append_log.h"
#include "framework/store/lock.h"
#include "framework/store/run_marks.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

std::time_t time_of(const fs::path& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? info.st_mtime : 0;
}

std::string time_text(std::time_t time) {
  std::tm parts{};
  char text[32] = "";
  if (gmtime_r(&time, &parts) != nullptr) (void)std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string damage_of(const fs::path& folder) {
  const Found::Kind kind = look_through(folder).kind;
  if (kind != Found::Kind::folder && kind != Found::Kind::nothing) return why_unsealed(folder);
  try {
    (void)SealedFolder::open(folder);
    return {};
  } catch (const BrokenFolder& broken) {
    return broken.what();
  }
}

std::int64_t count_records(const fs::path& work, std::string_view stem) {
  return read_pieces(list_pieces(work, stem), [](std::string_view) {}).records;
}

std::vector<std::string> visible(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  std::ranges::copy_if(names, std::back_inserter(found),
                       [](const std::string& name) { return !name.starts_with("."); });
  return found;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  const std::size_t shown = std::min(names.size(), kMost);
  return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     names.size() > kMost ? fmt::format(" and {} more", names.size() - kMost) : "");
}

std::string missing_text(const fs::path& path) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string text = fmt::format("there is no '{}'", path.string());
  const Found::Kind kind = look_through(parent).kind;
  if (kind != Found::Kind::folder)
    return fmt::format("{}: '{}' is {}", text, parent.string(),
                       kind == Found::Kind::nothing ? "not there either" : "no folder");
  const std::vector<std::string> names = visible(list_folder(parent));
  const auto near = nearest(path.filename().string(), names);
  if (near) text += fmt::format("; did you mean '{}'?", (path.parent_path() / *near).string());
  return text;
}

std::string folder_text(const fs::path& path) {
  const std::vector<std::string> names = visible(list_folder(path));
  if (names.empty()) return fmt::format("'{}' is an empty folder: no run has begun there", path.string());
  std::vector<std::string> below;
  for (const std::string& name : names) {
    if (look_through(path / name).kind == Found::Kind::folder && is_run_folder(path / name))
      below.push_back((path / name).string());
  }
  const std::string what = fmt::format("'{}' is neither a run folder nor a part of one", path.string());
  if (!below.empty()) return fmt::format("{}; it holds run folders: {}", what, some_of(below));
  if (std::ranges::find(names, "config.json") != names.end()) {
    return fmt::format("{}: it is a model folder as other programs write them, of which ftrun keeps no hashes", what);
  }
  return fmt::format(
      "{}: it holds {}. A run folder is what run.folder names in the run file; it holds stages/ and ledger.jsonl", what,
      some_of(names));
}

}  // namespace

std::string stage_name(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const std::string stage = read_stage_folder_name(name).stage;
  return stage.empty() ? name : stage;
}

std::string why_unsealed(const fs::path& output) {
  const Found::Kind kind = look_through(output).kind;
  if (kind == Found::Kind::dangling)
    return fmt::format("{} is a link to something that is not there (a disk that is not mounted?)", output.string());
  if (kind == Found::Kind::folder)
    return fmt::format("{} is no finished output: it has no {}", output.string(), kManifestName);
  return fmt::format("{} is {}", output.string(), kind == Found::Kind::file ? "a file, not a folder" : kNoPlainFile);
}

bool is_run_folder(const fs::path& folder) {
  return look_through(folder / "stages").kind == Found::Kind::folder &&
         (look_through(folder / "ledger.jsonl").kind == Found::Kind::file ||
          look_through(folder / "lock").kind == Found::Kind::file) &&
         has_run_marks(folder);
}

std::optional<fs::path> run_around(fs::path path) {
  for (path = fs::absolute(path).lexically_normal();; path = path.parent_path()) {
    if (is_run_folder(path)) return path;
    if (!path.has_relative_path()) return std::nullopt;
  }
}

SeenStage list_stage(const fs::path& folder) {
  SeenStage stage{.folder = folder, .name = stage_name(folder)};
  for (const std::string& name : list_folder(folder)) {
    if (!name.starts_with("output-") || is_set_aside(name)) continue;
    (SealedFolder::looks_sealed(folder / name) ? stage.outputs : stage.unsealed).push_back(folder / name);
  }
  const fs::path work = folder / "work", checkpoints = work / "checkpoints";
  for (const std::string& name : list_folder(checkpoints)) {
    const std::optional<std::int64_t> step = step_of_checkpoint(name);
    if (!step) continue;
    stage.checkpoints.push_back(
        {checkpoints / name, *step, time_of(checkpoints / name / kManifestName), damage_of(checkpoints / name)});
  }
  std::ranges::sort(stage.checkpoints, {}, &SeenCheckpoint::step);
  stage.attempts = count_records(work, "attempts");
  stage.scores = count_records(work, "scores");
  stage.verdict_pieces = count_verdict_pieces(folder);
  for (const fs::path& where : {folder, checkpoints}) {
    for (fs::path& damaged : set_aside_in(where)) stage.set_aside.push_back(std::move(damaged));
  }
  return stage;
}

SeenRun list_run(const fs::path& folder) {
  SeenRun run{.folder = folder, .holder = RunLock::holder_of(folder), .running = find_cut_off(folder).stage};
  for (const std::string& name : list_folder(folder / "stages")) {
    const fs::path stage = folder / "stages" / name;
    const Found::Kind kind = look_through(stage).kind;
    if (name.starts_with(".") || (kind != Found::Kind::folder && kind != Found::Kind::dangling)) continue;
    run.stages.push_back(kind == Found::Kind::folder
                             ? list_stage(stage)
                             : SeenStage{.folder = stage, .name = stage_name(stage), .unsealed = {stage}});
  }
  return run;
}

std::string describe(const SeenStage& stage) {
  std::string text;
  for (const fs::path& output : stage.unsealed) text += fmt::format("  {}\n", why_unsealed(output));
  for (const SeenCheckpoint& checkpoint : stage.checkpoints) {
    text += fmt::format("  {}: checkpoint of step {}, {}{}\n", checkpoint.folder.string(), checkpoint.step,
                        time_text(checkpoint.time), checkpoint.damage.empty() ? "" : ", DAMAGED: " + checkpoint.damage);
  }
  if (stage.outputs.empty() && stage.attempts > 0)
    text += fmt::format("  {}: {} finished {}, not sealed yet\n", (stage.folder / "work").string(), stage.attempts,
                        stage.attempts == 1 ? "attempt" : "attempts");
  if (stage.outputs.empty() && stage.scores > 0)
    text += fmt::format("  {}: {} {} scored, not sealed yet\n", (stage.folder / "work").string(), stage.scores,
                        stage.scores == 1 ? "problem" : "problems");
  if (stage.outputs.empty() && stage.verdict_pieces > 0)
    text += fmt::format("  {}: {} of verdicts, not sealed yet\n", (stage.folder / "work").string(),
                        stage.verdict_pieces == 1 ? "1 piece" : fmt::format("{} pieces", stage.verdict_pieces));
  for (const fs::path& damaged : stage.set_aside) {
    text += fmt::format("  {}: damaged, set aside; it goes when a sound one has been made\n", damaged.string());
  }
  return text;
}

std::string what_is_there(const fs::path& path) {
  if (path.empty()) return "the path is empty; name a run folder, <run folder>/<stage>, or a sealed folder";
  const Found::Kind kind = look_through(path).kind;
  if (kind == Found::Kind::nothing) return missing_text(path);
  if (kind == Found::Kind::dangling)
    return fmt::format("'{}' is a link to something that is not there (a disk that is not mounted?)", path.string());
  const std::optional<fs::path> run = run_around(path);
  const std::string instead = run ? fmt::format("; `ftrun inspect {}` lists what the run holds", run->string()) : "";
  if (kind != Found::Kind::folder) {
    const bool run_file = path.extension() == ".yaml" || path.extension() == ".yml";
    return fmt::format("'{}' is a file, not a folder{}", path.string(),
                       run_file ? "; give the folder that its run.folder names" : instead);
  }
  if (is_run_folder(path)) {
    return fmt::format(
        "run folder '{}' holds no finished stage and no checkpoint yet; starting the run again goes on with it",
        path.string());
  }
  return run ? fmt::format("'{}' is a part of a run, but no finished one: it has no {}{}", path.string(), kManifestName,
                           instead)
             : folder_text(path);
}

}  // namespace ft
