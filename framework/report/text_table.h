// A table for the terminal: columns aligned, the first to the left, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace ft::report {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}
  // Missing cells at the end stay empty.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Each line indented by two blanks, with a rule below the header.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// How wide a UTF-8 text is in a terminal, each code point counted as one.
[[nodiscard]] std::size_t display_width(const std::string& text);

// "58.8" for 0.588; "58.8 +- 2.2" with an error.
[[nodiscard]] std::string percent(double share);
[[nodiscard]] std::string percent(double share, double error);
// "58.8 [54.3, 63.1]" and "+3.6 [+0.9, +6.4]"; without the brackets where the interval has no width.
[[nodiscard]] std::string percent_in(double share, double low, double high);
[[nodiscard]] std::string signed_percent_in(double share, double low, double high);

}  // namespace ft::report
