// Where people who mark answers disagree: each choice has a name, and one is the default.
#pragma once

namespace ft::grade {

struct Conventions {
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

  Percent percent = Percent::number;
  Units units = Units::optional;
  Lists lists = Lists::any_order;
  // The largest relative difference between two numbers, of which one is written with a decimal point, that still
  // counts as rounding; 0: numbers are exact, 0.333 is not 1/3.
  double tolerance = 0;
};

}  // namespace ft::grade
