// MATH: competition problems with worked solutions (Hendrycks et al. 2021, "Measuring Mathematical Problem Solving With
// the MATH Dataset").
//
// Files: <folder>/train.jsonl (the original 7,500) and test500.jsonl (MATH-500, the test problems of Lightman et al.
// 2023), with the fields id, problem, solution, answer, and level (1 to 5 or null) and subject where known. Or as that
// paper publishes its own split (`math_splits` beside PRM800K): train.jsonl with 12,000 problems, 4,500 of the original
// test among them, and test.jsonl with the 500; their id is called unique_id.
// Splits: "valid" is carved out of train.jsonl, "train" is the rest, "test" is test500.jsonl, or test.jsonl where there is
// none.
// Prompt: the templates' defaults. Answer: the last \boxed{} of a solution, LaTeX as written. Style: "math".
// Licence: MIT, Copyright (c) 2021 Dan Hendrycks; the choice of the 500: MIT, Copyright (c) 2023 OpenAI.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/dataset.h"

namespace ft {

[[nodiscard]] std::vector<std::filesystem::path> math_files(const ProblemSetSpec& spec);
[[nodiscard]] std::vector<Problem> load_math(const ProblemSetSpec& spec, LoadNotes& notes);
[[nodiscard]] DatasetInfo math_info();

}  // namespace ft
