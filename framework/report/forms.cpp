#include "framework/report/forms.h"

#include <fmt/format.h>

namespace ft::report {
namespace {

std::string share(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:.1f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

FormTable form_table(const rerank::RankingTable& table) {
  FormTable forms{{"answer stated by", "of sampled", "right", "of greedy", "right"}, {}};
  if (table.forms.size() < 2) return forms;
  std::int64_t sampled = 0, greedy = 0;
  for (const rerank::FormRow& row : table.forms) {
    sampled += row.sampled;
    greedy += row.greedy;
  }
  for (const rerank::FormRow& row : table.forms) {
    forms.rows.push_back({row.form, share(row.sampled, sampled), share(row.sampled_right, row.sampled),
                          share(row.greedy, greedy), share(row.greedy_right, row.greedy)});
  }
  return forms;
}

}  // namespace ft::report
