// What messages call that which is neither a plain file nor a folder (Found::Kind::other of base/reading.h): it may have no
// end, or nobody may ever write to it, so where a file is asked for it is refused before it is opened.
//
//   fail_user(place, fmt::format("{} is {}", path, kNoPlainFile));
#pragma once

#include <sys/stat.h>

#include <string_view>

namespace ft {

inline constexpr std::string_view kNoPlainFile = "a pipe, a device or a socket, not a plain file";

// The same of one that was looked at: "a pipe". `mode` as of stat(2).
inline std::string_view kind_text(mode_t mode) {
  if (S_ISREG(mode)) return "a file";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace ft
