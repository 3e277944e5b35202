// What ranking works on: the attempts of each problem, reduced to what a strategy may look at. No model and no tensor
// appears here; a recipe fills these from stored attempts and scores.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ft::rerank {

struct Candidate {
  static constexpr double kNoScore = std::numeric_limits<double>::quiet_NaN();

  std::string answer;
  bool answer_found = false;   // false: unreadable; it never votes and is never right
  bool right = false;          // Verdict::equal; an unknown verdict is not right
  bool unknown = false;        // Verdict::unknown: votes, counted in its own column
  double score = kNoScore;     // log S, the verifier's; NaN where it was not scored
  double log_prob = kNoScore;  // the solver's: sum over the tokens, natural logarithm; NaN where it is not known
  int num_tokens = 0;
  std::string form;  // how the text states its answer (Grade::form); empty: not known
  std::string text;
};

struct RankedProblem {
  std::string id;
  std::optional<Candidate> greedy;  // the one greedy attempt: Pass@1
  std::vector<Candidate> candidates;
  std::optional<int> level;
  std::string subject;
  std::string problem_text;      // for the report's examples; may be empty
  std::string reference_answer;  // likewise
};

}  // namespace ft::rerank
