// Damaged folders, out of the way and not gone: they keep their place and get a name that says what they are. People
// may look at them, or give them their name back where the damage was none. Only what is sound, later and of the same
// kind makes them removable, which is for the owner of the folder to decide (recipe/checkpoints.h,
// recipe/run_folder.h).
//
//   const fs::path where = set_aside(step);      // ".../step-00000200.damaged-2026-11-29T17-45-00Z"
//   for (const fs::path& old : set_aside_in(checkpoints)) if (original_of(old) == "step-00000200") discard_folder(old);
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

// Renames it, durably; nothing is changed within. Returns the new path, which was not there before. Throws as
// rename_durably().
std::filesystem::path set_aside(const std::filesystem::path& folder);

// By its name alone, which has the time in it: what somebody else has named so by hand is somebody else's.
[[nodiscard]] bool is_set_aside(const std::filesystem::path& folder);

// All that lie in a folder, sorted. Throws Unreadable.
[[nodiscard]] std::vector<std::filesystem::path> set_aside_in(const std::filesystem::path& folder);

// The name that it had: "step-00000200".
[[nodiscard]] std::string original_of(const std::filesystem::path& folder);

}  // namespace ft
