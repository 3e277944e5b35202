// A user's own problems: a file of records (JSON lines, a JSON list, CSV, each also as gzip or zstd, or Parquet).
//
//   problems:
//     mine: {dataset: jsonl, path: mine.jsonl, problem_field: question, solution_field: worked}
//     verl: {dataset: jsonl, path: train.parquet, problem_field: prompt, answer_field: reward_model.ground_truth}
//     chat: {dataset: jsonl, path: chat.jsonl, problem_field: messages, solution_field: messages, where: [lang=en]}
//
// Fields (names or paths, configurable): problem (required), id (else "<file name>-<row>"), answer, solution, subject,
// level (1 to 5, or "Level 3"). A problem or solution may be a conversation: what its user says first, and what the
// assistant answers. A solution may be a list of texts, an answer a list of equal ones. A file written by this project
// (`problems.jsonl`, with a list `solutions`) can be read as it is. Other fields are ignored. Ids and answers may also be
// numbers, which stay as written. Where the answer is missing it is taken from the first solution; where it is a whole
// solution, from its end. A name that was chosen and that no row has is an error.
// Rows: `where` keeps those that its conditions ask for, `on_bad_row: skip` leaves out what cannot be read, `duplicates:
// drop` what has the text of an earlier row. What was left out is counted in the notes.
// Attempts: with `holds: attempts` the solutions are attempts that some model has made, wrong ones among them: a list, or one
// a row, in which case rows with the same id, or without ids the same text, are of one problem. The reference answer is
// then never taken from one of them, and an empty one is an attempt.
// Splits: with valid_share above 0, "valid" is carved out and "train" is the rest; else "train" and "test" are the
// whole file, and there is no "valid".
// Prompt: the templates' defaults. Answer: whatever framework/grade extracts: \boxed{}, "# Answer", "####", "final
// answer is". Licence: the user's own concern.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/dataset.h"

namespace ft {

[[nodiscard]] std::vector<std::filesystem::path> jsonl_files(const ProblemSetSpec& spec);
[[nodiscard]] std::vector<Problem> load_jsonl(const ProblemSetSpec& spec, LoadNotes& notes);
[[nodiscard]] DatasetInfo jsonl_info();

}  // namespace ft
