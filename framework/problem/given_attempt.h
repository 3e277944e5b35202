// Attempts that somebody else has made come as the solutions of a problem set that says so (`holds: attempts`). Their style
// tells them from solutions to learn from: among them are wrong ones.
#pragma once

#include <string_view>

namespace ft {

inline constexpr std::string_view kGivenAttempt = "given attempt";

}  // namespace ft
