// What is asked of a stored attempt's line without parsing its text: millions of lines are put in order by it.
//
//   if (const auto found = scan_attempt(line)) ...              // a line as to_json_line() writes it
//   const std::string sealed = plain_attempt_line(line);       // without what older programs wrote behind it
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft {

struct ScannedAttempt {
  int index = 0;
  bool finished = false;
  int num_tokens = 0;
};

// Nothing where the line is not exactly of the form that to_json_line(Attempt) gives.
[[nodiscard]] std::optional<ScannedAttempt> scan_attempt(std::string_view line);

// The same attempt as to_json_line() writes it. Throws UserError where it is no attempt.
[[nodiscard]] std::string plain_attempt_line(std::string_view line);

}  // namespace ft
