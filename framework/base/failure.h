// What an exception means for the reader. Errors of ours say so themselves; those of libraries ("std::bad_alloc",
// "Resource temporarily unavailable", pages of libtorch's stack) are put into words here, with what to do.
//
//   try { ... } catch (const std::exception& error) { report(failure_text(error)); }
//
// Wherever an exception becomes a text that other ranks or people get to see, it becomes one by this function.
#pragma once

#include <exception>
#include <filesystem>
#include <string>

namespace ft {

// std::bad_alloc, or an error of libtorch that means the same.
[[nodiscard]] bool is_out_of_memory(const std::exception& error);

// One line, without a full stop. Out of memory: how much this process holds, which limit it has (`ulimit -v`, the
// control group's, the machine's memory), what needs less. Threads that cannot start: the limits in question.
[[nodiscard]] std::string failure_text(const std::exception& error);

// What to add to the system's own words for `error` (an errno) at `path`: "" or " (...); what to do". A full disk: bytes
// free, or that no inodes are left; a quota; files open in this process or on the machine.
[[nodiscard]] std::string advice_on(int error, const std::filesystem::path& path);

}  // namespace ft
