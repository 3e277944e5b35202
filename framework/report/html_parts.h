// Pieces of the HTML report: accessible tables, figures with legends, headings.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "framework/report/svg.h"

namespace ft::report {

// A table with a caption, column and row headers, in a box of its own that scrolls sideways on a narrow screen.
class HtmlTable {
 public:
  // `caption` and `header` are plain text, the caption already escaped where it holds the user's text.
  HtmlTable(std::string caption, std::vector<std::string> header)
      : caption_(std::move(caption)), header_(std::move(header)) {}
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
  std::vector<std::string> header_;
  std::set<std::size_t> text_columns_;
  std::vector<Row> rows_;
};

// <figure> with a caption, the chart and a legend; empty where the chart is.
[[nodiscard]] std::string figure(const Chart& chart);

// A second-level heading that the navigation can point to; `text` is escaped.
[[nodiscard]] std::string heading(const std::string& id, const std::string& text);

}  // namespace ft::report
