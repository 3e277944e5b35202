#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/base/units.h"
#include "framework/recipe/run_records.h"
#include "framework/store/intact_note.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "launch/asked_for.h"
#include "launch/commands.h"
#include "launch/run_listing.h"

namespace ft {
namespace {

void print_value(const std::string& key, const nlohmann::ordered_json& value, int depth) {
  const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
  if (value.is_object()) {
    fmt::print("{}{}:\n", indent, key);
    for (const auto& [name, child] : value.items()) print_value(name, child, depth + 1);
  } else if (value.is_array() && value.size() > 8) {
    fmt::print("{}{}: {} entries\n", indent, key, value.size());
  } else if (value.is_string() && value.get<std::string>().find('\n') != std::string::npos) {
    fmt::print("{}{}:\n", indent, key);
    const std::string text = value;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      fmt::print("{}  {}\n", indent, text.substr(begin, end - begin));
      begin = end + 1;
    }
  } else {
    fmt::print("{}{}: {}\n", indent, key, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

void print_folder(const SealedFolder& folder) {
  const Manifest& manifest = folder.manifest();
  fmt::print("{}\nformat: {} version {}\ndigest: {}\n", folder.folder().string(), manifest.format, manifest.version,
             manifest.digest);
  for (const Parent& parent : manifest.parents)
    fmt::print("parent: {} {} {}\n", parent.role, parent.path, parent.digest);
  for (const auto& [key, value] : manifest.body.items()) print_value(key, value, 0);
  fmt::print("files:\n");
  for (const FileRecord& file : manifest.files)
    fmt::print("  {} ({}) sha256 {}\n", file.name, to_string(ByteSize{file.size}), file.sha256);
}

// What looking at names and sizes cannot tell, and who tells it.
void print_unchecked(const std::filesystem::path& path) {
  fmt::print(
      "sizes were compared with those that were sealed, contents were not: `ftrun verify {}` hashes every byte\n",
      path.string());
}

// False where what is asked for is damaged.
bool print_output(const std::filesystem::path& output, bool asked) {
  const std::string name = fmt::format("{}/{}", output.parent_path().filename().string(), output.filename().string());
  const std::string_view older = asked ? "" : ", of other settings than the last start's";
  try {
    const SealedFolder folder = SealedFolder::open(output);
    const bool vouched = intact_note_of(output).vouches_for(folder);
    fmt::print("  {}: {} {}{}{}\n", name, folder.manifest().format, folder.digest().substr(0, 16), older,
               vouched ? "" : "; its files were changed, copied or touched since they were hashed last");
    return true;
  } catch (const BrokenFolder& broken) {
    fmt::print("  {}: DAMAGED: {}{}\n", name, broken.what(), older);
    return !asked;
  }
}

// Outputs of the settings of the last start, what it has not finished, outputs of other settings, what was set aside, and
// how it goes on. Failure where an output that is asked for is damaged.
ExitCode inspect_run(const std::filesystem::path& folder) {
  const AskedFor asked(folder);
  const SeenRun run = list_run(folder);
  fmt::print("run folder {}\n", folder.string());
  if (run.holder) {
    fmt::print("in use by {}{}\n", *run.holder,
               run.running.empty() ? "" : fmt::format("; it works on stage '{}'", run.running));
  }
  for (const std::string& text : damage_of_records(folder).all()) fmt::print("{}\n", text);
  bool any = false, all_done = true, all_sound = true;
  for (const SeenStage& stage : run.stages) {
    for (const auto& output : stage.outputs) all_sound = print_output(output, asked.output(output)) && all_sound;
    any = any || !stage.outputs.empty();
  }
  for (const MeantOutput& meant : asked.outputs()) {
    if (SealedFolder::looks_sealed(asked.place_of(meant))) continue;
    all_done = false;
    fmt::print("  {}: not finished\n", meant.folder.filename().string());
  }
  for (const SeenStage& stage : run.stages) fmt::print("{}", describe(stage));
  if (!all_done && !run.holder)
    fmt::print("the same command as before goes on with what is not finished; `ftrun plan` says from where\n");
  if (any) {
    fmt::print("ftrun inspect {}/STAGE shows one of them\n", folder.string());
    print_unchecked(folder);
  }
  return all_sound ? ExitCode::done : ExitCode::failure;
}

// A stage's folder without a finished output.
void inspect_stage(const SeenStage& stage) {
  fmt::print("stage '{}', not finished: {}\n{}", stage.name, stage.folder.string(), describe(stage));
  if (stage.checkpoints.empty()) return;
  fmt::print("ftrun inspect {} shows the newest one\n", stage.checkpoints.back().folder.string());
}

bool is_stage_folder(const std::filesystem::path& path) {
  const std::filesystem::path clean = path.filename().empty() ? path.parent_path() : path;
  return is_folder(clean) && !SealedFolder::looks_sealed(clean) && clean.parent_path().filename() == "stages" &&
         is_file(clean / "identity.txt");
}

ExitCode inspect(const std::filesystem::path& path) {
  if (look_through(path).kind == Found::Kind::folder && is_run_folder(path)) return inspect_run(path);
  if (look_through(path).kind == Found::Kind::folder && is_stage_folder(path)) {
    if (const SeenStage stage = list_stage(path.filename().empty() ? path.parent_path() : path);
        stage.outputs.empty()) {
      inspect_stage(stage);
      return ExitCode::done;
    }
  }
  const std::filesystem::path found = find_artifact(path);
  print_folder(SealedFolder::open(found));
  print_unchecked(found);
  if (is_set_aside(found)) fmt::print("it was set aside as damaged: its bytes are not to be relied on\n");
  return ExitCode::done;
}

}  // namespace

void add_inspect(CLI::App& app, Subcommand& chosen) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("inspect", "what a run folder, stage or checkpoint holds");
  command->add_option("PATH", *path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  command->callback([&chosen, path] { chosen.alone = [path] { return inspect(*path); }; });
}

}  // namespace ft
