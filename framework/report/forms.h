// How attempts state their answers, and how often those are right: where training showed solutions of several styles, this
// tells them apart, and shows why greedy and sampled accuracy may part.
#pragma once

#include <string>
#include <vector>

#include "framework/rerank/ranking.h"

namespace ft::report {

struct FormTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // in per cent; empty where there are not two forms to compare
};
[[nodiscard]] FormTable form_table(const rerank::RankingTable& table);

}  // namespace ft::report
