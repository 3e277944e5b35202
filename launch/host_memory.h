// What this machine can give to a run: main memory, less what the control group of this process may not have.
#pragma once

#include <cstdint>
#include <optional>

namespace ft {

struct HostMemory {
  std::int64_t total = 0;             // bytes that all processes here may have together
  std::int64_t free = 0;              // of them, what could be had now; caches of files count as free
  std::optional<std::int64_t> limit;  // what one process may still map under `ulimit -v`; none where it is unlimited
};

[[nodiscard]] HostMemory host_memory();

// Bytes of this process that no other process shares: what another rank here would take just so.
[[nodiscard]] std::int64_t private_memory();

}  // namespace ft
