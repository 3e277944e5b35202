// Where people who mark answers disagree: each choice has a name, and one is the default. `ftrun grade`, `ftrun rerank`
// and `grading` of the run file offer these, all from the one table below; README's table is printed from it.
//
//   Conventions conventions;
//   for (const Convention& one : convention_table()) one.set(conventions, one.choices.front().name);   // the defaults
//   to_text(conventions);                                                                              // "by default"
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/problem/attempt.h"

namespace ft::grade {

struct Conventions {
  enum class Rules {
    ftrun,    // this program's: what is equal is equal, however it is written
    prm800k,  // those of PRM800K's authors (prm800k.h), which the paper grades with; they know none of the choices
              // below
  };
  enum class Percent {
    number,    // 28% = 28, and 28% is not 0.28: the sign only says what is counted
    fraction,  // 28% = 0.28, and 28% is not 28
    either,    // equal in one of the two ways
  };
  enum class Units {
    optional,  // "5 cm" = "5"; where both sides name a known unit, the quantities must agree
    required,  // "5 cm" is not "5"
  };
  enum class Lists {
    any_order,  // "1, 2" = "2, 1"; tuples always have an order, sets never
    in_order,   // "1, 2" is not "2, 1"
  };

  Rules rules = Rules::ftrun;
  Percent percent = Percent::number;
  Units units = Units::optional;
  Lists lists = Lists::any_order;
  // The largest relative difference between two numbers, of which one is written with a decimal point, that still
  // counts as rounding; 0: numbers are exact, 0.333 is not 1/3.
  double tolerance = 0;

  friend bool operator==(const Conventions&, const Conventions&) = default;
};

inline constexpr double kLargestTolerance = 0.5;

// A pair of answers that shows a choice.
struct ConventionExample {
  std::string_view gold, candidate;
};

// One choice as the three doors offer it: `name` is the option's name and the run file's key.
struct Convention {
  struct Choice {
    std::string_view name;  // of a number: one of its values
    std::string_view meaning;
    Verdict verdict;  // of the example under this choice
  };

  std::string_view name;
  std::string_view meaning;  // one sentence without a full stop, for help and table
  ConventionExample example;
  std::vector<Choice> choices;  // the default first
  bool is_number = false;       // any value from 0 to kLargestTolerance, not only those named
  // As text, and back. set() throws UserError for a text that is none of the choices, with the nearest one.
  std::function<std::string(const Conventions&)> get;
  std::function<void(Conventions&, std::string_view)> set;
};
[[nodiscard]] const std::vector<Convention>& convention_table();

// What is settled and no option: the same in all doors.
struct SettledConvention {
  std::string_view meaning;
  ConventionExample example;
  Verdict verdict;
};
[[nodiscard]] const std::vector<SettledConvention>& settled_conventions();

// Both tables as Markdown, for README.
[[nodiscard]] std::string convention_markdown();

// What differs from the defaults, "percent fraction, units required"; "by default" where nothing does.
[[nodiscard]] std::string to_text(const Conventions& conventions);

// Names of choices that were made and have no effect, since other rules are asked for.
[[nodiscard]] std::vector<std::string_view> without_effect(const Conventions& conventions);

}  // namespace ft::grade
