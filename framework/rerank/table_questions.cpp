#include "framework/rerank/table_questions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ft::rerank {
namespace {

constexpr std::array<double Estimate::*, 9> kEstimate{&Estimate::mean,
                                                      &Estimate::low,
                                                      &Estimate::high,
                                                      &Estimate::standard_error,
                                                      &Estimate::binomial_error,
                                                      &Estimate::difference,
                                                      &Estimate::difference_error,
                                                      &Estimate::difference_low,
                                                      &Estimate::difference_high};

// What an answer costs, beside others.
double cost_of(const Question& question, const TableColumns& columns) {
  const double draws = 1 + question.resamples;
  if (question.kind == Question::Kind::quality) return draws * static_cast<double>(columns.num_judged(question.by));
  return draws * static_cast<double>(question.items) * (question.against_vote ? 2 : 1);
}

}  // namespace

Answer numbers_of(const Estimate& estimate) {
  Answer answer;
  for (const auto member : kEstimate) answer.push_back(estimate.*member);
  return answer;
}

Estimate estimate_of(const Answer& answer) {
  Estimate estimate;
  for (std::size_t i = 0; i < kEstimate.size() && i < answer.size(); ++i) estimate.*kEstimate[i] = answer[i];
  return estimate;
}

Answer numbers_of(const PooledQuality& quality) {
  Answer answer{quality.auc.value_or(std::nan("")), quality.interval.low, quality.interval.high};
  if (!quality.calibration) return answer;
  const Calibration& c = *quality.calibration;
  answer.insert(answer.end(), {static_cast<double>(c.count), c.ece, c.brier, c.brier_base});
  for (const ReliabilityBin& bin : c.bins) {
    answer.insert(answer.end(), {bin.low, bin.high, static_cast<double>(bin.count), bin.mean_score, bin.share_right,
                                 bin.interval.low, bin.interval.high});
  }
  return answer;
}

PooledQuality quality_of(const Answer& answer) {
  PooledQuality quality;
  if (answer.empty()) return quality;
  if (!std::isnan(answer[0])) quality.auc = answer[0];
  quality.interval = {answer[1], answer[2]};
  if (answer.size() < 7) return quality;
  Calibration c{static_cast<int>(answer[3]), answer[4], answer[5], answer[6], {}};
  for (std::size_t i = 7; i + 7 <= answer.size(); i += 7) {
    const double* bin = &answer[i];
    c.bins.push_back({bin[0], bin[1], static_cast<int>(bin[2]), bin[3], bin[4], {bin[5], bin[6]}});
  }
  quality.calibration = std::move(c);
  return quality;
}

std::vector<int> share_out(const std::vector<Question>& questions, const TableColumns& columns, int ranks) {
  std::vector<std::size_t> order(questions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> costs;
  for (const Question& question : questions) costs.push_back(cost_of(question, columns));
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return costs[i]; });
  std::vector<double> load(static_cast<std::size_t>(ranks), 0);
  std::vector<int> owners(questions.size());
  for (const std::size_t i : order) {
    const auto least = std::ranges::min_element(load);
    owners[i] = static_cast<int>(least - load.begin());
    *least += costs[i];
  }
  return owners;
}

}  // namespace ft::rerank
