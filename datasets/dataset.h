// Problem sets by name: the one door through which problems enter a run.
//
//   LoadNotes notes;
//   std::vector<Problem> problems = load_problems(read_problem_set(file["problems"]["train"]), &notes);
//   for (const std::string& note : notes) log(note);       // what was dropped, joined, renamed, and why
//
// A procedural set (arithmetic) is a function of its spec; the others are functions of their spec and their files.
// Files lie in the folder named by the environment variable FT_DATA (default: ../shared/data from the current folder).
//
// To add a data set: one header and one .cpp beside these, one entry in the table of dataset.cpp.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/spec.h"
#include "framework/problem/problem.h"

namespace ft {

// Sentences for the log and the report: counts, drops with their reasons, cautions.
using LoadNotes = std::vector<std::string>;

// What a report says of a data set whose problems it shows.
struct DatasetInfo {
  std::string name;           // "gsm8k"
  std::string title;          // "GSM8K, grade-school word problems"
  std::string licence;        // "MIT, Copyright (c) 2021 OpenAI"
  std::string citation;       // one line: authors, year, title, place
  std::string answer_format;  // where a solution's final answer stands
  std::string caution;        // what a reader of results must know; may be empty
};

[[nodiscard]] const std::vector<std::string>& dataset_names();

// Throws UserError, with the nearest name, for a data set that does not exist.
[[nodiscard]] DatasetInfo dataset_info(std::string_view dataset);

// The problems of one spec, in the order of their file. Ids are unique, problem texts are not empty. Throws UserError
// for everything that is wrong with spec or files. `notes` gets what was left out or is worth knowing.
[[nodiscard]] std::vector<Problem> load_problems(const ProblemSetSpec& spec, LoadNotes* notes = nullptr);

// Several sets as one, in the order given. The same id with the same text is one problem: its solutions are joined.
// The same id with another text is renamed "<dataset>/<id>". The same text under several ids is kept and noted.
[[nodiscard]] std::vector<Problem> load_problems(std::span<const ProblemSetSpec> specs, LoadNotes* notes = nullptr);

// The same for a look of about a second: of files above 32 MiB no more than the first 20,000 lines; then `whole` is false,
// and the problems are some of the set's, perhaps none.
[[nodiscard]] std::vector<Problem> first_problems(std::span<const ProblemSetSpec> specs, bool& whole);

// The files that a spec reads, in a fixed order; none for arithmetic. Their content belongs to a stage's identity.
[[nodiscard]] std::vector<std::filesystem::path> input_files(const ProblemSetSpec& spec);

}  // namespace ft
