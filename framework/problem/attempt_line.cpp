#include "framework/problem/attempt_line.h"

#include <charconv>

#include "framework/problem/problem_places.h"
#include "framework/problem/records.h"

namespace ft {
namespace {

bool take(std::string_view& line, std::string_view what) {
  if (!line.starts_with(what)) return false;
  line.remove_prefix(what.size());
  return true;
}

bool take(std::string_view& line, int& number) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc()) return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return true;
}

// A string with its quotes.
bool take_text(std::string_view& line) {
  if (!take(line, "\"")) return false;
  std::size_t at = 0;
  while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
  if (at >= line.size()) return false;
  line.remove_prefix(at + 1);
  return true;
}

}  // namespace

std::optional<ScannedAttempt> scan_attempt(std::string_view line) {
  const std::size_t begin = problem_part(line).size();
  if (begin == 0) return std::nullopt;
  line.remove_prefix(begin);
  ScannedAttempt found;
  if (!take(line, "\"index\":") || !take(line, found.index) || !take(line, ",\"text\":") || !take_text(line) ||
      !take(line, ",\"finished\":"))
    return std::nullopt;
  found.finished = take(line, "true");
  if (!found.finished && !take(line, "false")) return std::nullopt;
  if (!take(line, ",\"tokens\":") || !take(line, found.num_tokens) || !take(line, ",\"log_prob\":"))
    return std::nullopt;
  if (line.size() < 2 || line.find_first_of(",}") != line.size() - 1 || line.back() != '}') return std::nullopt;
  return found;
}

std::string plain_attempt_line(std::string_view line) {
  if (scan_attempt(line)) return std::string(line);
  return to_json_line(attempt_from_json(line, {"attempts"}));
}

}  // namespace ft
