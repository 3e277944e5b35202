#include "framework/problem/problem_places.h"

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/problem/records.h"

namespace ft {

void ProblemPlaces::add(std::string_view id) {
  places_.emplace_back(name_hash(problem_prefix(id)), static_cast<std::int64_t>(places_.size()));
}

void ProblemPlaces::finish() {
  std::ranges::sort(places_);
  for (std::size_t i = 1; i < places_.size(); ++i) {
    FT_CHECK(places_[i].first != places_[i - 1].first, "problems {} and {} of the set have the same id",
             places_[i - 1].second + 1, places_[i].second + 1);
  }
}

std::optional<std::int64_t> ProblemPlaces::find(std::string_view line) const {
  const std::string_view part = problem_part(line);
  if (part.empty()) return std::nullopt;
  const std::uint64_t hash = name_hash(part);
  const auto found = std::ranges::lower_bound(places_, hash, {}, &std::pair<std::uint64_t, std::int64_t>::first);
  if (found == places_.end() || found->first != hash) return std::nullopt;
  return found->second;
}

std::string_view problem_part(std::string_view line) {
  constexpr std::string_view kBegin = "{\"problem\":\"";
  if (!line.starts_with(kBegin)) return {};
  std::size_t at = kBegin.size();
  while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
  if (at + 1 >= line.size() || line[at + 1] != ',') return {};
  return line.substr(0, at + 2);
}

}  // namespace ft
