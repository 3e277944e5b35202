// What tells whether a file is still the one that somebody has hashed: size, inode, the time of the last change of its
// content (mtime) and of anything (ctime, which no program can set back).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace ft {

// An object with these members; an empty one where there is no such file. Throws Unreadable.
[[nodiscard]] nlohmann::ordered_json file_state(const std::filesystem::path& file);

}  // namespace ft
