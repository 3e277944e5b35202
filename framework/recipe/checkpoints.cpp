#include "framework/recipe/checkpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/comm/one_rank.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/recipe/shared_digests.h"
#include "framework/store/files.h"
#include "framework/store/retention.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDamaged = "a checkpoint is damaged, the one before it is used";
constexpr auto kNoneLeft = "no sound checkpoint to go on from is left in {}: the stage begins anew";

}  // namespace

Checkpoints::Checkpoints(std::filesystem::path folder, Groups groups, Logger& log, CheckpointOptions options)
    : folder_(std::move(folder)),
      groups_(groups),
      log_(log),
      options_(std::move(options)),
      writer_(groups, options_.save == SaveMode::background ? TakenFrom::copy : TakenFrom::model) {
  on_rank_zero(groups_.world, "folder of checkpoints", [&] {
    make_folder(folder_);
    remove_leftovers(folder_);
    return std::string();
  });
}

std::filesystem::path Checkpoints::path_of(std::int64_t step) const { return folder_ / checkpoint_name(step); }

// The steps of which there is a folder; of the sealed ones, where so wanted.
std::vector<std::int64_t> Checkpoints::steps(bool sealed) const {
  std::vector<std::int64_t> steps;
  for (const std::string& name : list_folder(folder_)) {
    const std::optional<std::int64_t> step = step_of_checkpoint(name);
    if (!step || name != path_of(*step).filename()) continue;
    if (!sealed || SealedFolder::looks_sealed(folder_ / name)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

// `what`: what it means, in words.
void Checkpoints::set_damaged_aside(std::int64_t step, std::string_view what, const std::string& why) {
  const std::filesystem::path where = set_aside(path_of(step));
  log_.warn("{}: {}; it is kept as {} until a sound one is sealed", what, why, where.string());
  if (options_.on_damaged) options_.on_damaged(where, why);
}

// Collective. Every byte is looked at before any is used, each file by one rank. Says aloud what is wrong with it.
bool Checkpoints::is_sound(std::int64_t step) {
  const std::filesystem::path path = path_of(step);
  Communicator& world = groups_.world;
  try {
    std::string files;
    std::vector<Complaint> foreign;
    all_or_none(world, "opening a checkpoint", [&] {
      if (world.rank() != 0) return;
      const SealedFolder folder = SealedFolder::open(path, kCheckpointFormatName, kCheckpointFormat);
      const Json metadata = folder.manifest().body.value("metadata", Json::object());
      if (const Json found = metadata.value("cursor", Json::object()).value("step", Json()); found != step) {
        throw BrokenFolder(
            fmt::format("{} holds a checkpoint of step {}: it was renamed", path.string(), found.dump()));
      }
      foreign = folder.foreign();
      files = to_text(folder.manifest().files);
    });
    check_share(path, read_file_records(world.broadcast_bytes("files of a checkpoint", files, 0)));
    for (const Complaint& complaint : foreign) {
      log_.warn("{}: {}; the checkpoint is sound and used", path.string(), complaint.text);
    }
    return true;
  } catch (const BrokenFolder& broken) {
    on_rank_zero(world, "damaged checkpoint", [&] {
      set_damaged_aside(step, kDamaged, broken.what());
      return std::string();
    });
    return false;
  }
}

// Collective. Throws BrokenFolder on all ranks.
void Checkpoints::check_share(const std::filesystem::path& folder, const std::vector<FileRecord>& files) {
  std::vector<std::int64_t> sizes;
  for (const FileRecord& file : files) sizes.push_back(file.size);
  const std::vector<int> rank_of = share_out(sizes, groups_.world.size());
  all_or_none(groups_.world, "hashing a checkpoint", [&] {
    std::vector<FileRecord> own;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (rank_of[i] == groups_.world.rank()) own.push_back(files[i]);
    }
    require_intact(folder, own);
  });
}

// Nothing where it cannot be understood: that is for is_sound() to complain of.
std::optional<TrainCursor> Checkpoints::cursor_at(std::int64_t step) const {
  try {
    return cursor_from_metadata(SealedFolder::open(path_of(step)).manifest().body.at("metadata"));
  } catch (const BrokenFolder&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

// Not beyond the end of a length that is shorter than one that was trained before.
bool Checkpoints::is_reached(std::int64_t step) const {
  const std::optional<TrainCursor> cursor = cursor_at(step);
  return !cursor || !reaches_ || reaches_(*cursor);
}

bool Checkpoints::lacks_best(std::int64_t step) const {
  const std::optional<TrainCursor> cursor = cursor_at(step);
  return cursor && cursor->best_step >= 0 && cursor->best_step != step &&
         !SealedFolder::looks_sealed(path_of(cursor->best_step));
}

// Those within the length to be trained, the newest first.
std::vector<std::int64_t> Checkpoints::candidates() const {
  if (const std::string strange = strange_checkpoints(folder_, options_.identity); !strange.empty())
    fail_user(fmt::format("stage '{}' {}", options_.stage, strange));
  std::vector<std::int64_t> found = steps(false);
  std::erase_if(found, [this](std::int64_t step) { return !is_reached(step); });
  if (options_.needs_best && std::erase_if(found, [this](std::int64_t step) { return lacks_best(step); }) > 0) {
    log_.warn("the best checkpoint is not in {} any more: training goes back to before it, so that it is made again",
              folder_.string());
    if (found.empty()) log_.warn(kNoneLeft, folder_.string());
  }
  std::ranges::reverse(found);
  return found;
}

// Collective.
std::optional<std::int64_t> Checkpoints::newest_sound() {
  const std::vector<std::int64_t> all =
      Json::parse(on_rank_zero(groups_.world, "newest checkpoint", [&] { return Json(candidates()).dump(); }));
  for (const std::int64_t step : all) {
    if (is_sound(step)) return step;
  }
  if (!all.empty() && groups_.world.rank() == 0) log_.warn(kNoneLeft, folder_.string());
  return std::nullopt;
}

// Bytes that were sound when they were hashed and are not when they are read: the checkpoint before is as good. Where
// there is none, the parameters' first values are gone by now.
std::optional<CheckpointInfo> Checkpoints::read_newest(ParameterSet& parameters, MomentsView& moments) {
  std::string damage;
  while (const std::optional<std::int64_t> step = newest_sound()) {
    try {
      return read_checkpoint(path_of(*step), parameters, &moments, groups_);
    } catch (const BrokenFolder& broken) {
      damage = broken.what();
      on_rank_zero(groups_.world, "damaged checkpoint", [&] {
        set_damaged_aside(*step, kDamaged, damage);
        return std::string();
      });
    }
  }
  if (damage.empty()) return std::nullopt;
  throw Error(fmt::format(
      "{}; it was the last checkpoint in {}, and is set aside there: start the same command again, and the stage "
      "begins anew",
      damage, folder_.string()));
}

bool Checkpoints::restore(ParameterSet& parameters, Trainer& trainer) {
  OptimizerState& state = trainer.optimizer_state();
  writer_.reserve(3 * (state.end - state.begin));  // weights and both moments
  reaches_ = [&trainer](const TrainCursor& cursor) { return trainer.reaches(cursor); };
  MomentsView moments{state.begin, state.end, state.first_moment, state.second_moment};
  const std::optional<CheckpointInfo> found = read_newest(parameters, moments);
  if (!found) return false;
  const CheckpointInfo& info = *found;
  const TrainCursor cursor = cursor_from_metadata(Json::parse(info.metadata));
  state.step = cursor.step - cursor.skipped;  // updates
  trainer.set_cursor(cursor);
  log_.info("going on from {} (weights {})", path_of(cursor.step).string(), info.weights_digest.substr(0, 16));
  const int now = groups_.tensor.size(), before = Json::parse(info.metadata).value("tensor", now);
  if (before != now) {
    log_.warn(
        "the checkpoint was made with parallel.tensor {}, the run goes on with {}: its weights will differ by rounding "
        "from those "
        "of a run that keeps one",
        before, now);
  }
  return true;
}

// For a checkpoint that is to be written. One that was put there by hand since the start is not exchanged for it.
void Checkpoints::make_room(std::int64_t step) {
  const std::filesystem::path target = path_of(step);
  if (!is_there(target)) return;
  if (!SealedFolder::looks_sealed(target)) return set_damaged_aside(step, kDamaged, target.string() + " is not sealed");
  if (const auto other = foreign_identity(target, options_.identity)) {
    const std::filesystem::path where = set_aside(target);
    log_.warn("{} is a checkpoint of other settings (identity {}), put there by hand: it is kept as {}",
              target.string(), other->substr(0, kFolderDigits), where.string());
  }
}

void Checkpoints::save(const ParameterSet& parameters, Trainer& trainer, const TrainCursor& cursor) {
  finish();
  const OptimizerState& state = trainer.optimizer_state();
  CheckpointContent content;
  content.parameters = &parameters;
  content.moments = MomentsView{state.begin, state.end, state.first_moment, state.second_moment};
  content.metadata = Json{
      {"kind", "checkpoint"},
      {"stage", options_.stage},
      {"identity", options_.identity},
      {"tensor", groups_.tensor.size()},
      {"cursor",
       to_json(cursor)}}.dump();
  content.files = options_.files;
  content.parents = options_.parents;
  const std::filesystem::path target = path_of(cursor.step);
  on_rank_zero(groups_.world, "checkpoint folder", [&] {
    if (options_.before_save) options_.before_save();
    make_room(cursor.step);
    return std::string();
  });
  saving_step_ = cursor.step;
  writer_.begin(
      target, content, [this, cursor] { prune(cursor); }, FolderWriter::IfThere::exchange);
  if (options_.save == SaveMode::blocking) finish();
}

// What cannot be removed stays, and is told: the checkpoint that was just sealed is worth more than the room.
void Checkpoints::prune(const TrainCursor& cursor) const {
  std::vector<Candidate> candidates;
  for (const std::int64_t step : steps(true)) {
    if (foreign_identity(path_of(step), options_.identity)) continue;
    if (step > cursor.step) continue;  // of a longer length, trained before: kept to go on from
    candidates.push_back({.folder = path_of(step), .step = step});
    if (step == cursor.best_step) candidates.back().loss = cursor.best_validation_loss;
  }
  std::vector<std::filesystem::path> unwanted = removable(candidates, {.last = options_.keep, .best = 1});
  for (const std::filesystem::path& damaged : set_aside_in(folder_)) {
    const std::optional<std::int64_t> step = step_of_checkpoint(original_of(damaged));
    if (step && *step <= cursor.step && !foreign_identity(damaged, options_.identity)) unwanted.push_back(damaged);
  }
  for (const std::filesystem::path& folder : unwanted) {
    try {
      discard_folder(folder);
    } catch (const Error& error) {
      log_.warn("an old checkpoint takes room that is not freed: {}", error.what());
    }
  }
}

void Checkpoints::tell(const std::optional<SavedCheckpoint>& saved) {
  if (saved && options_.on_saved) options_.on_saved(saving_step_, *saved);
}

void Checkpoints::load_best(std::int64_t step, ParameterSet& parameters) {
  finish();
  try {
    read_checkpoint(path_of(step), parameters, nullptr, groups_);
  } catch (const BrokenFolder& broken) {
    const std::string damage = broken.what();
    on_rank_zero(groups_.world, "damaged best checkpoint", [&] {
      if (is_there(path_of(step))) set_damaged_aside(step, "the best checkpoint is damaged", damage);
      return std::string();
    });
    throw Error(fmt::format(
        "{}; it was the best checkpoint, of step {}, whose weights the stage hands on. Start the same command again: "
        "training goes back to before it and makes it again",
        damage, step));
  }
}

}  // namespace ft
