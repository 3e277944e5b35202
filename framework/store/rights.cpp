#include "framework/store/rights.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "framework/base/reading.h"

namespace ft {

void require_rights(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    const Found::Kind kind = look_at(path).kind;
    if (kind == Found::Kind::nothing) continue;
    const int wanted = R_OK | W_OK | (kind == Found::Kind::folder ? X_OK : 0);
    if (::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0) continue;
    const int error = errno;
    if (error != EACCES && error != EPERM && error != EROFS) fail_unreadable(path, error);
    fail_user(
        fmt::format("this run cannot be continued by you: {} may not be read and written ({}); nothing was "
                    "touched. Ask its owner for the rights, or give this run a folder of its own with run.folder=DIR",
                    path.string(), std::generic_category().message(error)));
  }
}

std::string why_not_writable(const std::filesystem::path& folder) {
  std::filesystem::path at = std::filesystem::absolute(folder).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();  // "runs/x/"
  while (true) {
    std::error_code error, ignored;
    const auto status = std::filesystem::status(at, error);
    if (std::filesystem::is_directory(status)) break;
    if (std::filesystem::exists(status)) return fmt::format("{} is a file, not a folder", at.string());
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(at, ignored)))
      return fmt::format("{} is a link that leads nowhere", at.string());
    // Not there: whoever may write into the nearest folder above can make it. ENOTDIR: that is found there.
    const bool missing = status.type() == std::filesystem::file_type::not_found || error == std::errc::not_a_directory;
    if (!missing || at == at.parent_path())
      return fmt::format("{} cannot be reached ({})", at.string(), error.message());
    at = at.parent_path();
  }
  if (faccessat(AT_FDCWD, at.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return fmt::format("you may not write into {} ({})", at.string(), std::generic_category().message(errno));
}

}  // namespace ft
