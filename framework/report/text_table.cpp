#include "framework/report/text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace ft::report {

std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }
std::string percent(double share, double error) { return fmt::format("{:.1f} +- {:.1f}", 100 * share, 100 * error); }

std::string percent_in(double share, double low, double high) {
  if (low == high) return percent(share);
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * share, 100 * low, 100 * high);
}
std::string signed_percent_in(double share, double low, double high) {
  if (low == high) return fmt::format("{:+.1f}", 100 * share);
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * share, 100 * low, 100 * high);
}

std::string TextTable::to_string() const {
  std::vector<std::size_t> widths;
  for (const std::string& cell : header_) widths.push_back(display_width(cell));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  const auto line = [&](const std::vector<std::string>& row) {
    std::string text = " ";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = i < row.size() ? row[i] : "";
      const std::string blanks(widths[i] - display_width(cell), ' ');
      text += " " + (i == 0 ? cell + blanks : blanks + cell) + " ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::size_t width = 0;
  for (const std::size_t one : widths) width += one + 2;
  std::string text = line(header_) + "  " + std::string(width - 2, '-') + "\n";
  for (const auto& row : rows_) text += line(row);
  return text;
}

}  // namespace ft::report
