// Which ftrun this is.
#pragma once

#include <string>

namespace ft {

// "ftrun 0.1.0 (libtorch 2.13, g++-12-abi1017)"
[[nodiscard]] std::string version_text();

}  // namespace ft
