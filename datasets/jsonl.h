// A user's own problems: a JSON lines file, plain or gzip.
//
//   problems:
//     mine: {dataset: jsonl, path: mine.jsonl, problem_field: question, solution_field: worked}
//
// Fields (names configurable): problem (required), id (else "<file name>-<line>"), answer, solution, subject, level (1
// to 5). A file written by this project (`problems.jsonl`, with a list `solutions`) can be read as it is. Other fields
// are ignored. Ids and answers may also be numbers. Where the answer is missing it is taken from the first solution; so
// a file whose `answer` holds the whole worked solution needs `solution_field: answer, answer_field: ""`.
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
