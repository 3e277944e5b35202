#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>
#include <optional>

#include "framework/base/error.h"
#include "framework/base/units.h"
#include "framework/store/last_start.h"
#include "framework/store/sealed_folder.h"
#include "launch/commands.h"

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
  fmt::print("{}\nformat: {} version {}\ndigest: {}\n", folder.folder().string(), manifest.format, manifest.version, manifest.digest);
  for (const Parent& parent : manifest.parents) fmt::print("parent: {} {} {}\n", parent.role, parent.path, parent.digest);
  for (const auto& [key, value] : manifest.body.items()) print_value(key, value, 0);
  fmt::print("files:\n");
  for (const FileRecord& file : manifest.files) fmt::print("  {} ({}) sha256 {}\n", file.name, to_string(ByteSize{file.size}), file.sha256);
}

// Outputs of the settings of the last start, what it has not finished, and outputs of other settings.
void inspect_run(const std::filesystem::path& run, const std::vector<std::filesystem::path>& outputs) {
  const std::optional<LastStart> start = read_last_start(run);
  fmt::print("run folder {}\n", run.string());
  for (const auto& output : outputs) {
    const SealedFolder folder = SealedFolder::open(output);
    const MeantOutput* meant = start ? start->find_folder(output.parent_path()) : nullptr;
    const bool older = start && (meant == nullptr || meant->output.filename() != output.filename());
    fmt::print("  {}/{}: {} {}{}\n", output.parent_path().filename().string(), output.filename().string(), folder.manifest().format,
               folder.digest().substr(0, 16), older ? ", of other settings than the last start's" : "");
  }
  for (const MeantOutput& meant : start ? start->outputs : std::vector<MeantOutput>()) {
    if (!SealedFolder::looks_sealed(run / meant.output)) fmt::print("  {}: not finished\n", meant.folder.filename().string());
  }
  fmt::print("ftrun inspect {}/STAGE shows one of them\n", run.string());
}

void inspect(const std::filesystem::path& path) {
  const auto outputs = sealed_outputs(path);
  if (outputs.empty()) return print_folder(SealedFolder::open(find_artifact(path)));
  inspect_run(path, outputs);
}

}  // namespace

void add_inspect(CLI::App& app, Subcommand& chosen) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("inspect", "what a run folder, stage or checkpoint holds");
  command->add_option("PATH", *path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  command->callback([&chosen, path] {
    chosen.alone = [path] {
      inspect(*path);
      return ExitCode::done;
    };
  });
}

}  // namespace ft
