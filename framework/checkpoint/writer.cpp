#include <optional>

#include "framework/checkpoint/job.h"

namespace ft {

CheckpointInfo write_checkpoint(const std::filesystem::path& target, const CheckpointContent& content, Groups groups) {
  Communicator& world = groups.world;
  const CheckpointJob job(target, content, groups);
  std::optional<FolderWriter> folder;
  std::string report;
  all_or_none(world, "making the checkpoint's folder", [&] {
    if (world.rank() == 0) folder.emplace(FolderWriter::create(target));
  });
  all_or_none(world, "writing the checkpoint's slices", [&] {
    if (world.rank() != 0) folder.emplace(FolderWriter::join(target));
    report = job.write_own(*folder);
  });
  const auto reports = world.gather_bytes("the checkpoint's table", report, 0);
  CheckpointInfo info{.metadata = content.metadata};
  all_or_none(world, "sealing the checkpoint", [&] {
    if (world.rank() == 0) info = job.seal(*folder, reports);
  });
  info.weights_digest = world.broadcast_bytes("digest of the checkpoint's weights", info.weights_digest, 0);
  info.manifest_digest = world.broadcast_bytes("digest of the checkpoint", info.manifest_digest, 0);
  return info;
}

}  // namespace ft
