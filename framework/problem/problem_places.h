// Which of the problems a stored record is about, seen from the first bytes of its line: records of other problems are
// passed over without being parsed, and nobody holds the problems themselves.
//
//   ProblemPlaces places;
//   for (const Problem& problem : problems) places.add(problem.id);
//   places.finish();
//   if (const auto place = places.find(line)) ...       // 0 for the first problem that was added
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace ft {

class ProblemPlaces {
 public:
  // In order.
  void add(std::string_view id);
  // After the last one. Throws Error where two ids cannot be told apart.
  void finish();
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(places_.size()); }

  // Of a line that begins as problem_prefix() says; nothing for other lines and other problems.
  [[nodiscard]] std::optional<std::int64_t> find(std::string_view line) const;

 private:
  std::vector<std::pair<std::uint64_t, std::int64_t>> places_;  // by the hash of how the lines begin
};

// How a line begins up to and with the comma behind its problem; empty where it begins otherwise.
[[nodiscard]] std::string_view problem_part(std::string_view line);

}  // namespace ft
