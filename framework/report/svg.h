// Line charts as inline SVG, without scripts: axes, ticks, lines with bands, and names written at the lines' ends, so
// that no colour is needed to tell them apart.
//
// Colours come from the page's style sheet through classes (.series-0, .series-1, ...), so that light and dark work
// alike; each series also has its own dash pattern. Each chart carries <title> and <desc> for those who cannot see it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ft::report {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // in ascending x; points that are not finite are left out
  std::vector<std::pair<double, double>> band{};  // (low, high) at each point; empty: none
};

struct Chart {
  std::string title;  // read aloud instead of the picture, and shown above it
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  bool logarithmic_x = false;  // base 2; all x > 0
  bool percent_y = false;      // y are shares, labelled in per cent
  bool y_from_zero = false;
  std::string description{};  // what the chart shows, in words; else made from the lines' ends
  std::string id{};           // makes the ids of title and description unique in the page; else from the title
  bool percent_x = false;
  bool diagonal = false;  // a line y = x across the unit square, for calibration
  int width = 460;        // small on purpose: on a phone the letters stay readable
  int height = 290;
};

// "<svg ...>...</svg>"; empty where no series has a point. Texts are escaped. Series of more than 300 points are
// thinned by taking means of neighbours (bands then are left out).
[[nodiscard]] std::string svg(const Chart& chart);

// The texts of HTML and SVG: & < > " ' escaped, control characters and bytes that are not UTF-8 replaced.
[[nodiscard]] std::string escape(const std::string& text);

// Round numbers that cover [low, high]: about `wanted` of them, ascending.
[[nodiscard]] std::vector<double> ticks(double low, double high, int wanted);

}  // namespace ft::report
