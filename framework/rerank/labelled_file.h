// Labelled attempts from anywhere: files of records (records/reader.h) with attempts, their final answers, labels and
// scores, under whatever names their makers chose, for ranking without a model.
//
//   LabelledFields fields;                                     // empty names: found among the common ones
//   const LabelledAttempts read = read_labelled({{"bon32.jsonl.gz"}}, fields);
//   const RankingTable table = evaluate(read.problems, {});
//   for (const std::string& note : read.notes) print(note);    // which fields were read as what
//
// Three shapes. A record is a problem with a list of attempts (objects, or texts, or conversations); it has several lists
// of the same length (texts, answers, labels, scores); or it is an attempt, and records of the same problem belong
// together; attempts.jsonl of this program is of the third kind. Where records do not say which problem they belong to,
// each file is a problem. A problem with an empty list counts as one attempt without an answer.
//
// An attempt needs an answer (or a text to extract it from) and a label (or reference answers to compare with, of which
// any is right). Scores and log-probabilities are optional. What could be read in two ways is refused, with the options
// that decide (labelled_layout.h).
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "framework/grade/judge.h"
#include "framework/rerank/candidate.h"

namespace ft::rerank {

// What a number in the score field is. All ranks agree on the order; sums and calibration need the scale.
enum class ScoreScale {
  find_out,         // all within [0, 1]: probability; else logit
  probability,      // S
  log_probability,  // log S
  logit,            // log S - log(1 - S), and any reward without a scale
};

// What a list of scores, one a step, comes to.
enum class StepScores { last, minimum, product, mean };

// Names or paths of fields; empty: found out. `score` may be "none".
struct LabelledFields {
  std::string problem_id, attempts, text, answer, reference, label, score;
  ScoreScale scale = ScoreScale::find_out;
  StepScores step_scores = StepScores::last;
  std::vector<std::string> where;  // conditions on records (records/row_filter.h)
  bool grade = false;              // labels by this program's grader, even where the file has some
  std::shared_ptr<const grade::Judge> judge = std::make_shared<grade::Judge>();  // by which conventions it grades
  bool skip_wrong_lines = false;  // leave out what cannot be read, and note it, instead of refusing the file
};

struct LabelledAttempts {
  std::vector<RankedProblem> problems;  // in the order of their first line
  std::vector<std::string> notes;       // how the files were read, and what a reader of the table must know
};

// Throws UserError that names up to ten wrong lines as file:line, or a field that is not there with the nearest name.
// Answers and labels: an attempt whose answer is null, empty or a word that stands for none ("[invalid]", "N/A") is
// unreadable, and is not right whatever its label says.
[[nodiscard]] LabelledAttempts read_labelled(std::span<const std::filesystem::path> files,
                                             const LabelledFields& fields);

}  // namespace ft::rerank
