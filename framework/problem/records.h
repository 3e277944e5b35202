// Attempts and problems as JSON lines, the form in which they are sealed, exchanged and judged again by others.
//
// to_json_line and *_from_json are inverses to the last bit: doubles are written with the fewest digits that read back
// equal. Field names and their order are part of the format:
//   attempt: problem, index, text, finished, tokens, log_prob
//   grade:   problem, index, answer (null: none found), verdict, reason, form (where known)
//   score:   problem, index, log_p_correct, log_p_incorrect, log_score
//   problem: id, problem, answer, solutions [{text, style}], dataset, subject, level (the last three where known)
//
//   std::string line = to_json_line(attempt);                  // no newline at the end, none inside
//   Attempt same = attempt_from_json(line, {"attempts.jsonl", 12});
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"
#include "framework/problem/attempt.h"
#include "framework/problem/problem.h"

namespace ft {

// What a grader says of which attempt.
struct GradeRecord {
  std::string problem;  // Problem::id
  int index = 0;        // Attempt::index
  Grade grade;
};

// What a verifier says of which attempt: log-probabilities of its two labels, and log S.
struct ScoreRecord {
  std::string problem;
  int index = 0;
  double log_p_correct = 0, log_p_incorrect = 0, log_score = 0;
};

// Throws Error when a text is not UTF-8 (naming the field).
[[nodiscard]] std::string to_json_line(const Attempt& attempt);
[[nodiscard]] std::string to_json_line(const GradeRecord& record);
[[nodiscard]] std::string to_json_line(const ScoreRecord& record);
[[nodiscard]] std::string to_json_line(const Problem& problem);

// `place` is where the line stands. Throws UserError at that place for anything missing, of the wrong kind or out of
// range. Unknown fields are ignored, so that others may add theirs: older programs wrote the grade into the attempt's line.
[[nodiscard]] Attempt attempt_from_json(std::string_view line, const Place& place);
[[nodiscard]] GradeRecord grade_from_json(std::string_view line, const Place& place);
[[nodiscard]] ScoreRecord score_from_json(std::string_view line, const Place& place);
[[nodiscard]] Problem problem_from_json(std::string_view line, const Place& place);

// How every line of the problem's attempts and grades begins: they are told apart without being parsed.
[[nodiscard]] std::string problem_prefix(std::string_view problem);

// "different", "equal", "unknown" and back. Throws UserError at `place` for another word.
[[nodiscard]] Verdict verdict_from_string(std::string_view word, const Place& place);

}  // namespace ft
