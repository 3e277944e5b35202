#include "framework/base/error.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace ft {
namespace {

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

// A message ends at its first NUL, and an escape sequence of somebody's file would reach the terminal.
std::string readable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\n' && c != '\t') || code == 0x7f) {
      out += fmt::format("\\x{:02x}", code);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string to_string(const Place& place) {
  std::string text = place.file;
  if (place.line > 0) text += fmt::format(":{}", place.line);
  if (place.line > 0 && place.column > 0) text += fmt::format(":{}", place.column);
  return text;
}

void fail_at(std::string_view what, const std::source_location& where) {
  throw Error(fmt::format("{} [{}:{}]", readable(what), where.file_name(), where.line()));
}

void fail_user(const Place& place, std::string_view what) {
  const std::string at = to_string(place);
  throw UserError(readable(at.empty() ? std::string(what) : fmt::format("{}: {}", at, what)));
}

void fail_user(std::string_view what) { throw UserError(readable(what)); }

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  int best_distance = static_cast<int>(word.size()) / 3 + 2;  // further away is another word, not a slip
  for (const std::string& candidate : candidates) {
    const int distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace ft
