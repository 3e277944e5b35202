// How much memory this process may have, and what sets the limit: for messages when it is out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ft {

struct MemoryLimit {
  std::int64_t bytes = 0;
  std::string source;  // "`ulimit -v`", "its control group", "this machine's memory"
};

// The smallest of the address space (RLIMIT_AS), the control group's (version 2, then 1) and the machine's memory, all
// processes together but for the first. Empty where the kernel says nothing.
[[nodiscard]] std::optional<MemoryLimit> memory_limit();

}  // namespace ft
