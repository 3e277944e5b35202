#include "framework/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace ft::report {
namespace {

constexpr std::size_t kMostPoints = 400;

using Points = std::vector<std::pair<double, double>>;

Points usable(const Points& all, bool positive_x) {
  Points finite;
  for (const auto& [x, y] : all) {
    if (std::isfinite(x) && std::isfinite(y) && (!positive_x || x > 0)) finite.emplace_back(x, y);
  }
  if (finite.size() <= kMostPoints) return finite;
  Points thinned;
  const std::size_t bucket = (finite.size() + kMostPoints - 1) / kMostPoints;
  for (std::size_t i = 0; i < finite.size(); i += bucket) {
    const std::size_t end = std::min(i + bucket, finite.size());
    double x = 0;
    double y = 0;
    for (std::size_t j = i; j < end; ++j) x += finite[j].first, y += finite[j].second;
    thinned.emplace_back(x / static_cast<double>(end - i), y / static_cast<double>(end - i));
  }
  return thinned;
}

// Maps values to pixels.
struct Axis {
  double low = 0;
  double high = 1;
  double from = 0;
  double to = 1;
  bool logarithmic = false;

  [[nodiscard]] double value(double x) const { return logarithmic ? std::log2(x) : x; }
  [[nodiscard]] double operator()(double x) const {
    return high == low ? (from + to) / 2 : from + (value(x) - low) / (high - low) * (to - from);
  }
};

std::string label(double value, bool percent) {
  if (percent) return fmt::format("{:g} %", std::round(value * 1e6) / 1e4);
  return fmt::format("{:g}", std::fabs(value) < 1e-12 ? 0.0 : value);
}

constexpr double kLeft = 62;
constexpr double kRight = 14;
constexpr double kTop = 12;
constexpr double kBottom = 46;

std::string axes(const Chart& chart, const Axis& x, const Axis& y, const std::vector<double>& x_ticks,
                 const std::vector<double>& y_ticks) {
  std::string out;
  for (const double tick : y_ticks) {
    out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", x.from, x.to,
                       y(tick), y(tick));
    out += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", x.from - 8,
                       y(tick) + 4, label(tick, chart.percent_y));
  }
  for (const double tick : x_ticks) {
    out += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", x(tick),
                       y.from, y.from + 4);
    out += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", x(tick),
                       y.from + 18, label(tick, false));
  }
  out += fmt::format("<line class=\"axis\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", x.from, x.to,
                     y.from, y.from);
  out += fmt::format("<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                     (x.from + x.to) / 2, y.from + 38, escape(chart.x_label));
  out += fmt::format(
      "<text class=\"label\" transform=\"translate(14 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
      (y.from + y.to) / 2, escape(chart.y_label));
  return out;
}

std::string line(const Points& points, const Axis& x, const Axis& y, std::size_t index) {
  static constexpr std::array<const char*, 6> kDashes{"", "7 4", "2 3", "9 3 2 3", "1 5", "12 5"};
  std::string path;
  for (const auto& [px, py] : points) path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(px), y(py));
  std::string out = fmt::format("<path class=\"line series-{}\" stroke-dasharray=\"{}\" d=\"{}\"/>", index % 6,
                                kDashes.at(index % 6), path);
  if (points.size() <= 24) {
    for (const auto& [px, py] : points)
      out += fmt::format("<circle class=\"dot series-{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\"/>", index % 6, x(px),
                         y(py));
  }
  return out;
}

}  // namespace

std::string escape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80                   ? 1
                               : byte >= 0xC2 && byte < 0xE0 ? 2
                               : byte >= 0xE0 && byte < 0xF0 ? 3
                               : byte >= 0xF0 && byte < 0xF5 ? 4
                                                             : 0;
    bool valid = length > 0 && i + length <= text.size();
    for (std::size_t j = 1; valid && j < length; ++j)
      valid = (static_cast<unsigned char>(text[i + j]) & 0xC0U) == 0x80U;
    if (valid && length == 3) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      valid = !(byte == 0xE0 && second < 0xA0) && !(byte == 0xED && second >= 0xA0);
    }
    if (valid && length == 4) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      valid = !(byte == 0xF0 && second < 0x90) && !(byte == 0xF4 && second >= 0x90);
    }
    if (!valid || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    switch (text[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.append(text, i, length);
    }
    i += length;
  }
  return out;
}

std::vector<double> ticks(double low, double high, int wanted) {
  if (!(high > low)) return {low};
  const double rough = (high - low) / std::max(1, wanted);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double ratio = rough / power;
  const double step = power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
  std::vector<double> result;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last && result.size() < 64; ++i) result.push_back(i * step);
  return result;
}

std::string svg(const Chart& chart) {
  std::vector<Points> lines;
  double x_low = INFINITY;
  double x_high = -INFINITY;
  double y_low = INFINITY;
  double y_high = -INFINITY;
  for (const Series& series : chart.series) {
    lines.push_back(usable(series.points, chart.logarithmic_x));
    for (const auto& [x, y] : series.points) {  // the axis keeps its ends where points were thinned
      if (!std::isfinite(x) || !std::isfinite(y) || (chart.logarithmic_x && x <= 0)) continue;
      x_low = std::min(x_low, x);
      x_high = std::max(x_high, x);
    }
    for (const auto& [x, y] : lines.back()) {
      y_low = std::min(y_low, y);
      y_high = std::max(y_high, y);
    }
  }
  if (!(x_low <= x_high)) return {};
  if (chart.y_from_zero) y_low = std::min(0.0, y_low);
  if (y_high == y_low) y_high = y_low + (chart.percent_y ? 0.1 : std::max(1e-6, std::fabs(y_low) * 0.1));
  const std::vector<double> y_ticks = ticks(y_low, y_high, 5);
  std::vector<double> x_ticks;
  if (chart.logarithmic_x) {
    for (double tick = std::exp2(std::floor(std::log2(x_low))); tick <= x_high * 1.0001; tick *= 2)
      x_ticks.push_back(tick);
  } else {
    for (const double tick : ticks(x_low, x_high, 8)) {
      if (tick >= x_low - 1e-9 && tick <= x_high + 1e-9) x_ticks.push_back(tick);
    }
  }
  Axis x{x_low, x_high, kLeft, chart.width - kRight, chart.logarithmic_x};
  x.low = x.value(chart.logarithmic_x ? std::min(x_low, x_ticks.front()) : x_low);
  x.high = x.value(x_high);
  const Axis y{y_ticks.front(), y_ticks.back(), chart.height - kBottom, kTop, false};

  std::string names;
  for (const Series& series : chart.series) names += (names.empty() ? "" : ", ") + series.name;
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", chart.width, chart.height,
      escape(fmt::format("{}: {} against {}; lines: {}", chart.title, chart.y_label, chart.x_label, names)));
  out += axes(chart, x, y, x_ticks, y_ticks);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].empty()) out += line(lines[i], x, y, i);
  }
  return out + "</svg>";
}

}  // namespace ft::report
