// GSM8K: grade-school word problems with worked solutions (Cobbe et al. 2021, "Training Verifiers to Solve Math Word
// Problems").
//
// Files: <folder>/train.jsonl and test.jsonl, as published (`question`, `answer`), or with `id` and `final` added.
// Splits: "valid" is carved out of train.jsonl, "train" is the rest, "test" is test.jsonl.
// Prompt: the templates' defaults. Answer: the last line of a solution is "#### <number>"; Problem::answer is that
// number without thousands commas. Solutions hold calculator notes, "48/2 = <<48/2=24>>24"; calculator: strip takes
// them out. Style: "gsm8k".
// Licence: MIT, Copyright (c) 2021 OpenAI.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"

namespace ft {

[[nodiscard]] std::vector<std::filesystem::path> gsm8k_files(const ProblemSetSpec& spec);
[[nodiscard]] std::vector<Problem> load_gsm8k(const ProblemSetSpec& spec, LoadNotes& notes);
[[nodiscard]] DatasetInfo gsm8k_info();

// The text without its <<...>> notes. A "<<" that is never closed on its line stays.
[[nodiscard]] std::string strip_calculator_notes(std::string_view solution);

}  // namespace ft
