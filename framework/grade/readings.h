// The ways in which an answer can be read. The first is the usual one; the others are tried where it does not fit:
// "1,234" may be a list of two, "0,111" a decimal comma, "5 A" five ampere, "9:00 AM" a time of day.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/clock.h"
#include "framework/grade/node.h"

namespace ft::grade {

struct Readings {
  std::vector<Node> nodes;
  std::optional<Node> measure;     // a number with a unit that could also be a letter: counts against units only
  bool measure_apart = false;      // a blank stands before that unit, "5 N": counts against bare numbers as well
  std::optional<ClockTime> clock;  // counts against times only
  std::string condition;           // "for all n >= 1" and the like, letters and digits only: no part of the nodes
  std::string trouble;             // why the usual reading failed, where it did
};

// `text` without delimiters, its characters plain (characters.h). Never throws Undecided.
[[nodiscard]] Readings read_all(std::string_view text, Budget& budget);

// "27,54": the list that a number with commas may also be.
[[nodiscard]] std::optional<Node> read_as_list(std::string_view text, Budget& budget);

}  // namespace ft::grade
