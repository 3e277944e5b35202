// Standard output belongs to results, and its reader may go away before it has read them (`| head -1`, a terminal that was
// closed): that never ends a run.
//
//   print_results("{} parameters\n", count);
//   if (const int error = flush_results()) ...        // once, at the end
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace ft {

// Unlike fmt::print, throws nothing when it cannot be written.
void put_results(std::string_view text) noexcept;

template <class... Args>
void print_results(fmt::format_string<Args...> format, Args&&... args) {
  put_results(fmt::format(format, std::forward<Args>(args)...));
}

// Writes what is buffered. 0, or the errno of the first failure since the process began; a reader that went away is none.
[[nodiscard]] int flush_results() noexcept;

}  // namespace ft
