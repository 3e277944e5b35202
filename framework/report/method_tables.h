// This run's form of the method's tables (Liu et al. 2023, arXiv 2310.10047): 1 (data), 2 (generators), 3 (re-ranking), 4 (the
// generator after the verifier's training), 6 (verifiers across generators), 7 (the best K and N, picked after the
// fact). Only those for which the run has the data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/report/report.h"

namespace ft::report {

struct MethodCell {
  std::string text;                            // a name; empty where there is a number
  std::optional<rerank::Estimate> value;       // an accuracy
  std::optional<rerank::Estimate> difference;  // only its mean, low and high: a paired difference
  std::string note;                            // "K = 5"
};

struct MethodTable {
  int number = 0;       // as in the paper
  std::string title;    // "Generators"
  std::string caption;  // what it compares, in a sentence or two
  std::vector<std::string> header;
  std::size_t text_columns = 1;
  std::vector<std::vector<MethodCell>> rows;
};

[[nodiscard]] std::vector<MethodTable> method_tables(const ReportInput& input);

// The best point of a curve, with its K or N; nothing where it has no values.
struct BestPoint {
  int at = 0;
  rerank::Estimate value;
};
[[nodiscard]] std::optional<BestPoint> best_point(const rerank::RankingTable& table, const std::string& curve);

// What the run found, one sentence each, in plain words with its numbers: for the top of the page.
[[nodiscard]] std::vector<std::string> findings(const ReportInput& input);

}  // namespace ft::report
