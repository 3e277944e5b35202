// One way to grade, made once and used everywhere: the rules, their conventions, and the prover where there is one.
// Verdicts of a run, `ftrun grade`, and the clusters of a vote come from here, so that they cannot differ in
// conventions.
//
//   const Judge judge({.percent = Conventions::Percent::fraction});
//   judge.equal("28\\%", "0.28").verdict;                        // equal
//   judge.key("28\\%") == judge.key("0.28");                     // for clusters
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "framework/grade/conventions.h"
#include "framework/grade/grade.h"

namespace ft::grade {

// Immutable and safe to share between threads, if the prover is. All members are total.
class Judge {
 public:
  explicit Judge(const Conventions& conventions = {}, std::shared_ptr<const Rung> prover = nullptr);

  [[nodiscard]] const Conventions& conventions() const { return conventions_; }

  [[nodiscard]] Judgement equal(std::string_view gold, std::string_view candidate) const;

  // What the text of a solution comes to, and whether that is the reference: found() finds the answer, and says
  // "different" where there is none; compared() gives the verdict of an answer that was found.
  [[nodiscard]] Grade found(std::string_view text) const;
  [[nodiscard]] Grade compared(std::string_view reference, Grade grade) const;

  // Of two attempts, of which neither is the reference. PRM800K's rules have a reference's side: here they must hold
  // both ways round.
  [[nodiscard]] bool agree(std::string_view a, std::string_view b) const;
  // Equal keys imply that the two agree.
  [[nodiscard]] std::string key(std::string_view answer) const;
  // Whether different keys of two plain rational numbers prove that they do not agree: not where numbers are rounded,
  // nor where 28 and 0.28 may both be 28%.
  [[nodiscard]] bool numbers_have_one_key() const;

 private:
  Conventions conventions_;
  Grader grader_;
};

}  // namespace ft::grade
