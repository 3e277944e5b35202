#include "framework/report/html_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ft::report {

std::string HtmlTable::to_string() const {
  std::string out = "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"" + caption_ +
                    "\"><table><caption>" + caption_ + "</caption><thead><tr>";
  const auto css = [&](std::size_t column) { return text_columns_.contains(column) ? " class=\"text\"" : ""; };
  for (std::size_t i = 0; i < header_.size(); ++i)
    out += fmt::format("<th scope=\"col\"{}>{}</th>", css(i), escape(header_[i]));
  out += "</tr></thead><tbody>";
  for (const Row& row : rows_) {
    out += row.best ? "<tr class=\"best\">" : "<tr>";
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      out +=
          i == 0 ? "<th scope=\"row\">" + row.cells[i] + "</th>" : fmt::format("<td{}>{}</td>", css(i), row.cells[i]);
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>";
}

std::string figure(const Chart& chart) {
  const std::string picture = svg(chart);
  if (picture.empty()) return {};
  static constexpr std::array<const char*, 6> kDashes{"", "7 4", "2 3", "9 3 2 3", "1 5", "12 5"};
  std::string out = "<figure><figcaption>" + escape(chart.title) + "</figcaption>" + picture;
  if (chart.series.size() > 1) {
    out += "<ul class=\"legend\">";
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      out += fmt::format(
          "<li><svg viewBox=\"0 0 36 8\" aria-hidden=\"true\"><path class=\"line series-{}\" stroke-dasharray=\"{}\" "
          "d=\"M0 4L36 4\"/></svg>{}</li>",
          i % 6, kDashes.at(i % 6), escape(chart.series[i].name));
    }
    out += "</ul>";
  }
  return out + "</figure>";
}

std::string heading(const std::string& id, const std::string& text) {
  return fmt::format("<h2 id=\"{}\">{}</h2>", id, escape(text));
}

}  // namespace ft::report
