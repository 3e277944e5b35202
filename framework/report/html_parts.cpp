#include "framework/report/html_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace ft::report {

std::string HtmlTable::to_string() const {
  const std::string name = title_.empty() ? caption_ : title_;
  const std::string bold = title_.empty() ? "" : "<b>" + title_ + ".</b> ";
  std::string out = "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"" + name + "\"><table><caption>" +
                    bold + caption_ + "</caption><thead><tr>";
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
  return "<figure><figcaption>" + escape(chart.title) + "</figcaption>" + picture + "</figure>";
}

std::string heading(const std::string& id, const std::string& text) {
  return fmt::format("<h2 id=\"{}\">{}</h2>", id, escape(text));
}

// A point is a line of no length with a round, non-scaling stroke: it stays a circle however wide the cell is.
std::string whisker(const Whisker& w) {
  const double span = w.high > w.low ? w.high - w.low : 1;
  const auto x = [&](double value) { return std::clamp(100 * (value - w.low) / span, 0.0, 100.0); };
  return fmt::format(
      "<svg class=\"whisker\" viewBox=\"-3 0 106 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      "<path class=\"guide\" d=\"M{0:.1f} 0V10\"/><path class=\"arm series-{4}\" d=\"M{1:.1f} 5H{2:.1f}\"/>"
      "<path class=\"point series-{4}\" d=\"M{3:.1f} 5h0\"/></svg>",
      x(w.reference), x(w.from), x(w.to), x(w.value), w.series);
}

std::string bar(double share, int series) {
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect "
      "class=\"fill-{}\" "
      "width=\"{:.2f}\" height=\"10\"/></svg>",
      series, std::clamp(100 * share, 0.0, 100.0));
}

std::string accuracy(const std::optional<rerank::Estimate>& value) {
  if (!value) return "<span class=\"error\">&ndash;</span>";
  if (value->low == value->high) return fmt::format("{:.1f}", 100 * value->mean);
  return fmt::format("{:.1f} <span class=\"error\">{:.1f}&ndash;{:.1f}</span>", 100 * value->mean, 100 * value->low,
                     100 * value->high);
}

std::string signed_number(double value) {
  const std::string text = fmt::format("{:+.1f}", value);
  return text.starts_with('-') ? "&minus;" + text.substr(1) : text;
}

std::string change(double mean, double low, double high) {
  const char* css = low > 0 ? "gain" : high < 0 ? "loss" : "even";
  const std::string number = fmt::format("<span class=\"{}\">{}</span>", css, signed_number(100 * mean));
  if (low == high) return number;
  return fmt::format("{} <span class=\"error\">{} to {}</span>", number, signed_number(100 * low),
                     signed_number(100 * high));
}

}  // namespace ft::report
