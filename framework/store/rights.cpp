#include "framework/store/rights.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "framework/base/plain_file.h"
#include "framework/base/reading.h"
#include "framework/base/utf8.h"

namespace ft {
namespace {

// Of /proc, /sys and their like, and where an automounter alone makes names: rights to write there say nothing.
bool is_the_systems(const std::filesystem::path& folder) {
  constexpr unsigned kConfigFs = 0x62656570, kFuseCtl = 0x65735543;
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0) fail_unreadable(folder, errno);
  switch (static_cast<unsigned>(info.f_type)) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
    case BPF_FS_MAGIC:
    case DEVPTS_SUPER_MAGIC:
    case AUTOFS_SUPER_MAGIC:
    case kConfigFs:
    case kFuseCtl:
      return true;
    default:
      return false;
  }
}

bool forbids(int error) { return error == EACCES || error == EPERM || error == EROFS; }

}  // namespace

void require_rights(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    const Found::Kind kind = look_at(path).kind;
    if (kind == Found::Kind::nothing) continue;
    const int wanted = R_OK | W_OK | (kind == Found::Kind::folder ? X_OK : 0);
    if (::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0) continue;
    const int error = errno;
    if (!forbids(error)) fail_unreadable(path, error);
    fail_user(
        fmt::format("this run cannot be continued by you: {} may not be read and written ({}); nothing was "
                    "touched. Ask its owner for the rights, or give this run a folder of its own with run.folder=DIR",
                    path.string(), std::generic_category().message(error)));
  }
}

std::string why_not_writable(const std::filesystem::path& folder) {
  std::filesystem::path at = std::filesystem::absolute(folder).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();  // "runs/x/"
  if (first_invalid_utf8(at.string())) return "the path of the folder that it lies in is no UTF-8";
  struct stat status {};
  while (::stat(at.c_str(), &status) != 0) {
    const int error = errno;
    if (forbids(error)) {
      return fmt::format("{} cannot be reached ({})", at.string(), std::generic_category().message(error));
    }
    if (error == ENAMETOOLONG || error == ELOOP)
      return fmt::format("{}: {}", at.string(), std::generic_category().message(error));
    if (error != ENOENT && error != ENOTDIR) fail_unreadable(at, error);
    if (is_there(at)) return fmt::format("{} is a link that leads nowhere", at.string());
    at = at.parent_path();  // whoever may write into the nearest folder above can make it
  }
  if (!S_ISDIR(status.st_mode)) return fmt::format("{} is {}, not a folder", at.string(), kind_text(status.st_mode));
  if (is_the_systems(at))
    return fmt::format("{} is the system's own: no files can be made there; give a folder on a disk", at.string());
  if (::faccessat(AT_FDCWD, at.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  const int error = errno;
  if (!forbids(error)) fail_unreadable(at, error);
  return fmt::format("you may not write into {} ({})", at.string(), std::generic_category().message(error));
}

}  // namespace ft
