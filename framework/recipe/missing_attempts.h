// The attempts that a stage has still to make, in the order in which they are dealt (deal.h): those at the longest
// problems first, and the attempts at one problem side by side, since they share its prompt.
//
//   const MissingAttempts missing(done, spool, indices.size());
//   for (const auto& part : missing.parts(run.begin, run.end)) ...        // attempts at a few problems
//
// A rank holds 12 bytes a problem. Every rank has the same order.
#pragma once

#include <cstdint>
#include <vector>

#include "framework/recipe/attempt_pieces.h"
#include "framework/recipe/problem_spool.h"

namespace ft {

class MissingAttempts {
 public:
  // `done` must outlive this, and not look again.
  MissingAttempts(const AttemptPieces& done, const ProblemSpool& problems, std::size_t num_indices);

  [[nodiscard]] std::int64_t total() const { return begins_.back(); }
  [[nodiscard]] std::int64_t num_problems() const { return static_cast<std::int64_t>(problems_.size()); }
  // The i-th problem in the order of the deal, of which any attempt is missing.
  [[nodiscard]] std::int64_t problem(std::int64_t i) const { return problems_[static_cast<std::size_t>(i)]; }

  struct Part {
    std::int64_t problem = 0;
    std::vector<std::size_t> indices;  // of those wanted, in order
  };
  // Of what is missing the attempts `begin` to `end`.
  [[nodiscard]] std::vector<Part> parts(std::int64_t begin, std::int64_t end) const;

 private:
  const AttemptPieces& done_;
  std::size_t num_indices_;
  std::vector<std::int32_t> problems_;  // in the order of the deal
  std::vector<std::int64_t> begins_;    // of each problem's attempts, and the end
};

}  // namespace ft
