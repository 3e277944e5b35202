// The checkpoints of one training stage: step-00000200 and so on, in one folder.
//
// Resuming takes the newest one that is whole; a damaged one is named and set aside (store/set_aside.h), and the one
// before it is used. One that cannot be read ends the run and stays what it is. Writing goes on in the background
// (checkpoint/background_writer.h) unless told otherwise.
//
//   Checkpoints checkpoints(work / "checkpoints", stage, groups, log, {.save = SaveMode::background, .keep = 2});
//   checkpoints.restore(parameters, trainer);
//   save hook: checkpoints.save(parameters, trainer, cursor);   after a step: checkpoints.advance();   end: finish();
//
// Where the best one is the result, those after it go on from it only in name: once it is lost, training goes back to
// before it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "framework/base/log.h"
#include "framework/checkpoint/background_writer.h"
#include "framework/comm/groups.h"
#include "framework/store/manifest.h"
#include "framework/tensor/parameter.h"
#include "framework/train/trainer.h"

namespace ft {

struct CheckpointOptions {
  std::string stage, identity;  // of the stage, for the metadata
  SaveMode save = SaveMode::background;
  int keep = 2;             // besides the best one
  bool needs_best = false;  // the stage's result is the best checkpoint: without it a later one is of no use
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<Parent> parents;
  std::function<void()> before_save;                                        // rank 0; what it throws ends the save
  std::function<void(std::int64_t step, const SavedCheckpoint&)> on_saved;  // every rank, once it is on the disk
  std::function<void(const std::filesystem::path& where, const std::string& why)> on_damaged;  // rank 0, once set aside
};

class Checkpoints {
 public:
  // Collective.
  Checkpoints(std::filesystem::path folder, Groups groups, Logger& log, CheckpointOptions options);

  // Collective: fills parameters, moments and cursor from the newest sound checkpoint that lies within the length to be
  // trained (Trainer::reaches), whose files all ranks hash, each some of them; false when there is none, and parameters are as they were. Throws UserError where one of
  // another stage is among them, Error where one cannot be read, or where damage shows while the last one left is being read. `trainer` must outlive later calls.
  bool restore(ParameterSet& parameters, Trainer& trainer);

  // Collective: waits for an earlier save, copies the state where that is asked for, and begins to write it (or writes
  // it, where saves block). One of the same step stays until the new one is sealed. Then what the retention (last `keep`, and the
  // best one) does not want is removed, and damaged ones that are not newer; what is another stage's stays.
  void save(const ParameterSet& parameters, Trainer& trainer, const TrainCursor& cursor);
  // Local: a save is under way, and this rank has done its part of it.
  [[nodiscard]] bool ready() const { return writer_.ready(); }
  // Local, before the state is changed: waits where a save under way is still taken from it.
  void wait_until_written() { writer_.wait_until_written(); }
  // Collective, between steps, when all ranks are ready: sees to the save under way.
  void advance() { tell(writer_.advance()); }
  // Collective: returns once what was saved is on the disk.
  void finish() { tell(writer_.finish()); }

  // Collective: the weights of the best step. Where its checkpoint is damaged or gone that is set aside and Error is
  // thrown on all ranks, and the next restore() goes on from before it: the same best one is made again.
  void load_best(std::int64_t step, ParameterSet& parameters);

 private:
  std::filesystem::path path_of(std::int64_t step) const;
  std::vector<std::int64_t> steps(bool sealed) const;
  std::vector<std::int64_t> candidates() const;
  std::optional<std::int64_t> newest_sound();
  std::optional<CheckpointInfo> read_newest(ParameterSet& parameters, MomentsView& moments);
  bool is_sound(std::int64_t step);
  void check_share(const std::filesystem::path& folder, const std::vector<FileRecord>& files);
  void make_room(std::int64_t step);
  void set_damaged_aside(std::int64_t step, std::string_view what, const std::string& why);
  std::optional<TrainCursor> cursor_at(std::int64_t step) const;
  bool is_reached(std::int64_t step) const;
  bool lacks_best(std::int64_t step) const;
  void prune(const TrainCursor& cursor) const;
  void tell(const std::optional<SavedCheckpoint>& saved);

  std::filesystem::path folder_;
  Groups groups_;
  Logger& log_;
  CheckpointOptions options_;
  std::function<bool(const TrainCursor&)> reaches_;
  std::int64_t saving_step_ = -1;
  BackgroundWriter writer_;  // last: its thread uses the others
};

}  // namespace ft
