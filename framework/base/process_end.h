// The beginning and the end of the process itself, below everything else: what must hold however the rest fails.
//
//   int main() {
//     prepare_process();                 // first of all
//     ...
//     end_within(30, 1);                 // an end has begun: should a library hang on the way, this ends the process
//     end_process(code);                 // instead of return: no clean-up of libraries, which may hang or crash
//   }
//
// After an exception that nothing catches (out of memory in a destructor, a thread that cannot start) the process says
// one line and ends with exit code 1, without a core file: a launcher then ends the other ranks. So it does where a library
// calls exit(), as some do when they get no memory.
#pragma once

#include <cstddef>
#include <string_view>

namespace ft {

// Call once, first in main() or before, while there are no threads. Standard streams that are closed are opened on /dev/null, or the
// next file would get their number and our messages with it. The stack grows to a megabyte now: where memory is out,
// growing later is a segmentation fault. A little memory is put aside, so that the first failed `new` can still be told
// of. std::terminate says one line.
void prepare_process();

// Libraries in C crash when they get no memory (HDF5 in its clean-up, the stack of a thread). Where a process is hit by
// SIGSEGV, SIGBUS, SIGABRT or SIGFPE and no memory is to be had at that moment, it says so and ends with exit code 1; any
// other crash is left to whoever handled it before. prepare_process() does it; again after a library has installed
// handlers of its own (MPI_Init).
void watch_for_crashes() noexcept;

// Call in main() itself: handlers of exit() run from the last to the first, and ours shall come before those of libraries
// that were loaded with the program.
void forbid_exit();

// Throws std::bad_alloc unless so many bytes can be had. For callers of libraries that do not survive a lack of memory:
// what is free now stays in the process for them.
void require_memory(std::size_t bytes);

// From any thread, also from a signal handler. Unless the process has ended by itself before, it ends with `code` after
// so many seconds, without another word. Of several calls the first code counts, and the shortest time.
void end_within(unsigned seconds, int code) noexcept;

// For what a library may wait in for ever: unless has_come() is called within so many seconds, the process writes `words`
// (which must outlive it) and ends with exit code 1. One at a time; an end that has begun (end_within) goes before.
void expect_within(unsigned seconds, const char* words) noexcept;
void has_come() noexcept;

// Writes to standard error, whole, past all buffers; what cannot be written is lost. Takes no memory.
void say_plainly(std::string_view text) noexcept;

// Flushes the standard streams and ends the process. Handlers of exit() and static destructors are not run: those of
// HDF5 wait for a lock, those of libtorch for memory. In builds with a sanitizer, whose report is such a handler, it is
// exit().
[[noreturn]] void end_process(int code) noexcept;

}  // namespace ft
