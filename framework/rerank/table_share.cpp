#include "framework/rerank/table_share.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/rerank/cluster.h"
#include "framework/rerank/plain_values.h"

namespace ft::rerank {
namespace {

constexpr std::size_t kProblemsATile = 256;
constexpr std::int64_t kValuesATile = 1 << 18;
constexpr std::size_t kJudgedAtOnce = 1 << 16;

// What comes next in a directory.
enum class Part : char { problem, tile, judged, form };

std::size_t number_of(ScoreKind kind) { return kind == ScoreKind::verifier ? 0 : 1; }

std::vector<Scored> scored_of(std::span<const Candidate> candidates, ScoreKind kind) {
  std::vector<Scored> scored;
  for (const Candidate& candidate : candidates) {
    const double score = score_of(candidate, kind);
    if (candidate.answer_found && !std::isnan(score)) scored.push_back({score, candidate.right});
  }
  return scored;
}

void count_form(const Candidate& attempt, std::map<std::string, FormRow>& forms, std::int64_t FormRow::*all,
                std::int64_t FormRow::*right) {
  if (!attempt.answer_found || attempt.form.empty()) return;
  FormRow& row = forms[attempt.form];
  ++(row.*all);
  row.*right += attempt.right ? 1 : 0;
}

int all_clusters(const Ballot& ballot) { return std::max(2, static_cast<int>(ballot.clusters.size())); }

// A measure of the ballot alone, at certain K or at each.
using OfBallot = std::function<std::vector<double>(const Ballot&)>;
using AtK = std::function<double(const Ballot&, int)>;

Measure at_each(std::string name, ScoreKind kind, OfBallot values) {
  return {std::move(name), kind, {}, [values = std::move(values)](const Ballot& ballot, auto, auto) {
            return values(ballot);
          }};
}

Measure at_some(std::string name, ScoreKind kind, std::vector<int> at, AtK value) {
  Measure measure{std::move(name), kind, at, {}};
  measure.values = [at = std::move(at), value = std::move(value)](const Ballot& ballot, auto, auto) {
    std::vector<double> values;
    for (const int k : at) values.push_back(value(ballot, k == TableColumns::kLast ? all_clusters(ballot) : k));
    return values;
  };
  return measure;
}

ProblemFacts facts_of(std::int64_t place, const RankedProblem& problem) {
  ProblemFacts facts{.id = problem.id, .subject = problem.subject};
  ProblemFacts::Numbers& numbers = facts.numbers;
  numbers.place = place;
  numbers.level = problem.level.value_or(-1);
  if (problem.greedy) numbers.greedy = problem.greedy->answer_found && problem.greedy->right ? 1 : 0;
  numbers.attempts = static_cast<std::int32_t>(problem.candidates.size());
  for (const Candidate& one : problem.candidates) {
    if (!std::isnan(score_of(one, ScoreKind::mean_log_prob))) numbers.has_log_probs = 1;
    if (!std::isnan(one.score)) numbers.any_score = 1;
    numbers.unreadable += one.answer_found ? 0 : 1;
    if (!one.answer_found) continue;
    numbers.right += one.right ? 1 : 0;
    numbers.unknown += one.unknown ? 1 : 0;
    numbers.scored += std::isnan(one.score) ? 0 : 1;
  }
  return facts;
}

}  // namespace

std::vector<Measure> measures_of(const RankingOptions& options) {
  std::vector<Measure> measures;
  measures.push_back(at_each("MajK", ScoreKind::mean_log_prob, oracle_at_each));
  measures.push_back(
      at_each("Maj1", ScoreKind::mean_log_prob, [](const Ballot& b) { return std::vector{majority(b)}; }));
  measures.push_back(at_each("scored", ScoreKind::mean_log_prob, share_scored_at_each));
  // Means and variances come from the same draws.
  const auto variances = std::make_shared<std::vector<double>>();
  const int exact_up_to = options.exact_up_to, resamples = options.resamples;
  const std::uint64_t seed = options.seed;
  measures.push_back({"maj@k", ScoreKind::mean_log_prob, {}, [=](const Ballot& ballot, auto, std::uint64_t item) {
                        variances->assign(1, 0);
                        if (ballot.num_attempts <= exact_up_to) return majority_at_each(ballot);
                        std::vector<double> means;
                        variances->clear();
                        for (const Sampled& one : majority_at_each_sampled(ballot, resamples, seed, item)) {
                          means.push_back(one.mean);
                          variances->push_back(one.variance);
                        }
                        return means;
                      }});
  measures.push_back({"maj@k variance", ScoreKind::mean_log_prob, {}, [=](auto&&...) { return *variances; }});
  std::vector<int> some = options.top_clusters;
  some.push_back(TableColumns::kLast);
  for (const ScoreKind kind : {ScoreKind::verifier, ScoreKind::mean_log_prob, ScoreKind::sum_log_prob}) {
    const std::string by = name_of(kind);
    if (kind == ScoreKind::sum_log_prob) {  // it has rows, but no curves
      measures.push_back(at_some("RR " + by, kind, some, best_in_clusters));
      measures.push_back(
          at_some("W.RR " + by, kind, some, [](const Ballot& b, int k) { return weighted_in_clusters(b, k); }));
      measures.push_back(at_some("Top " + by, kind, options.top_n, majority_of_top));
      continue;
    }
    measures.push_back(at_each("RR " + by, kind, best_at_each));
    measures.push_back(at_each("W.RR " + by, kind, [](const Ballot& b) { return weighted_at_each(b); }));
    measures.push_back(at_each("Top " + by, kind, majority_of_top_at_each));
    measures.push_back({"area " + by, kind, {}, [kind](const Ballot&, std::span<const Candidate> candidates, auto) {
                          const auto area = area_under_curve(scored_of(candidates, kind));
                          return std::vector{area.value_or(std::nan(""))};
                        }});
  }
  for (const Aggregation aggregation : options.aggregations) {
    if (aggregation == Aggregation::sum) continue;
    measures.push_back(
        at_some(fmt::format("W.RR {} verifier", to_string(aggregation)), ScoreKind::verifier, some,
                [aggregation](const Ballot& b, int k) { return weighted_in_clusters(b, k, aggregation); }));
  }
  measures.push_back(
      {"spread", ScoreKind::verifier, {}, [](const Ballot&, std::span<const Candidate> candidates, auto) {
         return std::vector{spread_of_scores(scored_of(candidates, ScoreKind::verifier))};
       }});
  return measures;
}

TableShare::TableShare(const RankingOptions& options, bool with_scores, Pages& pages)
    : equality_(options.equality), with_scores_(with_scores), measures_(measures_of(options)), pages_(pages) {
  values_.resize(measures_.size());
}

void TableShare::add(std::int64_t place, const RankedProblem& problem) {
  const ProblemFacts facts = facts_of(place, problem);
  Ballot ballot = make_ballot(problem.candidates, cluster_answers(problem.candidates, equality_), ScoreKind::verifier);
  PlainWriter out(directory_);
  out.put(Part::problem);
  ProblemFacts::Numbers numbers = facts.numbers;
  numbers.clusters = static_cast<std::int32_t>(ballot.clusters.size());
  out.put(numbers);
  out.put_text(facts.id);
  out.put_text(facts.subject);
  if (problem.greedy) count_form(*problem.greedy, forms_, &FormRow::greedy, &FormRow::greedy_right);
  for (const Candidate& one : problem.candidates) count_form(one, forms_, &FormRow::sampled, &FormRow::sampled_right);
  if (problem.candidates.empty()) return;
  const std::uint64_t item = name_hash(problem.id);
  ScoreKind kind = ScoreKind::verifier;
  for (std::size_t m = 0; m < measures_.size(); ++m) {
    auto& values = values_[m].emplace_back();
    if (measures_[m].kind == ScoreKind::verifier && !with_scores_) continue;
    if (measures_[m].kind != kind) rank_by(ballot, problem.candidates, kind = measures_[m].kind);
    values = measures_[m].values(ballot, problem.candidates, item);
    values_held_ += std::ssize(values);
  }
  for (const ScoreKind by : {ScoreKind::verifier, ScoreKind::mean_log_prob}) {
    std::vector<Judged>& judged = judged_[number_of(by)];
    for (const Scored& one : scored_of(problem.candidates, by))
      judged.push_back({one.score, one.right, static_cast<std::uint32_t>(voted_)});
    if (judged.size() >= kJudgedAtOnce) write_judged(number_of(by));
  }
  ++voted_;
  if (values_[0].size() == kProblemsATile || values_held_ > kValuesATile) write_tile();
}

// Column after column: each problem's last value fills up what it lacks.
void TableShare::write_tile() {
  const std::size_t problems = values_[0].size();
  if (problems == 0) return;
  std::vector<double> tile;
  PlainWriter out(directory_);
  std::string widths;
  PlainWriter widths_out(widths);
  for (auto& of_measure : values_) {
    std::size_t width = 0;
    for (const auto& values : of_measure) width = std::max(width, values.size());
    widths_out.put(static_cast<std::int64_t>(width));
    for (std::size_t k = 0; k < width; ++k) {
      for (const auto& values : of_measure) tile.push_back(values[std::min(k, values.size() - 1)]);
    }
    of_measure.clear();
  }
  out.put(Part::tile);
  out.put(pages_.append(std::as_bytes(std::span<const double>(tile))));
  out.put(static_cast<std::int64_t>(problems));
  directory_ += widths;
  values_held_ = 0;
}

void TableShare::write_judged(std::size_t kind) {
  if (judged_[kind].empty()) return;
  PlainWriter out(directory_);
  out.put(Part::judged);
  out.put(static_cast<std::int64_t>(kind));
  out.put(pages_.append(std::as_bytes(std::span<const Judged>(judged_[kind]))));
  out.put(static_cast<std::int64_t>(judged_[kind].size()));
  judged_[kind].clear();
}

std::string TableShare::finish() {
  write_tile();
  for (const std::size_t kind : {0, 1}) write_judged(kind);
  PlainWriter out(directory_);
  for (const auto& [form, row] : forms_) {
    out.put(Part::form);
    out.put_text(form);
    for (const std::int64_t count : {row.sampled, row.sampled_right, row.greedy, row.greedy_right}) out.put(count);
  }
  return std::move(directory_);
}

TableColumns::TableColumns(std::span<const TableShareView> shares, const RankingOptions& options)
    : measures_(measures_of(options)) {
  std::vector<std::vector<std::int64_t>> places(shares.size());  // of the problems with attempts
  for (std::size_t i = 0; i < shares.size(); ++i) open(shares[i], i, places[i]);
  std::ranges::sort(problems_, {}, [](const ProblemFacts& facts) { return facts.numbers.place; });
  std::vector<std::int64_t> rows;  // the place of each row of a column
  for (std::size_t p = 0; p < problems_.size(); ++p) {
    if (problems_[p].numbers.attempts == 0) continue;
    voted_.push_back(p);
    rows.push_back(problems_[p].numbers.place);
  }
  for (const auto& of_share : places) {
    auto& row_of = row_of_.emplace_back();
    for (const std::int64_t place : of_share)
      row_of.push_back(static_cast<std::uint32_t>(std::ranges::lower_bound(rows, place) - rows.begin()));
  }
  std::vector<std::size_t> next(shares.size(), 0);
  for (Tile& tile : tiles_) {
    std::size_t& first = next[tile.share];
    const auto& row_of = row_of_[tile.share];
    tile.at = std::span(row_of).subspan(first, static_cast<std::size_t>(tile.problems));
    first += tile.at.size();
  }
}

void TableColumns::open(const TableShareView& share, std::size_t number, std::vector<std::int64_t>& places) {
  PlainReader in(share.directory);
  while (!in.empty()) {
    switch (in.get<Part>()) {
      case Part::problem: {
        ProblemFacts facts{.numbers = in.get<ProblemFacts::Numbers>()};
        facts.id = in.get_text();
        facts.subject = in.get_text();
        if (facts.numbers.attempts > 0) places.push_back(facts.numbers.place);
        problems_.push_back(std::move(facts));
        break;
      }
      case Part::tile: {
        Tile tile{.pages = share.pages, .share = number, .offset = in.get<std::int64_t>()};
        tile.problems = in.get<std::int64_t>();
        std::int64_t begin = 0;
        for (std::size_t m = 0; m < measures_.size(); ++m) {
          tile.begin.push_back(begin);
          tile.width.push_back(in.get<std::int64_t>());
          begin += tile.width.back();
        }
        tiles_.push_back(std::move(tile));
        break;
      }
      case Part::judged: {
        const auto kind = static_cast<std::size_t>(in.get<std::int64_t>());
        const auto offset = in.get<std::int64_t>();
        judged_[kind].push_back({share.pages, number, offset, in.get<std::int64_t>()});
        break;
      }
      case Part::form: {
        FormRow& row = forms_[in.get_text()];
        for (const auto count : {&FormRow::sampled, &FormRow::sampled_right, &FormRow::greedy, &FormRow::greedy_right})
          row.*count += in.get<std::int64_t>();
        break;
      }
    }
  }
}

void TableColumns::read(std::string_view measure, int k, std::span<double> values) const {
  const auto found = std::ranges::find(measures_, measure, &Measure::name);
  FT_CHECK(found != measures_.end(), "there is no measure '{}'", measure);
  const auto m = static_cast<std::size_t>(found - measures_.begin());
  std::int64_t column = k == kLast ? kLast : k - 1;
  if (!found->at.empty()) {
    const auto at = std::ranges::find(found->at, k);
    FT_CHECK(at != found->at.end(), "'{}' was not measured at {}", measure, k);
    column = at - found->at.begin();
  }
  std::vector<double> part;
  for (const Tile& tile : tiles_) {
    FT_CHECK(tile.width[m] > 0, "'{}' was not measured", measure);
    part.resize(tile.at.size());
    const std::int64_t before = (tile.begin[m] + std::min(column, tile.width[m] - 1)) * tile.problems;
    tile.pages->read(tile.offset + before * static_cast<std::int64_t>(sizeof(double)),
                     std::as_writable_bytes(std::span(part)));
    for (std::size_t i = 0; i < part.size(); ++i) values[tile.at[i]] = part[i];
  }
}

std::vector<FormRow> TableColumns::forms() const {
  std::vector<FormRow> rows;
  for (const auto& [form, row] : forms_) {
    rows.push_back(row);
    rows.back().form = form;
  }
  std::ranges::stable_sort(rows, std::greater(), &FormRow::sampled);
  return rows;
}

std::int64_t TableColumns::num_judged(ScoreKind kind) const {
  std::int64_t count = 0;
  for (const Stretch& stretch : judged_[number_of(kind)]) count += stretch.count;
  return count;
}

void TableColumns::for_each_judged(ScoreKind kind, const std::function<void(const Judged&)>& use) const {
  std::vector<Judged> part;
  for (const Stretch& stretch : judged_[number_of(kind)]) {
    part.resize(static_cast<std::size_t>(stretch.count));
    stretch.pages->read(stretch.offset, std::as_writable_bytes(std::span(part)));
    for (Judged& one : part) {
      one.problem = row_of_[stretch.share][one.problem];
      use(one);
    }
  }
}

// Those between two bounds are read, sorted and put down, one lot after the other.
JudgedInOrder TableColumns::judged(ScoreKind kind, Pages& scratch, std::int64_t most_in_memory) const {
  const std::int64_t count = num_judged(kind);
  const std::int64_t lots = count / most_in_memory + 1;
  // Every so many-th one is a sample large enough to cut the lots by.
  const std::int64_t every = std::max<std::int64_t>(1, count / (lots * 1024));
  std::vector<Judged> bounds;
  std::int64_t number = 0;
  if (lots > 1) {
    for_each_judged(kind, [&](const Judged& one) {
      if (number++ % every == 0) bounds.push_back(one);
    });
    std::sort(bounds.begin(), bounds.end());
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> put_down;  // offset, count
  for (std::int64_t lot = 0; lot < lots; ++lot) {
    const auto bound = [&](std::int64_t i) { return bounds[static_cast<std::size_t>(i * std::ssize(bounds) / lots)]; };
    std::vector<Judged> part;
    for_each_judged(kind, [&](const Judged& one) {
      if ((lot == 0 || !(one < bound(lot))) && (lot + 1 == lots || one < bound(lot + 1))) part.push_back(one);
    });
    if (lots == 1) return in_order(std::move(part));
    std::sort(part.begin(), part.end());
    for (std::size_t first = 0; first < part.size(); first += kJudgedAtOnce) {
      const auto some = std::span<const Judged>(part).subspan(first, std::min(kJudgedAtOnce, part.size() - first));
      put_down.emplace_back(scratch.append(std::as_bytes(some)), std::ssize(some));
    }
  }
  return [put_down = std::move(put_down), &scratch](const std::function<void(std::span<const Judged>)>& use) {
    std::vector<Judged> part;
    for (const auto& [offset, size] : put_down) {
      part.resize(static_cast<std::size_t>(size));
      scratch.read(offset, std::as_writable_bytes(std::span(part)));
      use(part);
    }
  };
}

}  // namespace ft::rerank
