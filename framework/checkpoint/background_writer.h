// Checkpoints that are written while the training goes on.
//
// begin() copies the state into a second buffer and returns; a thread of each rank writes, syncs and hashes its file.
// Threads never speak to other ranks: that all have written, and that the folder is sealed, is agreed upon by the ranks
// between steps (ready(), train/step_agreement.h), and then by advance(). Until the seal nothing exists under the final name, so a kill at any moment
// leaves the checkpoint before. The format and every byte are those of write_checkpoint().
//
//   BackgroundWriter writer(groups);
//   writer.begin(folder / "step-00000200", content);           // stands still for a copy
//   ... a step, in which the ranks tell each other whether they are ready() ...
//   if (all_are_ready) if (auto saved = writer.advance()) log(saved->stall_seconds);
//   if (auto saved = writer.finish()) ...                      // before the state is used otherwise, and at the end
//
// It costs memory: a copy of this rank's part of weights and moments, kept from one checkpoint to the next. Who lets the
// state be until it is written does without (TakenFrom::model, wait_until_written()).
//
// A failure on any rank is thrown by the next advance() or finish(), the same Error on all ranks; the target is as it was
// before, and the writer can begin again. When it is destroyed with a write under way (an error ends the training),
// it waits for its thread and drops what was not sealed.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "framework/base/clock.h"
#include "framework/checkpoint/job.h"

namespace ft {

// A checkpoint that has reached the disk.
struct SavedCheckpoint {
  std::filesystem::path folder;
  CheckpointInfo info;
  std::int64_t num_bytes = 0;  // of this rank's values
  double stall_seconds = 0;    // for which this rank's training stood still, in all functions of the writer
  double durable_seconds = 0;  // from begin() until rank 0 had sealed it
};

// Where the values are taken from while a checkpoint is written: a copy, so that the model may change meanwhile, or the
// model itself, which must then stay as it is until wait_until_written() or finish() has returned, and costs no memory.
enum class TakenFrom { copy, model };

class BackgroundWriter {
 public:
  explicit BackgroundWriter(Groups groups, TakenFrom taken_from = TakenFrom::copy);
  ~BackgroundWriter();
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;

  // Local. Takes the memory for the copies of checkpoints with this many values of this rank now, pages and all: the
  // first save would wait for them otherwise, for longer than the copy takes. Does nothing where no copy is made.
  void reserve(std::int64_t num_values);

  // Collective; nothing may be pending. Parameters must outlive the write, their values may change. `after_seal` runs
  // on rank 0, in its thread, once the folder is sealed: removing older ones takes time, too.
  void begin(const std::filesystem::path& target, const CheckpointContent& content,
             std::function<void()> after_seal = {}, FolderWriter::IfThere if_there = FolderWriter::IfThere::refuse);

  // The same on every rank.
  [[nodiscard]] bool pending() const { return job_ != nullptr; }

  // Local: something is pending, and advance() would not wait for this rank.
  [[nodiscard]] bool ready() const;
  // Local: returns once this rank's values are not needed any more, whether they reached the disk or not. At once where
  // they were copied.
  void wait_until_written();
  // Collective. Takes a pending write one step further, to be called when all ranks are ready: it waits for those that are
  // not. Gives the checkpoint once, when it is sealed. Exchanges nothing when nothing is pending.
  std::optional<SavedCheckpoint> advance();
  // Collective. The same, to the end. Nothing when nothing is pending.
  std::optional<SavedCheckpoint> finish();

 private:
  void begin_to_seal();
  SavedCheckpoint sealed();
  void drop();

  Groups groups_;
  TakenFrom taken_from_;
  at::Tensor buffer_;  // the copy
  std::unique_ptr<CheckpointJob> job_;
  std::optional<FolderWriter> folder_;
  std::function<void()> after_seal_;
  std::future<std::string> report_;      // this rank's file
  std::future<SavedCheckpoint> result_;  // rank 0: the seal
  bool sealing_ = false;
  Stopwatch since_begin_;
  double stall_seconds_ = 0;
};

}  // namespace ft
