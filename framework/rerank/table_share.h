// What some of the problems add to a table of strategies, so that ranks share the problems and nobody holds them all.
//
// A problem becomes a few facts, which every rank holds of every problem, and the value of each measure (a strategy at one
// K, or at every K), which are put down in pages, 8 bytes a value. Attempts themselves are forgotten at once. Tables are made
// of columns, one value a problem in the order of the problems: so they have the same bits however the problems were
// shared out.
//
//   TableShare share(options, true, pages);
//   share.add(place, problem);                           // of one's own problems, in ascending order
//   const std::string directory = share.finish();        // what others need beside the pages
//
//   const TableColumns columns({{&pages, directory}, ...of the other ranks}, options);
//   columns.read("W.RR verifier", TableColumns::kLast, values);
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/rerank/candidate.h"
#include "framework/rerank/pages.h"
#include "framework/rerank/ranking.h"

namespace ft::rerank {

struct ProblemFacts {
  struct Numbers {  // of plain bytes
    std::int64_t place = 0;
    std::int32_t level = -1;   // -1: not known
    std::int32_t greedy = -1;  // 1: right; -1: there is no greedy attempt
    std::int32_t attempts = 0, right = 0, unreadable = 0, unknown = 0, scored = 0, clusters = 0;
    std::int32_t has_log_probs = 0;
    std::int32_t any_score = 0;  // of an unreadable attempt, too
  };
  Numbers numbers;
  std::string id, subject;

  [[nodiscard]] int readable() const { return numbers.attempts - numbers.unreadable; }
};

// What is measured of each problem that has attempts.
struct Measure {
  std::string name;     // "maj@k", "RR verifier", ...
  ScoreKind kind;       // what the ballot ranks by
  std::vector<int> at;  // the K of each value; empty: 1, 2, ... and the last one for every larger K
  std::function<std::vector<double>(const Ballot& ballot, std::span<const Candidate> candidates, std::uint64_t item)>
      values;
};
[[nodiscard]] std::vector<Measure> measures_of(const RankingOptions& options);

class TableShare {
 public:
  // `with_scores`: where it is false, what ranks by the verifier is not measured. `pages` must outlive this.
  TableShare(const RankingOptions& options, bool with_scores, Pages& pages);
  // `place`: of the problem among all problems, ascending.
  void add(std::int64_t place, const RankedProblem& problem);
  // Writes what is left; nothing can be added afterwards.
  [[nodiscard]] std::string finish();

 private:
  void write_tile();
  void write_judged(std::size_t kind);

  AnswerEquality equality_;
  bool with_scores_;
  std::vector<Measure> measures_;
  Pages& pages_;
  std::string directory_;
  std::int64_t voted_ = 0;  // problems with attempts
  std::map<std::string, FormRow> forms_;
  std::vector<std::vector<std::vector<double>>> values_;  // [measure][problem of the tile]
  std::int64_t values_held_ = 0;
  std::array<std::vector<Judged>, 2> judged_;  // by verifier, by mean log-probability; `problem` counts this share's
};

// The shares of all ranks, put together.
class TableColumns {
 public:
  static constexpr int kLast = std::numeric_limits<int>::max();
  TableColumns(std::span<const TableShareView> shares, const RankingOptions& options);
  TableColumns(const TableColumns&) = delete;
  TableColumns& operator=(const TableColumns&) = delete;

  // Of all problems, in their order; and which of them have attempts: those that columns are about.
  [[nodiscard]] const std::vector<ProblemFacts>& problems() const { return problems_; }
  [[nodiscard]] const std::vector<std::size_t>& voted() const { return voted_; }
  // The values of one measure at K (counted from 1, or kLast), one for each problem with attempts.
  void read(std::string_view measure, int k, std::span<double> values) const;
  // The most frequent first.
  [[nodiscard]] std::vector<FormRow> forms() const;
  // How many attempts were scored by that kind: verifier or mean_log_prob.
  [[nodiscard]] std::int64_t num_judged(ScoreKind kind) const;
  // They in order, by way of `scratch` where they are many; it must outlive what is returned.
  [[nodiscard]] JudgedInOrder judged(ScoreKind kind, Pages& scratch, std::int64_t most_in_memory = 1 << 20) const;

 private:
  struct Tile {
    const Pages* pages = nullptr;
    std::size_t share = 0;
    std::int64_t offset = 0, problems = 0;
    std::vector<std::int64_t> begin, width;  // of each measure, in values of one problem
    std::span<const std::uint32_t> at;       // which rows of a column these are
  };
  struct Stretch {
    const Pages* pages = nullptr;
    std::size_t share = 0;
    std::int64_t offset = 0, count = 0;
  };
  void open(const TableShareView& share, std::size_t number, std::vector<std::int64_t>& places);
  void for_each_judged(ScoreKind kind, const std::function<void(const Judged&)>& use) const;

  std::vector<Measure> measures_;
  std::vector<ProblemFacts> problems_;
  std::vector<std::size_t> voted_;
  std::vector<Tile> tiles_;
  std::map<std::string, FormRow> forms_;
  std::array<std::vector<Stretch>, 2> judged_;      // by verifier, by mean log-probability
  std::vector<std::vector<std::uint32_t>> row_of_;  // [share][its problem with attempts]: row of a column
};

}  // namespace ft::rerank
