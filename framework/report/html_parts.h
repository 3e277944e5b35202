// Pieces of the HTML report: accessible tables, figures with legends, headings.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "framework/report/svg.h"
#include "framework/rerank/metrics.h"

namespace ft::report {

// A table with a caption, column and row headers, in a box of its own that scrolls sideways on a narrow screen.
class HtmlTable {
 public:
  // `caption` and `header` are plain text, the caption already escaped where it holds the user's text.
  HtmlTable(std::string caption, std::vector<std::string> header)
      : caption_(std::move(caption)), header_(std::move(header)) {}
  // Printed in bold before the caption, and the name of the scrolling box; already escaped.
  void title(std::string text) { title_ = std::move(text); }
  // That column holds text: aligned left, wrapped.
  void text_column(std::size_t column) { text_columns_.insert(column); }
  // Cells are HTML, escaped by the caller; the first is the row's header. `best` marks the row.
  void add(std::vector<std::string> cells, bool best = false) { rows_.push_back({std::move(cells), best}); }
  [[nodiscard]] std::string to_string() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    bool best = false;
  };
  std::string caption_;
  std::string title_;
  std::vector<std::string> header_;
  std::set<std::size_t> text_columns_;
  std::vector<Row> rows_;
};

// <figure> with a caption and the chart; empty where the chart is.
[[nodiscard]] std::string figure(const Chart& chart);

// A second-level heading that the navigation can point to; `text` is escaped.
[[nodiscard]] std::string heading(const std::string& id, const std::string& text);

// A small picture for a table's cell: a dot at `value` with its interval, on a scale from `low` to `high`, and a dashed
// line at `reference`. Decoration: the numbers stand beside it.
struct Whisker {
  double value = 0, from = 0, to = 0;
  double low = 0, high = 1;
  double reference = 0;
  int series = 0;
};
[[nodiscard]] std::string whisker(const Whisker& whisker);
// A bar over `share` of the cell's width.
[[nodiscard]] std::string bar(double share, int series);

// "32.0 <small interval>": an accuracy in per cent with its 95 % interval, or a dash.
[[nodiscard]] std::string accuracy(const std::optional<rerank::Estimate>& value);
// "+2.5", with a true minus sign.
[[nodiscard]] std::string signed_number(double value);
// "+2.5 <small interval>", in points.
[[nodiscard]] std::string change(double mean, double low, double high);

}  // namespace ft::report
