// What a table asks of its columns, and the answers: any rank can find any of them, since a question holds all that it needs.
//
//   Questions questions;
//   (void)make_table(columns, options, questions);               // without answers, to learn what is asked
//   const std::vector<int> owners = share_out(questions.asked(), columns, ranks);
//   Questions answered(answers_of_all_ranks);
//   const RankingTable table = make_table(columns, options, answered);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "framework/rerank/metrics.h"
#include "framework/rerank/table_share.h"
#include "framework/rerank/verifier_quality.h"

namespace ft::rerank {

// One number a problem, of those with attempts or of some of them, and what is asked of it.
struct Question {
  enum class Kind { estimate, sum, quality };
  Kind kind = Kind::estimate;
  std::function<void(std::span<double>)> column{};
  std::size_t items = 0;
  bool against_vote = false;  // with the paired difference to Maj1
  int resamples = 0;
  std::uint64_t seed = 0;
  ScoreKind by = ScoreKind::verifier;  // of a quality
};

// Each answer as numbers, so that ranks can send them; an empty one where none is known yet.
using Answer = std::vector<double>;
[[nodiscard]] Answer numbers_of(const Estimate& estimate);
[[nodiscard]] Estimate estimate_of(const Answer& answer);
[[nodiscard]] Answer numbers_of(const PooledQuality& quality);
[[nodiscard]] PooledQuality quality_of(const Answer& answer);

// A table is put together twice: without answers, to learn what it asks for, and with them.
class Questions {
 public:
  Questions() = default;
  explicit Questions(std::vector<Answer> answers) : answers_(std::move(answers)) {}

  [[nodiscard]] Answer ask(Question question) {
    asked_.push_back(std::move(question));
    return asked_.size() <= answers_.size() ? std::move(answers_[asked_.size() - 1]) : Answer();
  }
  [[nodiscard]] bool has_answers() const { return !answers_.empty(); }
  [[nodiscard]] const std::vector<Question>& asked() const { return asked_; }

 private:
  std::vector<Question> asked_;
  std::vector<Answer> answers_;
};

// Who answers which question: the dearest first, each to whom has least to do.
[[nodiscard]] std::vector<int> share_out(const std::vector<Question>& questions, const TableColumns& columns,
                                         int ranks);

}  // namespace ft::rerank
