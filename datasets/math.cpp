#include "datasets/math.h"

#include "datasets/files.h"
#include "framework/base/reading.h"

namespace ft {

std::vector<std::filesystem::path> math_files(const ProblemSetSpec& spec) {
  if (spec.split != "test") return {dataset_file(spec, "train.jsonl")};
  const std::filesystem::path usual = dataset_file(spec, "test500.jsonl"), published = dataset_file(spec, "test.jsonl");
  return {!is_there(usual) && is_there(published) ? published : usual};
}

std::vector<Problem> load_math(const ProblemSetSpec& spec, LoadNotes& notes) {
  std::vector<Problem> problems;
  ProblemLines reader(spec, math_files(spec).front());
  int no_level = 0;
  while (const auto record = reader.next()) {
    Problem problem{.id = record->text(!record->has("id") && record->has("unique_id") ? "unique_id" : "id"),
                    .text = record->text("problem"),
                    .answer = record->text("answer")};
    problem.solutions = {{record->text("solution"), "math"}};
    problem.dataset = "math";
    problem.subject = record->optional_text("subject").value_or("");
    if (const auto level = record->optional_integer("level")) {
      if (*level < 1 || *level > 5) record->fail(fmt::format("field 'level' is {}, but must be from 1 to 5", *level));
      problem.level = static_cast<int>(*level);
    }
    if (spec.split != "test" && !in_split(spec, problem.text)) continue;
    no_level += problem.level ? 0 : 1;
    problems.push_back(std::move(problem));
  }
  if (no_level > 0) notes.push_back(fmt::format("math: the level of {} problems is not known", no_level));
  return problems;
}

DatasetInfo math_info() {
  return {
      .name = "math",
      .title = "MATH, competition problems (test: MATH-500)",
      .licence = "MIT, Copyright (c) 2021 Dan Hendrycks; MATH-500: MIT, Copyright (c) 2023 OpenAI",
      .citation =
          "Hendrycks et al. 2021, Measuring Mathematical Problem Solving With the MATH Dataset, arXiv "
          "2103.03874; Lightman et al. 2023, Let's Verify Step by Step, arXiv 2305.20050",
      .answer_format = "the last \\boxed{} of the solution",
      .caution =
          "which problems are for training is up to the folder: the original 7,500, or the 12,000 of Lightman et al."};
}

}  // namespace ft
