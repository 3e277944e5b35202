#include "datasets/spec.h"

#include <algorithm>
#include <array>

#include "datasets/dataset.h"
#include "datasets/files.h"
#include "framework/config/binder.h"
#include "framework/config/node.h"
#include "framework/config/parser.h"
#include "framework/records/row_filter.h"

namespace ft {
namespace {

constexpr double kMostProblems = 1e7;  // they lie in memory
const std::vector<std::string> kSplits = {"train", "valid", "test"};

[[noreturn]] void fail(const ProblemSetSpec& spec, std::string_view what) { fail_user(spec.place, what); }

void check_split(const ProblemSetSpec& spec) {
  if (std::ranges::find(kSplits, spec.split) == kSplits.end()) {
    const auto near = nearest(spec.split, kSplits);
    fail(spec, fmt::format("there is no split '{}'; splits are: train, valid, test{}", spec.split,
                           near ? fmt::format("; did you mean '{}'?", *near) : ""));
  }
  if (spec.dataset == "prm800k" && spec.split == "test") {
    fail(spec,
         "data set 'prm800k' has solutions of MATH training problems only, so there is no split 'test'; test on "
         "{dataset: math, split: test}");
  }
  const double share = valid_share(spec);
  if (!(share >= 0 && share < 1)) fail(spec, fmt::format("valid_share is {}, but must be from 0 to below 1", share));
  const bool carved = spec.dataset != "arithmetic";
  if (carved && spec.split == "valid" && share == 0) {
    fail(spec,
         "split 'valid' is empty because valid_share is 0; set valid_share (such as 0.1), the same for train and "
         "valid");
  }
  if (spec.dataset == "jsonl" && spec.split == "test" && share > 0) {
    fail(spec, "with valid_share above 0 a jsonl set has the splits train and valid; for a test file leave it away");
  }
}

}  // namespace

void describe(ProblemSetSpec& spec, Binder& binder) {
  binder.required("dataset", spec.dataset, KeyKind::identity,
                  fmt::format("where the problems come from: {}", fmt::join(dataset_names(), ", ")));
  const bool known = std::ranges::find(dataset_names(), spec.dataset) != dataset_names().end();
  const auto is = [&](std::string_view name) { return !known || spec.dataset == name; };
  binder.choice("split", spec.split, kSplits, KeyKind::identity, "which part of the data set");
  binder.extends("limit", spec.limit, "at most so many problems, always the same ones; 0: all",
                 Range{0, kMostProblems});
  if (!known || spec.dataset != "arithmetic") {
    binder.execution("path", spec.path,
                     "jsonl: the file; else the folder with the data set's files, if not $FT_DATA/<dataset>",
                     Limits::path());
    binder.identity("valid_share", spec.valid_share,
                    "the part of the training file that is the split valid; by default 0.08, for jsonl 0",
                    Range{.low = 0, .high = 1, .high_open = true});
    binder.identity("valid_seed", spec.valid_seed, "chooses the problems of the split valid");
  }
  if (is("gsm8k")) {
    binder.choice("calculator", spec.calculator, {"keep", "strip"}, KeyKind::identity,
                  "whether solutions keep their <<2+3=5>> notes");
  }
  if (is("jsonl")) {
    binder.identity("id_field", spec.id_field, "the field that holds a problem's name");
    binder.identity("problem_field", spec.problem_field, "the field that holds the problem's text");
    binder.identity("answer_field", spec.answer_field, "the field that holds the reference answer");
    binder.identity("solution_field", spec.solution_field, "the field that holds the worked solution");
    binder.identity("subject_field", spec.subject_field, "the field that holds the subject");
    binder.identity("level_field", spec.level_field, "the field that holds the level, 1 to 5");
    binder.identity("where", spec.where,
                    "only rows like this: FIELD=VALUE, FIELD=VALUE|VALUE or FIELD!=VALUE; all must hold");
    binder.choice("on_bad_row", spec.on_bad_row, {"stop", "skip"}, KeyKind::identity,
                  "what a row that cannot be read does: end the run, or be left out");
    binder.choice("duplicates", spec.duplicates, {"keep", "drop"}, KeyKind::identity,
                  "what becomes of problems with the text of an earlier one");
    binder.choice_unless(
        ProblemSetSpec::Holds::solutions, "holds", spec.holds,
        "what solution_field has: solutions to learn from, or attempts, of which some are wrong, for a "
        "stage given_attempts");
    binder.identity("style", spec.style, "the style that reports group the solutions under");
  }
  if (is("arithmetic")) describe(spec.arithmetic, binder);
}

static void check_keys(const ProblemSetSpec& spec) {
  (void)input_files(spec);  // knows the data set, or says that there is none
  check_split(spec);
  if (spec.limit < 0) fail(spec, fmt::format("limit is {}, but must be at least 0 (0: all)", spec.limit));
  if (spec.dataset == "arithmetic") check(spec.arithmetic, spec.place);
  if (spec.dataset == "gsm8k" && spec.calculator != "keep" && spec.calculator != "strip") {
    fail(spec, fmt::format("calculator is '{}', but must be keep or strip", spec.calculator));
  }
  if (spec.dataset == "jsonl") {
    try {
      (void)RowFilter(spec.where);
    } catch (const UserError& error) {
      fail(spec, fmt::format("where: {}", error.what()));
    }
  }
  if (spec.holds == ProblemSetSpec::Holds::attempts && !spec.style.empty())
    fail(spec, "style has no effect: attempts (holds) are no solutions that reports could group");
  if (spec.dataset == "jsonl" && spec.path.empty()) fail(spec, "data set 'jsonl' needs a `path`: the file to read");
}

void check(const ProblemSetSpec& spec) {
  check_keys(spec);
  for (const auto& file : input_files(spec)) require_file(spec, file);
}

std::vector<ProblemSetSpec> read_problem_set(const Node& node) {
  std::vector<ProblemSetSpec> specs = read_problem_keys(node);
  for (const ProblemSetSpec& spec : specs) check(spec);
  return specs;
}

std::vector<ProblemSetSpec> read_problem_keys(const Node& node) {
  std::vector<Node> nodes = {node};
  if (node.is_list()) nodes = node.items();
  if (nodes.empty()) node.fail("the list of data sets is empty; write e.g. {dataset: arithmetic}");
  std::vector<ProblemSetSpec> specs;
  for (const Node& entry : nodes) {
    if (!entry.is_map())
      entry.fail(fmt::format("a problem set is a map such as {{dataset: gsm8k}}, not {}", entry.what()));
    ProblemSetSpec spec;
    Parser parser({entry});
    describe(spec, parser);
    spec.place = parser.place("dataset");
    (void)input_files(spec);  // an unknown data set is said before its keys are called unknown
    parser.finish();
    check_keys(spec);
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace ft
