#include "framework/store/access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ft {

std::string why_not_writable(const std::filesystem::path& folder) {
  std::filesystem::path at = std::filesystem::absolute(folder).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();  // "runs/x/"
  while (true) {
    std::error_code error, ignored;
    const auto status = std::filesystem::status(at, error);
    if (std::filesystem::is_directory(status)) break;
    if (std::filesystem::exists(status)) return fmt::format("{} is a file, not a folder", at.string());
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(at, ignored))) return fmt::format("{} is a link that leads nowhere", at.string());
    // Not there: whoever may write into the nearest folder above can make it. ENOTDIR: that is found there.
    const bool missing = status.type() == std::filesystem::file_type::not_found || error == std::errc::not_a_directory;
    if (!missing || at == at.parent_path()) return fmt::format("{} cannot be reached ({})", at.string(), error.message());
    at = at.parent_path();
  }
  if (faccessat(AT_FDCWD, at.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return fmt::format("you may not write into {} ({})", at.string(), std::generic_category().message(errno));
}

}  // namespace ft
