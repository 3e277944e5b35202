#include "framework/store/rights.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "framework/base/reading.h"
#include "framework/base/utf8.h"

namespace ft {
namespace {

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
    if (error != ENOENT && error != ENOTDIR) fail_unreadable(at, error);
    if (is_there(at)) return fmt::format("{} is a link that leads nowhere", at.string());
    at = at.parent_path();  // whoever may write into the nearest folder above can make it
  }
  if (!S_ISDIR(status.st_mode)) return fmt::format("{} is a file, not a folder", at.string());
  if (::faccessat(AT_FDCWD, at.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  const int error = errno;
  if (!forbids(error)) fail_unreadable(at, error);
  return fmt::format("you may not write into {} ({})", at.string(), std::generic_category().message(error));
}

}  // namespace ft
