// Pointers of git-lfs: a few lines that stand in a clone where a large file was not fetched.
#pragma once

#include <filesystem>
#include <string_view>

namespace ft {

// Does a pointer begin so?
[[nodiscard]] bool is_lfs_pointer(std::string_view begin);
// Throws UserError with what to do.
[[noreturn]] void fail_lfs_pointer(const std::filesystem::path& path);

}  // namespace ft
