#include "launch/disk.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "framework/base/units.h"
#include "framework/store/files.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

// Of all files below; what vanishes or cannot be read meanwhile does not count.
std::int64_t bytes_in(const fs::path& folder) {
  std::int64_t bytes = 0;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, ignored), end;
       at != end; at.increment(ignored)) {
    std::error_code none;
    if (!at->is_regular_file(none)) continue;
    const auto size = at->file_size(none);
    if (!none) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

// Nothing where it cannot be known.
std::optional<double> free_bytes(const fs::path& run_folder) {
  struct statvfs info {};
  if (::statvfs(existing_part(run_folder).c_str(), &info) != 0) return std::nullopt;
  return static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
}

}  // namespace

fs::path existing_part(const fs::path& folder) {
  std::error_code none;
  fs::path part = fs::absolute(folder, none).lexically_normal();
  while (look_at(part).kind == Found::Kind::nothing && part.has_relative_path()) part = part.parent_path();
  return part;
}

std::int64_t disk_left_to_write(const RunPlan& plan, const std::vector<Footprint>& needs) {
  std::int64_t bytes = 0;
  std::vector<fs::path> begun;
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    const StagePlan& stage = plan.stages[i];
    if (needs[i].disk == 0 || SealedFolder::looks_sealed(stage.output)) continue;
    bytes += needs[i].disk;
    begun.push_back(stage.folder);
  }
  // Folders of millions of files are walked through only where it matters.
  const std::optional<double> free = free_bytes(plan.run.folder);
  if (!free || static_cast<double>(bytes) <= *free) return bytes;
  for (const fs::path& folder : begun) bytes -= bytes_in(folder);
  return std::max<std::int64_t>(0, bytes);
}

std::string describe_shortage(const fs::path& run_folder, std::int64_t bytes) {
  const std::optional<double> free = free_bytes(run_folder);
  const auto need = static_cast<double>(bytes);
  if (!free || need <= *free) return {};
  return fmt::format(
      "the run will write about {} more into {}, where {} are free: it will end with an error when the disk is full "
      "(and can "
      "go on from its last checkpoint). Make room, lower training.keep, or set run.folder to a larger file system",
      bytes_text(need), run_folder.string(), bytes_text(*free));
}

}  // namespace ft
