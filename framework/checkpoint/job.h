// What one rank has to write for a checkpoint, and how, without a word to other ranks: the part that the blocking
// writer (checkpoint.h) and the one in the background (background_writer.h) share.
//
//   CheckpointJob job = prepare_checkpoint(target, content, groups);     // collective
//   rank 0: folder = FolderWriter::create(target)  |  others, afterwards: folder = FolderWriter::join(target)
//   report = job.write_own(folder);                                      // each rank, any thread
//   reports of all ranks to rank 0;  rank 0: info = job.seal(folder, reports)      // any thread
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/store/folder_writer.h"

namespace ft {

class CheckpointJob {
 public:
  // Takes values from the tensors of `content` until copy_state() was called, which must not change meanwhile.
  // Collective over groups.world.
  CheckpointJob(std::filesystem::path target, const CheckpointContent& content, Groups groups);

  // Copies the state into `buffer` (made anew when it has another size), so that the model may change.
  void copy_state(at::Tensor& buffer);

  [[nodiscard]] const std::filesystem::path& target() const { return target_; }
  [[nodiscard]] std::int64_t num_bytes() const;  // of this rank's values

  // Writes, syncs and hashes this rank's file; returns what rank 0 must know of it.
  [[nodiscard]] std::string write_own(FolderWriter& folder) const;
  // Rank 0, with what every rank's write_own() returned: the table, the index, the extra files, the seal.
  [[nodiscard]] CheckpointInfo seal(FolderWriter& folder, const std::vector<std::string>& reports) const;

 private:
  struct Section {
    std::string group;
    at::Tensor values;  // of the owned range, float32, in host memory
    std::string StoredSlice::*digest;
    [[nodiscard]] std::span<const float> part(std::int64_t begin, std::int64_t size) const;
  };
  [[nodiscard]] std::vector<StoredSlice> write_slices(FolderWriter& folder) const;
  [[nodiscard]] std::string digests_of_blocks() const;

  std::filesystem::path target_;
  std::string file_;  // this rank's
  std::string metadata_;
  std::vector<std::pair<std::string, std::string>> files_;
  std::vector<Parent> parents_;
  const ParameterSet* parameters_;  // names and shapes
  std::int64_t begin_ = 0;          // of the owned range in the flat buffer
  std::vector<LocalSlice> slices_;  // of the parameters for which this rank speaks
  std::vector<Block> blocks_;       // of the owned range, where the model is not split: hashed by write_own()
  std::string weights_digest_;      // where it is split: computed together, at once
  std::vector<Section> sections_;
};

}  // namespace ft
