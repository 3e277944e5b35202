// Errors for the reader: what is wrong, with the values that show it, where, and what to do.
//
// Two kinds. An Error is a fault of the program or the machine (exit code 1) and carries its place in the source.
// A UserError is a mistake in what the user gave us (exit code 2): its message is complete and speaks of the user's
// file, line and column, never of our source. main() is the only place that catches them and turns them into exit codes.
//
//   FT_CHECK(heads % tensor_size == 0, "{} heads must divide by tensor size {}", heads, tensor_size);
//   fail_user({path, line, column}, "unknown key 'learing_rate'; did you mean 'learning_rate'?");
#pragma once

#include <fmt/format.h>

#include <optional>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ft {

// What a process of ftrun tells its caller. Batch scripts requeue on `stopped`.
enum class ExitCode : int { done = 0, failure = 1, user_mistake = 2, stopped = 75 };

class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class UserError : public Error {
  using Error::Error;
};

// Thrown by every rank after a requested stop (signal or time limit), once everything is sealed. Exit code 75.
class StopRequested : public Error {
  using Error::Error;
};

// A place in a file of the user's. Lines and columns count from 1; 0 means unknown and is not printed.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

// "file:line:column", leaving out what is unknown.
[[nodiscard]] std::string to_string(const Place& place);

[[noreturn]] void fail_at(std::string_view what, const std::source_location& where);

// Throws UserError("<place>: <what>"), or just what is wrong where the place is empty.
[[noreturn]] void fail_user(const Place& place, std::string_view what);

// Throws UserError(what), where no file is to blame (command line, environment).
[[noreturn]] void fail_user(std::string_view what);

// The candidate nearest to `word` by edit distance, if any is near enough to be a likely slip of the pen.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace ft

// FT_CHECK(condition, "format", values...): always on; states what must hold. Throws ft::Error.
#define FT_CHECK(condition, ...)                                                                    \
  do {                                                                                              \
    if (!(condition)) ::ft::fail_at(::fmt::format(__VA_ARGS__), ::std::source_location::current()); \
  } while (false)
