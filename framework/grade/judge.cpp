#include "framework/grade/judge.h"

#include "framework/base/error.h"
#include "framework/grade/prm800k.h"

namespace ft::grade {
namespace {

using C = Conventions;

// PRM800K's rules know no conventions: what they leave to an algebra system is compared by the defaults.
GraderOptions options_of(const Conventions& conventions) {
  return {.conventions = conventions.rules == C::Rules::prm800k ? Conventions{} : conventions};
}

}  // namespace

Judge::Judge(const Conventions& conventions, std::shared_ptr<const Rung> prover)
    : conventions_(conventions), grader_(std::move(prover), options_of(conventions)) {}

Judgement Judge::equal(std::string_view gold, std::string_view candidate) const {
  return conventions_.rules == C::Rules::prm800k ? prm800k_equal(gold, candidate, grader_)
                                                 : grader_.equal(gold, candidate);
}

Grade Judge::found(std::string_view text) const {
  const Extracted extracted = extract(text);
  if (!extracted.found) return {.verdict = Verdict::different, .reason = "no answer found: " + extracted.how};
  return {.answer = extracted.answer, .answer_found = true, .form = extracted.how};
}

Grade Judge::compared(std::string_view reference, Grade grade) const {
  Judgement judgement = equal(reference, grade.answer);
  grade.verdict = judgement.verdict;
  grade.reason = std::move(judgement.reason);
  return grade;
}

bool Judge::agree(std::string_view a, std::string_view b) const {
  const bool one_way = equal(a, b).verdict == Verdict::equal;
  return one_way && (conventions_.rules == C::Rules::ftrun || equal(b, a).verdict == Verdict::equal);
}

std::string Judge::key(std::string_view answer) const {
  if (conventions_.rules == C::Rules::ftrun) return grader_.canonical_key(answer);
  constexpr std::size_t kLongest = 20000;  // of prm800k_equal
  const std::string normal = answer.size() > kLongest ? std::string() : prm800k_normal_text(answer);
  return normal.empty() ? fmt::format("text {}", answer) : fmt::format("normal {}", normal);
}

bool Judge::numbers_have_one_key() const {
  return conventions_.rules == C::Rules::ftrun && conventions_.tolerance == 0 &&
         conventions_.percent != C::Percent::either;
}

}  // namespace ft::grade
