// Which attempts are still to be made by this rank: problems with any go round the data ranks. Found problem by problem, so
// that a list of millions is never there.
//
//   MissingAttempts missing(problems, done, indices, data.rank(), data.size());
//   while (const auto of = missing.next()) ...            // of->problem, of->indices
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "framework/problem/problem.h"
#include "framework/recipe/attempt_pieces.h"
#include "framework/recipe/problem_spool.h"

namespace ft {

class MissingAttempts {
 public:
  // `indices`: those that `done` knows. References must outlive this.
  MissingAttempts(const ProblemSpool& problems, const AttemptPieces& done, std::vector<int> indices, int rank,
                  int ranks)
      : problems_(problems), done_(done), indices_(std::move(indices)), rank_(rank), ranks_(ranks) {}

  struct OfProblem {
    std::int64_t place = 0;
    Problem problem;
    std::vector<int> indices;  // at least one
  };
  // Nothing behind the last. Throws Unreadable.
  [[nodiscard]] std::optional<OfProblem> next();
  // Of all ranks, as far as it has come.
  [[nodiscard]] std::int64_t num_found() const { return found_; }

 private:
  const ProblemSpool& problems_;
  const AttemptPieces& done_;
  std::vector<int> indices_;
  int rank_, ranks_;
  std::int64_t place_ = 0, block_ = 0, unfinished_ = 0, found_ = 0;
  std::vector<Problem> of_block_;  // empty until one of them is this rank's
};

}  // namespace ft
