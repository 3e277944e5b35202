#include "framework/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "framework/base/philox.h"

namespace ft::report {
namespace {

constexpr std::size_t kMostPoints = 300;

using Points = std::vector<std::pair<double, double>>;

// What of a series is drawn.
struct Drawn {
  Points points;
  Points band;  // as many as points, or none
};

Drawn usable(const Series& series, bool positive_x) {
  Drawn result;
  const bool banded = series.band.size() == series.points.size();
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const auto& [x, y] = series.points[i];
    if (!std::isfinite(x) || !std::isfinite(y) || (positive_x && x <= 0)) continue;
    result.points.emplace_back(x, y);
    if (banded) result.band.push_back(series.band[i]);
  }
  if (result.points.size() <= kMostPoints) return result;
  const Points finite = std::move(result.points);
  result = {};
  const std::size_t bucket = (finite.size() + kMostPoints - 1) / kMostPoints;
  for (std::size_t i = 0; i < finite.size(); i += bucket) {
    const std::size_t end = std::min(i + bucket, finite.size());
    double x = 0;
    double y = 0;
    for (std::size_t j = i; j < end; ++j) x += finite[j].first, y += finite[j].second;
    result.points.emplace_back(x / static_cast<double>(end - i), y / static_cast<double>(end - i));
  }
  return result;
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

constexpr double kRight = 20;
constexpr double kTop = 12;
constexpr double kBottom = 44;
constexpr double kLetter = 7.9;  // width of one, on average, at the size of .name

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
                       y.from + 18, label(tick, chart.percent_x));
  }
  out += fmt::format("<line class=\"axis\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", x.from, x.to,
                     y.from, y.from);
  out += fmt::format("<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                     (x.from + x.to) / 2, y.from + 38, escape(chart.x_label));
  out += fmt::format(
      "<text class=\"label\" transform=\"translate(13 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
      (y.from + y.to) / 2, escape(chart.y_label));
  return out;
}

std::string line(const Drawn& drawn, const Axis& x, const Axis& y, std::size_t index) {
  static constexpr std::array<const char*, 6> kDashes{"", "7 4", "2 3", "9 3 2 3", "1 5", "12 5"};
  std::string out;
  if (!drawn.band.empty()) {
    std::string edge;
    for (std::size_t i = 0; i < drawn.points.size(); ++i)
      edge += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x(drawn.points[i].first), y(drawn.band[i].second));
    for (std::size_t i = drawn.points.size(); i-- > 0;)
      edge += fmt::format("L{:.1f} {:.1f}", x(drawn.points[i].first), y(drawn.band[i].first));
    out += fmt::format("<path class=\"band fill-{}\" d=\"{}Z\"/>", index % 6, edge);
  }
  std::string path;
  for (const auto& [px, py] : drawn.points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(px), y(py));
  out += fmt::format("<path class=\"line series-{}\" stroke-dasharray=\"{}\" d=\"{}\"/>", index % 6,
                     kDashes.at(index % 6), path);
  if (drawn.points.size() <= 24) {
    for (const auto& [px, py] : drawn.points)
      out += fmt::format("<circle class=\"dot series-{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.4\"/>", index % 6, x(px),
                         y(py));
  }
  return out;
}

// The names, beside the lines' last points, moved apart where they would touch.
std::string names(const Chart& chart, const std::vector<Drawn>& lines, const Axis& x, const Axis& y) {
  struct Name {
    std::size_t index;
    double at;
  };
  constexpr double kApart = 14;
  std::vector<Name> all;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!lines[i].points.empty()) all.push_back({i, y(lines[i].points.back().second)});
  std::stable_sort(all.begin(), all.end(), [](const Name& a, const Name& b) { return a.at < b.at; });
  for (std::size_t i = 1; i < all.size(); ++i) all[i].at = std::max(all[i].at, all[i - 1].at + kApart);
  double floor = y.from;
  for (std::size_t i = all.size(); i-- > 0; floor = all[i].at - kApart) all[i].at = std::min(all[i].at, floor);
  std::string out;
  for (const Name& name : all) {
    out += fmt::format("<text class=\"name ink-{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", name.index % 6, x.to + 7,
                       name.at + 4, escape(chart.series[name.index].name));
  }
  return out;
}

std::string described(const Chart& chart, const std::vector<Drawn>& lines) {
  if (!chart.description.empty()) return chart.description;
  std::string text = fmt::format("{} against {}.", chart.y_label, chart.x_label);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].points.empty()) continue;
    const auto& [x0, y0] = lines[i].points.front();
    const auto& [x1, y1] = lines[i].points.back();
    const auto value = [&](double v) {
      return chart.percent_y ? fmt::format("{:.1f} %", 100 * v) : fmt::format("{:.4g}", v);
    };
    text += fmt::format(" {}: {} at {:.4g}, {} at {:.4g}.", chart.series[i].name, value(y0), x0, value(y1), x1);
  }
  return text;
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

namespace {

struct Extent {
  double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
};

Extent extent_of(const Chart& chart, const std::vector<Drawn>& lines) {
  Extent e;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto& [x, y] : chart.series[i].points) {  // the axis keeps its ends where points were thinned
      if (!std::isfinite(x) || !std::isfinite(y) || (chart.logarithmic_x && x <= 0)) continue;
      e.x_low = std::min(e.x_low, x);
      e.x_high = std::max(e.x_high, x);
    }
    for (const auto& [x, y] : lines[i].points) {
      e.y_low = std::min(e.y_low, y);
      e.y_high = std::max(e.y_high, y);
    }
    for (const auto& [low, high] : lines[i].band) {
      e.y_low = std::min(e.y_low, low);
      e.y_high = std::max(e.y_high, high);
    }
  }
  if (chart.diagonal) return {0, 1, 0, 1};
  if (chart.y_from_zero) e.y_low = std::min(0.0, e.y_low);
  if (e.y_high == e.y_low) e.y_high = e.y_low + (chart.percent_y ? 0.1 : std::max(1e-6, std::fabs(e.y_low) * 0.1));
  return e;
}

std::vector<double> x_ticks_of(const Chart& chart, const Extent& e) {
  std::vector<double> result;
  if (chart.logarithmic_x) {
    for (double tick = std::exp2(std::floor(std::log2(e.x_low))); tick <= e.x_high * 1.0001; tick *= 2)
      result.push_back(tick);
    return result;
  }
  for (const double tick : ticks(e.x_low, e.x_high, 6)) {
    if (tick >= e.x_low - 1e-9 && tick <= e.x_high + 1e-9) result.push_back(tick);
  }
  // Counts begin at 1, which is no round number but the one to read.
  if (e.x_low == 1 && !result.empty() && result.front() > 1 + 0.08 * (e.x_high - e.x_low))
    result.insert(result.begin(), 1);
  return result;
}

}  // namespace

std::string svg(const Chart& chart) {
  std::vector<Drawn> lines;
  for (const Series& series : chart.series) lines.push_back(usable(series, chart.logarithmic_x));
  if (std::all_of(lines.begin(), lines.end(), [](const Drawn& one) { return one.points.empty(); })) return {};
  const Extent e = extent_of(chart, lines);
  std::vector<double> y_ticks = ticks(e.y_low, e.y_high, 5);
  if (chart.percent_y && e.y_high <= 1 && y_ticks.back() > 1 + 1e-9) y_ticks.pop_back();
  const double y_top = std::max(y_ticks.back(), e.y_high);
  const std::vector<double> x_ticks = x_ticks_of(chart, e);

  std::size_t widest = 0;  // of the labels at the left
  for (const double tick : y_ticks) widest = std::max(widest, label(tick, chart.percent_y).size());
  const double left = 30 + 6.8 * static_cast<double>(widest);
  double margin = kRight;
  if (chart.series.size() > 1) {
    for (const Series& series : chart.series)
      margin = std::max(margin, 12 + kLetter * static_cast<double>(std::min<std::size_t>(series.name.size(), 24)));
  }
  Axis x{0, 0, left, chart.width - margin, chart.logarithmic_x};
  x.low = x.value(chart.logarithmic_x ? std::min(e.x_low, x_ticks.front()) : e.x_low);
  x.high = x.value(e.x_high);
  const Axis y{std::min(y_ticks.front(), e.y_low), y_top, chart.height - kBottom, kTop, false};

  const std::string id = chart.id.empty() ? fmt::format("{:x}", name_hash(chart.title) >> 32U) : chart.id;
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}-t {}-d\"><title id=\"{}-t\">{}</title>"
      "<desc id=\"{}-d\">{}</desc>",
      chart.width, chart.height, id, id, id, escape(chart.title), id, escape(described(chart, lines)));
  out += axes(chart, x, y, x_ticks, y_ticks);
  if (chart.diagonal)
    out += fmt::format("<path class=\"guide\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x(0), y(0), x(1), y(1));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].points.empty()) out += line(lines[i], x, y, i);
  }
  if (chart.series.size() > 1) out += names(chart, lines, x, y);
  return out + "</svg>";
}

}  // namespace ft::report
