// Work done so far on one comparison, against a limit: what makes the grader total. Deterministic, unlike a clock.
//
// A step stands for about 0.1 microseconds. Work is paid for before it is done, so that what is dear is not begun where
// the budget does not reach; work on numbers by their lengths (arithmetic.h).
#pragma once

#include "framework/grade/big_int.h"

namespace ft::grade {

class Budget {
 public:
  explicit Budget(long long steps) : limit_(steps), left_(steps) {}

  // Throws Undecided when the budget is spent, and from then on.
  void spend(long long steps = 1) {
    if (steps > left_) {
      is_spent_ = true;
      throw Undecided{"step budget spent"};
    }
    left_ -= steps;
  }
  [[nodiscard]] bool is_spent() const { return is_spent_; }
  // Steps that were paid for.
  [[nodiscard]] long long spent() const { return limit_ - left_; }

 private:
  long long limit_;
  long long left_;
  bool is_spent_ = false;
};

}  // namespace ft::grade
