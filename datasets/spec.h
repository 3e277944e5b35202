// What the run file says of one problem set, and the keys that it may use.
//
//   problems:
//     train: {dataset: gsm8k, split: train, calculator: strip}
//     mixed: [{dataset: math}, {dataset: prm800k}]           # a list mixes several
//
// Which keys exist depends on `dataset`: a key of another data set is an unknown key, not one that is silently ignored.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/arithmetic.h"
#include "framework/base/error.h"

namespace ft {

class Binder;
class Node;

struct ProblemSetSpec {
  std::string dataset;          // "arithmetic", "gsm8k", "math", "prm800k", "jsonl"
  std::string split = "train";  // "train", "valid", "test"
  // jsonl: the file. gsm8k, math, prm800k: the folder with the set's files; empty: $FT_DATA/<dataset>.
  std::string path;
  // At most so many problems; 0: all (arithmetic: 24,000 for train, 200 for valid and test). Which ones is fixed, and
  // a larger limit takes the same ones and more.
  std::int64_t limit = 0;

  // The part of the training file that is the split "valid" and missing from "train". Chosen by a hash of the problem's
  // text, so equal problems fall on one side, in math and prm800k alike. None: 0.08; for jsonl 0, the whole file.
  std::optional<double> valid_share;
  std::int64_t valid_seed = 1;  // which problems these are

  std::string calculator = "keep";  // gsm8k: "keep" or "strip" the <<2+3=5>> notes

  // jsonl: names or paths of the fields. Only the problem's must be there.
  std::string id_field = "id", problem_field = "problem", answer_field = "answer", solution_field = "solution",
              subject_field = "subject", level_field = "level";
  std::vector<std::string> where;   // jsonl: conditions on rows (records/row_filter.h)
  std::string on_bad_row = "stop";  // jsonl: "stop" or "skip" at a row that cannot be read
  std::string duplicates = "keep";  // jsonl: "keep" or "drop" problems with the text of an earlier one
  enum class Holds { solutions, attempts };
  Holds holds = Holds::solutions;  // jsonl: solutions to learn from, or attempts, of which some are wrong
  std::string style;               // jsonl: the style that its solutions are reported under

  ArithmeticOptions arithmetic;  // arithmetic: its keys stand beside `dataset`, not below a name

  Place place;  // where the run file says all this; no key
  // No key either: for a look at large files, no more than so many lines of each are read; 0: all.
  std::int64_t first_lines = 0;
};

constexpr auto names_of(ProblemSetSpec::Holds) { return std::to_array<std::string_view>({"solutions", "attempts"}); }

// All kinds are identity but `limit` (extends) and `path` (execution: what counts is the content of input_files()).
// With `dataset` empty or unknown, the keys of all data sets are described (for `ftrun explain`).
void describe(ProblemSetSpec& spec, Binder& binder);

// One entry of the run file's section `problems`: a map, or a list of maps. Throws UserError with file:line:column for
// unknown keys, data sets and splits, impossible values and missing files; reads no problem yet.
[[nodiscard]] std::vector<ProblemSetSpec> read_problem_set(const Node& node);
// The same without a look at the disk: files may be missing.
[[nodiscard]] std::vector<ProblemSetSpec> read_problem_keys(const Node& node);

// Everything of a spec that can be wrong without reading a problem: names, ranges, files that are missing. Throws
// UserError. read_problem_set() and load_problems() call it.
void check(const ProblemSetSpec& spec);

}  // namespace ft
