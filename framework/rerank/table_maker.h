// Puts one table together from its columns: which rows, curves and groups it has, and what each is a mean of.
#pragma once

#include "framework/rerank/ranking.h"
#include "framework/rerank/table_questions.h"
#include "framework/rerank/table_share.h"

namespace ft::rerank {

// Asks `questions` for every number that takes long to find. Columns must outlive the questions. Without `problems`.
[[nodiscard]] RankingTable make_table(const TableColumns& columns, const RankingOptions& options, Questions& questions);

// Of a problem with attempts.
[[nodiscard]] inline double share_right(const ProblemFacts& of) {
  return static_cast<double>(of.numbers.right) / of.numbers.attempts;
}
[[nodiscard]] inline double any_right(const ProblemFacts& of) { return of.numbers.right > 0 ? 1 : 0; }

}  // namespace ft::rerank
