#include "framework/recipe/missing_attempts.h"

#include <algorithm>

#include "framework/base/error.h"

namespace ft {

// A line of a problem holds its text and its solution: how long the attempts will be is not known, and this is near it.
MissingAttempts::MissingAttempts(const AttemptPieces& done, const ProblemSpool& problems, std::size_t num_indices)
    : done_(done), num_indices_(num_indices) {
  const auto missing_of = [&](std::int64_t problem) {
    std::int64_t missing = 0;
    for (std::size_t i = 0; i < num_indices; ++i) missing += done.has(problem, i) ? 0 : 1;
    return missing;
  };
  FT_CHECK(problems.num_problems() < INT32_MAX, "{} problems", problems.num_problems());
  for (std::int64_t problem = 0; problem < problems.num_problems(); ++problem) {
    if (missing_of(problem) > 0) problems_.push_back(static_cast<std::int32_t>(problem));
  }
  std::ranges::stable_sort(problems_, std::greater<>(), [&](std::int32_t problem) { return problems.bytes(problem); });
  begins_.reserve(problems_.size() + 1);
  begins_.push_back(0);
  for (const std::int32_t problem : problems_) begins_.push_back(begins_.back() + missing_of(problem));
}

std::vector<MissingAttempts::Part> MissingAttempts::parts(std::int64_t begin, std::int64_t end) const {
  std::vector<Part> parts;
  auto at = std::ranges::upper_bound(begins_, begin) - begins_.begin() - 1;
  for (; begin < end; ++at) {
    const auto place = static_cast<std::size_t>(at);
    Part& part = parts.emplace_back(Part{problems_[place], {}});
    std::int64_t number = begins_[place];  // of each missing attempt at the problem
    for (std::size_t i = 0; i < num_indices_ && number < end; ++i) {
      if (done_.has(part.problem, i)) continue;
      if (number++ >= begin) part.indices.push_back(i);
    }
    begin = number;
  }
  return parts;
}

}  // namespace ft
