#include <algorithm>
#include <optional>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/store/last_start.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "launch/commands.h"
#include "launch/run_listing.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const std::string& name : list_folder(folder)) {
    if (!name.starts_with(".") && !is_set_aside(name) && look_through(folder / name).kind == Found::Kind::folder)
      folders.push_back(folder / name);
  }
  return folders;
}

std::vector<fs::path> outputs_of_stage(const fs::path& stage) {
  std::vector<fs::path> outputs;
  for (const fs::path& folder : folders_in(stage)) {
    if (folder.filename().string().starts_with("output-") && SealedFolder::looks_sealed(folder))
      outputs.push_back(folder);
  }
  return outputs;
}

std::string listed(const std::vector<fs::path>& outputs) {
  std::string text;
  for (const fs::path& output : outputs) text += fmt::format("\n  {}", output.string());
  return text;
}

// What there is of it.
std::string unfinished_text(const fs::path& run, const MeantOutput& meant) {
  const std::string there = describe(list_stage(run / meant.folder));
  if (there.empty()) return ". Start the run again: it is made then";
  return fmt::format(". Start the run again: it goes on with what is there, any of which may be named here\n{}",
                     there.substr(0, there.size() - 1));
}

// One of the sealed `outputs` of a stage: the one that the last start means, or the only one there is.
fs::path choose(const fs::path& run, const std::string& stage, const MeantOutput* meant,
                const std::vector<fs::path>& outputs) {
  if (meant != nullptr) {
    const fs::path output = run / meant->output;
    if (SealedFolder::looks_sealed(output)) return output;
    const std::string open =
        fmt::format("the output of stage '{}' that the last start of {} asks for, {}, is not finished", stage,
                    run.string(), output.string());
    if (outputs.empty()) fail_user(fmt::format("{}, and there is no older one{}", open, unfinished_text(run, *meant)));
    fail_user(fmt::format("{}. Run it to its end, or name the finished one of other settings that you mean:{}", open,
                          listed(outputs)));
  }
  if (outputs.size() == 1) return outputs.front();
  fail_user(fmt::format(
      "stage '{}' has {} finished outputs in {}, and no record of a start tells which one is meant. Name one of "
      "them, or start the run again (what is done is not done again), which notes it:{}",
      stage, outputs.size(), run.string(), listed(outputs)));
}

// Where one stage's output is wanted and a run with several was named; returns where it has none.
void fail_whole_run(const fs::path& run) {
  std::vector<std::string> names;
  for (const fs::path& output : sealed_outputs(run)) {
    const std::string name = (run / stage_name(output.parent_path())).string();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.empty()) return;
  fail_user(fmt::format("'{}' is a whole run; name one of its stages: {}", run.string(), fmt::join(names, ", ")));
}

// <run folder>/<stage>, or <run folder>/stages/<stage>.
fs::path find_by_name(const fs::path& path) {
  const std::string wanted = path.filename().string();
  fs::path run = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!is_folder(run / "stages") && run.filename() == "stages")
    run = run.has_parent_path() ? run.parent_path() : fs::path(".");
  const std::optional<LastStart> start = read_last_start(run);
  std::vector<fs::path> matching;
  std::vector<std::string> names;
  for (const fs::path& output : sealed_outputs(run)) {
    const std::string name = stage_name(output.parent_path());
    if (name == wanted) matching.push_back(output);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  const MeantOutput* meant = start ? start->find(wanted) : nullptr;
  if (meant != nullptr || !matching.empty()) return choose(run, wanted, meant, matching);
  if (is_there(path) || names.empty() || !is_run_folder(run)) fail_user(what_is_there(path));
  const auto near = nearest(wanted, names);
  fail_user(fmt::format("run folder '{}' has no finished stage '{}'{}; finished stages: {}", run.string(), wanted,
                        near ? fmt::format("; did you mean '{}'?", *near) : "", fmt::join(names, ", ")));
}

}  // namespace

std::vector<fs::path> sealed_outputs(const fs::path& run) {
  std::vector<fs::path> outputs;
  for (const fs::path& stage : folders_in(run / "stages")) {
    const auto of_stage = outputs_of_stage(stage);
    outputs.insert(outputs.end(), of_stage.begin(), of_stage.end());
  }
  return outputs;
}

fs::path find_artifact(const fs::path& given) {
  const fs::path path = given.filename().empty() ? given.parent_path() : given;  // "run/solver/"
  const Found::Kind kind = look_through(path).kind;
  if (path.empty() || kind == Found::Kind::dangling || kind == Found::Kind::file || kind == Found::Kind::other)
    fail_user(what_is_there(path));
  if (SealedFolder::looks_sealed(path)) return path;
  const auto outputs = outputs_of_stage(path);
  if (outputs.empty() && is_run_folder(path)) fail_whole_run(path);
  if (outputs.empty()) return find_by_name(path);
  const fs::path stage = fs::canonical(path);  // "." and links have names of their own
  const fs::path run = stage.parent_path().parent_path();
  const std::optional<LastStart> start = read_last_start(run);
  const MeantOutput* meant = start ? start->find_folder(stage) : nullptr;
  if (meant == nullptr || !SealedFolder::looks_sealed(run / meant->output))
    return choose(run, stage_name(stage), meant, outputs);
  return path / meant->output.filename();
}

}  // namespace ft
