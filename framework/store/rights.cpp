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

}  // namespace ft
