// The attempts that a stage of sampling has made so far: lines in the pieces of whichever ranks, in the order in which they
// became finished. A rank holds a bit for each of them, and of every stretch of a piece the problems that occur in it; so any
// rank can put any problems' attempts in order, reading little more than their lines.
//
//   AttemptPieces attempts(stage, places, indices);
//   attempts.look();                                      // all ranks, each at some of the pieces
//   attempts.has(problem, i);                             // the i-th of the indices
//   attempts.for_each(0, 64, [&](std::string_view line) { ... });       // of problems 0 to 63, in order
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "framework/problem/problem_places.h"
#include "framework/recipe/stage_context.h"
#include "framework/store/append_log.h"

namespace ft {

class AttemptPieces {
 public:
  // `indices`: which attempts at each problem are wanted, in their order; others are passed over. References must outlive this.
  AttemptPieces(StageContext& stage, const ProblemPlaces& problems, std::vector<int> indices);

  // Collective: everything that is there now. Torn, damaged and foreign lines count as missing, and are told of once.
  void look();
  [[nodiscard]] bool has(std::int64_t problem, std::size_t index) const {
    return bits_[bit(problem, index) / 64] >> bit(problem, index) % 64 & 1;
  }
  // Local: the lines of these problems' attempts as they are sealed, in the order of problems and indices, each once. Throws
  // Error where one is missing.
  void for_each(std::int64_t first, std::int64_t end, const std::function<void(std::string_view line)>& use) const;

 private:
  struct Stretch {  // of plain bytes
    RecordPlace lines;
    std::int64_t first = 0, last = 0;  // problems that occur in it lie between
  };
  [[nodiscard]] std::size_t bit(std::int64_t problem, std::size_t index) const {
    return static_cast<std::size_t>(problem) * indices_.size() + index;
  }
  // Which problem and which of the indices a record is of; `index` is indices_.size() where it is not wanted.
  struct Which {
    std::int64_t problem = 0;
    std::size_t index = 0;
  };
  [[nodiscard]] std::optional<Which> which(std::string_view record) const;
  void look_at(std::int64_t piece, PieceCounts& counts);
  void gather();

  StageContext& stage_;
  const ProblemPlaces& problems_;
  std::vector<int> indices_;
  RecordFiles files_;
  std::vector<std::uint64_t> bits_;
  std::vector<Stretch> stretches_;
  bool told_ = false;
};

}  // namespace ft
