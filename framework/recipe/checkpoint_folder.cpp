#include "framework/recipe/checkpoint_folder.h"

#include <algorithm>
#include <charconv>

#include "framework/base/reading.h"
#include "framework/store/files.h"
#include "framework/store/manifest.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "step-";

// What is wrong with an entry that bears a checkpoint's name, in words that go on after its path; empty: nothing.
std::string why_strange(const std::filesystem::path& checkpoint, std::string_view identity) {
  switch (look_through(checkpoint).kind) {
    case Found::Kind::dangling:
      return "is a link that leads to nothing";
    case Found::Kind::file:
    case Found::Kind::other:
      return "is no folder";
    case Found::Kind::nothing:
      return "";  // removed meanwhile
    case Found::Kind::folder:
      break;
  }
  const std::optional<std::string> other = foreign_identity(checkpoint, identity);
  return other ? fmt::format("is a checkpoint of other settings (identity {}, here it is {})",
                             other->substr(0, kFolderDigits), identity.substr(0, kFolderDigits))
               : "";
}

}  // namespace

std::string checkpoint_name(std::int64_t step) { return fmt::format("{}{:08}", kPrefix, step); }

std::optional<std::int64_t> step_of_checkpoint(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), step);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return step;
}

Json to_json(const TrainCursor& cursor) {
  Json json = {{"step", cursor.step},
               {"position", cursor.position},
               {"num_tokens", cursor.num_tokens},
               {"seconds", cursor.seconds},
               {"consumed_digest", cursor.consumed_digest},
               {"best_validation_loss", cursor.best_validation_loss},
               {"best_step", cursor.best_step},
               {"skipped", cursor.skipped},
               {"skipped_in_row", cursor.skipped_in_row},
               {"validation_due", cursor.validation_due}};
  if (cursor.best_measure != 0) json["best_measure"] = cursor.best_measure;
  if (cursor.end_validation_due) json["end_validation_due"] = true;
  if (!cursor.end_of.empty()) json["end_of"] = cursor.end_of;
  if (cursor.num_examples > 0) json["num_examples"] = cursor.num_examples;
  if (cursor.last_step_tokens > 0) json["last_step_tokens"] = cursor.last_step_tokens;
  return json;
}

TrainCursor cursor_from_metadata(const Json& metadata) {
  const Json& json = metadata.at("cursor");
  TrainCursor cursor;
  cursor.step = json.at("step");
  cursor.position = json.at("position");
  cursor.num_tokens = json.at("num_tokens");
  cursor.seconds = json.at("seconds");
  cursor.consumed_digest = json.at("consumed_digest");
  cursor.best_validation_loss = json.at("best_validation_loss");
  cursor.best_measure = json.value("best_measure", 0.0);
  cursor.best_step = json.at("best_step");
  cursor.skipped = json.value("skipped", std::int64_t{0});
  cursor.skipped_in_row = json.value("skipped_in_row", std::int64_t{0});
  cursor.validation_due = json.value("validation_due", false);
  cursor.end_validation_due = json.value("end_validation_due", false);
  cursor.end_of = json.value("end_of", "");
  cursor.num_examples = json.value("num_examples", std::int64_t{0});
  cursor.last_step_tokens = json.value("last_step_tokens", std::int64_t{0});
  return cursor;
}

std::vector<TrainCursor> sealed_cursors(const std::filesystem::path& folder) {
  std::vector<TrainCursor> cursors;
  for (const std::string& name : list_folder(folder)) {
    if (!step_of_checkpoint(name) || !SealedFolder::looks_sealed(folder / name)) continue;
    try {
      cursors.push_back(cursor_from_metadata(SealedFolder::open(folder / name).manifest().body.at("metadata")));
    } catch (const BrokenFolder&) {  // the training itself complains of it
    } catch (const Json::exception&) {
    }
  }
  std::ranges::sort(cursors, {}, &TrainCursor::step);
  return cursors;
}

std::optional<std::string> foreign_identity(const std::filesystem::path& checkpoint, std::string_view identity) {
  if (!SealedFolder::looks_sealed(checkpoint)) return std::nullopt;
  const std::filesystem::path path = checkpoint / kManifestName;
  const std::optional<std::string> text = read_if_there(path);
  if (!text) return std::nullopt;
  try {
    const Json body = parse_manifest(*text, path).body;
    const std::string said = body.at("metadata").value("identity", std::string(identity));
    return said == identity ? std::nullopt : std::optional(said);
  } catch (const BrokenFolder&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string strange_checkpoints(const std::filesystem::path& folder, std::string_view identity) {
  std::string text;
  for (const std::string& name : list_folder(folder)) {
    if (!step_of_checkpoint(name)) continue;
    if (const std::string why = why_strange(folder / name, identity); !why.empty())
      text += fmt::format("\n  {} {}", (folder / name).string(), why);
  }
  if (text.empty()) return "";
  return fmt::format(
      "has among its checkpoints what was put there by hand; nothing was touched:{}\n"
      "take it away, and start again",
      text);
}

int drop_checkpoints(const std::filesystem::path& folder, std::string_view identity, bool keep_last, Logger& log) {
  std::vector<TrainCursor> cursors = sealed_cursors(folder);
  std::erase_if(cursors, [&](const TrainCursor& cursor) {
    return foreign_identity(folder / checkpoint_name(cursor.step), identity).has_value();
  });
  int dropped = 0;
  for (const TrainCursor& cursor : cursors) {
    const TrainCursor& newest = cursors.back();
    if (keep_last && (cursor.step == newest.step || cursor.step == newest.best_step)) continue;
    try {
      discard_folder(folder / checkpoint_name(cursor.step));
      ++dropped;
    } catch (const Error& error) {
      log.warn("a checkpoint takes room that is not freed: {}", error.what());
    }
  }
  return dropped;
}

}  // namespace ft
