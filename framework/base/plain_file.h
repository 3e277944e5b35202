// What messages call that which is neither a plain file nor a folder (Found::Kind::other of base/reading.h): it may have no
// end, or nobody may ever write to it, so where a file is asked for it is refused before it is opened.
//
//   fail_user(place, fmt::format("{} is {}", path, kNoPlainFile));
#pragma once

#include <string_view>

namespace ft {

inline constexpr std::string_view kNoPlainFile = "a pipe, a device or a socket, not a plain file";

}  // namespace ft
