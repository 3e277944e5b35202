#include "framework/recipe/missing_attempts.h"

#include <utility>

namespace ft {

std::optional<MissingAttempts::OfProblem> MissingAttempts::next() {
  for (; place_ < problems_.num_problems(); ++place_) {
    if (place_ == problems_.end_of(block_)) {
      ++block_;
      of_block_.clear();
    }
    std::vector<int> missing;
    for (std::size_t i = 0; i < indices_.size(); ++i) {
      if (!done_.has(place_, i)) missing.push_back(indices_[i]);
    }
    found_ += std::ssize(missing);
    if (missing.empty() || unfinished_++ % ranks_ != rank_) continue;
    if (of_block_.empty()) of_block_ = problems_.read(block_);
    Problem& problem = of_block_[static_cast<std::size_t>(place_ - problems_.end_of(block_ - 1))];
    return OfProblem{place_++, std::move(problem), std::move(missing)};
  }
  return std::nullopt;
}

}  // namespace ft
