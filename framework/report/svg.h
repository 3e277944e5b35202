// Line charts as inline SVG, without scripts: axes, ticks, lines, and a legend that needs no colour to be read.
//
// Colours come from the page's style sheet through classes (.series-0, .series-1, ...), so that light and dark work
// alike; each series also has its own dash pattern.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ft::report {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // in ascending x; points that are not finite are left out
};

struct Chart {
  std::string title;  // read aloud instead of the picture, and shown above it
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  bool logarithmic_x = false;  // base 2; all x > 0
  bool percent_y = false;      // y are shares, labelled in per cent
  bool y_from_zero = false;
  int width = 640;
  int height = 300;
};

// "<svg ...>...</svg>"; empty where no series has a point. Texts are escaped. Series of more than 400 points are
// thinned by taking means of neighbours.
[[nodiscard]] std::string svg(const Chart& chart);

// The texts of HTML and SVG: & < > " ' escaped, control characters and bytes that are not UTF-8 replaced.
[[nodiscard]] std::string escape(const std::string& text);

// Round numbers that cover [low, high]: about `wanted` of them, ascending.
[[nodiscard]] std::vector<double> ticks(double low, double high, int wanted);

}  // namespace ft::report
