#include "framework/checkpoint/background_writer.h"

#include <ATen/ATen.h>

#include <cstring>

#include "framework/base/error.h"

namespace ft {

namespace {

template <class T>
bool is_ready(const std::future<T>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace

BackgroundWriter::BackgroundWriter(Groups groups, TakenFrom taken_from) : groups_(groups), taken_from_(taken_from) {}

BackgroundWriter::~BackgroundWriter() { drop(); }

// The futures wait for their threads, which use the folder and the job.
void BackgroundWriter::drop() {
  report_ = {};
  result_ = {};
  folder_.reset();
  job_.reset();
  sealing_ = false;
}

void BackgroundWriter::reserve(std::int64_t num_values) {
  if (taken_from_ == TakenFrom::model) return;
  buffer_ = at::empty({num_values}, at::kFloat).zero_();  // at::zeros would leave the pages to be
}

void BackgroundWriter::begin(const std::filesystem::path& target, const CheckpointContent& content,
                             std::function<void()> after_seal, FolderWriter::IfThere if_there) {
  FT_CHECK(!pending(), "{} is still being written", job_->target().string());
  since_begin_.restart();
  after_seal_ = std::move(after_seal);
  try {
    job_ = std::make_unique<CheckpointJob>(target, content, groups_);
    all_or_none(groups_.world, "making the checkpoint's folder", [&] {
      if (taken_from_ == TakenFrom::copy) job_->copy_state(buffer_);
      if (groups_.world.rank() == 0) folder_.emplace(FolderWriter::create(target, {}, if_there));
    });
    all_or_none(groups_.world, "starting to write the checkpoint", [&] {
      report_ = std::async(std::launch::async, [this] {
        if (!folder_) folder_.emplace(FolderWriter::join(job_->target()));
        return job_->write_own(*folder_);
      });
    });
  } catch (...) {
    drop();
    throw;
  }
  stall_seconds_ = since_begin_.seconds();
}

bool BackgroundWriter::ready() const {
  if (!pending()) return false;
  if (!sealing_) return is_ready(report_);
  return groups_.world.rank() != 0 || is_ready(result_);
}

void BackgroundWriter::wait_until_written() {
  if (taken_from_ == TakenFrom::copy || !report_.valid()) return;
  const Stopwatch watch;
  report_.wait();
  stall_seconds_ += watch.seconds();
}

std::optional<SavedCheckpoint> BackgroundWriter::advance() {
  if (!pending()) return std::nullopt;
  const Stopwatch watch;
  try {
    std::optional<SavedCheckpoint> saved;
    if (sealing_) {
      saved = sealed();
    } else {
      begin_to_seal();
    }
    stall_seconds_ += watch.seconds();
    if (!saved) return std::nullopt;
    saved->stall_seconds = stall_seconds_;
    drop();
    return saved;
  } catch (...) {
    drop();
    throw;
  }
}

std::optional<SavedCheckpoint> BackgroundWriter::finish() {
  std::optional<SavedCheckpoint> saved;
  while (pending() && !saved) saved = advance();
  return saved;
}

// Every rank has written its file. Rank 0 begins to seal.
void BackgroundWriter::begin_to_seal() {
  Communicator& world = groups_.world;
  std::string report;
  all_or_none(world, "writing the checkpoint's slices", [&] { report = report_.get(); });
  auto reports = world.gather_bytes("the checkpoint's table", report, 0);
  all_or_none(world, "starting to seal the checkpoint", [&] {
    if (world.rank() != 0) return;
    result_ = std::async(std::launch::async, [this, reports = std::move(reports)] {
      SavedCheckpoint saved{.folder = job_->target(), .info = job_->seal(*folder_, reports)};
      saved.num_bytes = job_->num_bytes();
      saved.durable_seconds = since_begin_.seconds();
      if (after_seal_) after_seal_();
      return saved;
    });
  });
  sealing_ = true;
}

// Rank 0 has sealed it.
SavedCheckpoint BackgroundWriter::sealed() {
  Communicator& world = groups_.world;
  SavedCheckpoint saved;
  all_or_none(world, "sealing the checkpoint", [&] {
    if (world.rank() == 0) saved = result_.get();
  });
  const std::string times = world.broadcast_bytes(
      "time of the checkpoint", {reinterpret_cast<const char*>(&saved.durable_seconds), sizeof(double)}, 0);
  std::memcpy(&saved.durable_seconds, times.data(), sizeof(double));
  saved.info.metadata = world.broadcast_bytes("metadata of the checkpoint", saved.info.metadata, 0);
  saved.info.weights_digest = world.broadcast_bytes("digest of the weights", saved.info.weights_digest, 0);
  saved.info.manifest_digest = world.broadcast_bytes("digest of the checkpoint", saved.info.manifest_digest, 0);
  saved.folder = job_->target();
  saved.num_bytes = job_->num_bytes();
  return saved;
}

}  // namespace ft
