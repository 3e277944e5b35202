#include <sys/statvfs.h>

#include <CLI/CLI.hpp>

#include <map>
#include <numeric>
#include <optional>

#include "framework/base/process_end.h"
#include "framework/base/reading.h"
#include "framework/base/units.h"
#include "framework/checkpoint/stored_weights.h"
#include "framework/model/hugging_face_writer.h"
#include "framework/store/files.h"
#include "framework/store/folder_writer.h"
#include "framework/store/sealed_folder.h"
#include "framework/text/tokenizer.h"
#include "launch/commands.h"
#include "launch/place_check.h"

namespace ft {
namespace {

// What the model is asked with: the templates of the run that trained it.
constexpr const char* kPromptsFile = "prompts.json";

struct ExportOptions {
  std::string stage, target;
  std::string dtype = "f32";
  std::string max_file_size = "5GB";
};

HuggingFaceOptions read_options(const ExportOptions& options) {
  return {.max_file_bytes = parse_byte_size(options.max_file_size).bytes,
          .dtype = options.dtype == "bf16" ? SafetensorsWriter::Dtype::bf16 : SafetensorsWriter::Dtype::f32};
}

// The index is for other programs: a damaged one harms no export, but it tells of a disk that rots.
void warn_of_unread_damage(const SealedFolder& source) {
  constexpr std::string_view kIndex = "index.h5";
  if (source.find(kIndex) == nullptr) return;
  try {
    source.check(kIndex);
  } catch (const BrokenFolder& broken) {
    say_plainly(
        fmt::format("warning: {}; it is not a part of the export, whose every byte is checked. `ftrun verify {}` looks "
                    "at all of it\n",
                    broken.what(), source.folder().string()));
  }
}

// Of the tensors; the other files of a model folder are small beside them.
std::int64_t bytes_of_weights(std::int64_t num_parameters, const HuggingFaceOptions& how) {
  std::int64_t bytes = num_parameters * (how.dtype == SafetensorsWriter::Dtype::bf16 ? 2 : 4);
  for (const auto& [name, content] : how.files) bytes += static_cast<std::int64_t>(content.size());
  return bytes;
}

std::string space_text(const std::filesystem::path& target, std::int64_t bytes) {
  return fmt::format("all of the export takes {} ({} bytes) in {}", bytes_text(static_cast<double>(bytes)), bytes,
                     target.parent_path().string());
}

// Before anything is made: a disk that is too small shows at once, and not after the first of several files.
void require_room(const std::filesystem::path& target, std::int64_t bytes) {
  std::filesystem::path place = target.parent_path();
  while (!is_there(place) && place.has_relative_path()) place = place.parent_path();
  struct statvfs info {};
  if (::statvfs(place.c_str(), &info) != 0) return;  // told when it is written
  const double free = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  if (free >= static_cast<double>(bytes)) return;
  throw Error(fmt::format(
      "the disk is too full: {}, and {} ({:.0f} bytes) are free there; nothing was written. Free some space, give a "
      "folder on another disk, or take --dtype bf16, which needs half of what f32 does",
      space_text(target, bytes), bytes_text(free), free));
}

// A folder in the making, with those above it that are not there yet: gone again unless it is kept.
class UnfinishedFolder {
 public:
  explicit UnfinishedFolder(std::filesystem::path path) : path_(std::move(path)) {
    for (auto above = path_.parent_path(); !is_there(above); above = above.parent_path()) made_.push_back(above);
    try {
      make_folder(path_);
    } catch (...) {
      remove();
      throw;
    }
  }
  UnfinishedFolder(const UnfinishedFolder&) = delete;
  UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;
  ~UnfinishedFolder() {
    if (!kept_) remove();
  }
  void keep() { kept_ = true; }

 private:
  // Of the folders above, only what nobody else has put anything into.
  void remove() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    for (const auto& above : made_) std::filesystem::remove(above, ignored);
  }

  std::filesystem::path path_;
  std::vector<std::filesystem::path> made_;
  bool kept_ = false;
};

// Tensor after tensor, into a folder beside the target, which gets its name when it is whole.
void export_model(const ExportOptions& options) {
  if (options.target.empty()) fail_user("the folder to write has no name");
  const std::filesystem::path target = std::filesystem::absolute(options.target).lexically_normal();
  HuggingFaceOptions how = read_options(options);
  if (std::filesystem::exists(target) &&
      !(std::filesystem::is_directory(target) && std::filesystem::is_empty(target))) {
    fail_user(fmt::format("'{}' exists and is not an empty folder; nothing was written", target.string()));
  }
  const SealedFolder source = SealedFolder::open(find_artifact(options.stage));
  if (const std::string why = why_out_of_place(source.folder()); !why.empty())
    fail_user(fmt::format("{}; nothing was written", why));
  const auto read = [&](const std::string& name) { return source.read_if_there(name); };
  const std::optional<std::string> config_text = read("config.json");
  if (!config_text)
    fail_user(fmt::format("'{}' is no model: it holds {}", source.folder().string(), source.manifest().format));
  warn_of_unread_damage(source);
  const auto told = source.manifest().body.find("metadata");
  const bool has_prompts = told != source.manifest().body.end() && told->contains("prompts");
  StoredWeights weights(source.folder());
  const ModelConfig config = parse_model_config(*config_text, source.path("config.json").string());
  how.files =
      stored_files(config, *load_tokenizer(source.folder(), read), read_companions(read), dtype_name(how.dtype));
  if (has_prompts) how.files.emplace_back(kPromptsFile, told->at("prompts").dump(2) + "\n");
  std::vector<SafetensorsWriter::Entry> tensors;
  std::map<std::string, std::size_t> places;
  std::int64_t num_parameters = 0;
  for (const auto& parameter : weights.parameters()) {
    places[parameter.name] = tensors.size();
    tensors.push_back({parameter.name, parameter.shape});
    num_parameters +=
        std::accumulate(parameter.shape.begin(), parameter.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  const std::int64_t bytes = bytes_of_weights(num_parameters, how);
  const std::filesystem::path partial = FolderWriter::partial_path(target);
  discard_folder(partial);  // of an export that was killed
  require_room(target, bytes);
  try {
    UnfinishedFolder unfinished(partial);
    write_hugging_face(
        partial, config, std::move(tensors), [&](const std::string& name) { return weights.read(places.at(name)); },
        how);
    std::filesystem::remove(target);  // an empty folder
    rename_durably(partial, target);
    unfinished.keep();
  } catch (const UserError&) {
    throw;
  } catch (const Error& error) {
    throw Error(fmt::format("{}. Nothing is left of it there; {}", error.what(), space_text(target, bytes)));
  }
  fmt::print("{}: {} parameters, weights {}\n", target.string(), num_parameters, weights.info().weights_digest);
}

}  // namespace

void add_export(CLI::App& app, Subcommand& chosen) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "write a model as a Hugging Face folder");
  command->add_option("STAGE", options->stage, "<run folder>/<stage>, or a sealed model folder")->required();
  command->add_option("DIR", options->target, "the folder to write; it must not exist, or be empty")->required();
  command->add_option("--dtype", options->dtype, "of the weights on disk: f32, exact, or bf16, half the size")
      ->check(CLI::IsMember({"f32", "bf16"}));
  command->add_option("--max-file-size", options->max_file_size, "larger models are cut into several files; 5GB");
  command->callback([&chosen, options] {
    chosen.alone = [options] {
      export_model(*options);
      return ExitCode::done;
    };
  });
}

}  // namespace ft
