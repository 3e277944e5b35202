// The published data sets, where FT_DATA (or its default folder) has them.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "datasets/dataset.h"
#include "datasets/files.h"
#include "framework/grade/grade.h"

using namespace ft;

namespace {

// False, with a message, where the set's files are not here.
bool present(std::string_view dataset, std::string_view file) {
  const auto path = data_folder() / dataset / file;
  if (std::filesystem::exists(path)) return true;
  MESSAGE("skipped: " << path.string() << " is not here; set FT_DATA to test the published files");
  return false;
}

ProblemSetSpec spec(std::string_view dataset, std::string_view split) {
  ProblemSetSpec spec;
  spec.dataset = dataset;
  spec.split = split;
  return spec;
}

// The content of the last \boxed{...}, braces matched, or of "\boxed 3" without braces: how MATH defines its answers.
std::string last_boxed(const std::string& text) {
  auto at = text.rfind("\\boxed");
  REQUIRE(at != std::string::npos);
  at = text.find_first_not_of(' ', at + 6);
  if (text[at] != '{') return text.substr(at, 1);
  int depth = 0;
  for (auto i = at; i < text.size(); ++i) {
    depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    if (depth == 0) return text.substr(at + 1, i - at - 1);
  }
  return {};
}

// Every solution's own final answer, as the grader finds it, is the reference; up to a few of free prose, which are
// shown. `most` = how many may differ or be unknown.
void check_answers(const std::vector<Problem>& problems, int most) {
  int different = 0, unknown = 0;
  std::string examples;
  for (const Problem& problem : problems) {
    for (const Solution& solution : problem.solutions) {
      const grade::Extracted found = grade::extract(solution.text);
      const Verdict verdict = found.found ? grade::equal(problem.answer, found.answer).verdict : Verdict::unknown;
      unknown += verdict == Verdict::unknown ? 1 : 0;
      different += verdict == Verdict::different ? 1 : 0;
      if (verdict != Verdict::equal)
        examples += "; " + problem.id + ": '" + problem.answer + "' and '" + found.answer + "'";
    }
  }
  CHECK(different + unknown <= most);
  MESSAGE(problems.size() << " problems: " << different << " answers differ, " << unknown
                          << " not found or not comparable" << examples);
}

std::set<std::string> ids(const std::vector<Problem>& problems) {
  std::set<std::string> ids;
  for (const Problem& problem : problems) ids.insert(problem.id);
  return ids;
}

}  // namespace

TEST_CASE("GSM8K: 7,473 and 1,000 problems; every solution ends with the reference answer") {
  if (!present("gsm8k", "train.jsonl")) return;
  auto whole = spec("gsm8k", "train");
  whole.valid_share = 0;
  const auto all = load_problems(whole);
  CHECK(all.size() == 7473);
  LoadNotes notes;
  const auto test = load_problems(spec("gsm8k", "test"), &notes);
  CHECK(test.size() == 1000);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("1000 of the 1319 official problems") != std::string::npos);
  check_answers(all, 0);
  check_answers(test, 0);
  const auto train = ids(load_problems(spec("gsm8k", "train"))), valid = ids(load_problems(spec("gsm8k", "valid")));
  CHECK(train.size() + valid.size() == 7473);
  CHECK(valid.size() == doctest::Approx(0.08 * 7473).epsilon(0.15));
  for (const auto& id : valid) CHECK_FALSE(train.contains(id));
  auto stripped = whole;
  stripped.calculator = "strip";
  for (const Problem& problem : load_problems(stripped)) {
    CHECK(problem.solutions[0].text.find("<<") == std::string::npos);
    CHECK(problem.solutions[0].text.find(">>") == std::string::npos);
  }
}

TEST_CASE("MATH: 7,500 and 500 problems; every solution's last box is the reference answer") {
  if (!present("math", "train.jsonl")) return;
  auto whole = spec("math", "train");
  whole.valid_share = 0;
  const auto all = load_problems(whole);
  CHECK(all.size() == 7500);
  const auto test = load_problems(spec("math", "test"));
  CHECK(test.size() == 500);
  int unknown_level = 0;
  std::map<std::string, int> subjects;
  for (const auto* problems : {&all, &test}) {
    for (const Problem& problem : *problems) {
      CHECK(last_boxed(problem.solutions[0].text) == problem.answer);
      unknown_level += problem.level ? 0 : 1;
      if (problems == &all) ++subjects[problem.subject];
    }
  }
  check_answers(all, 20);
  check_answers(test, 2);
  CHECK(unknown_level == 2);
  CHECK(subjects.size() == 7);
  CHECK(subjects["Algebra"] == 1744);
  const auto train = ids(load_problems(spec("math", "train"))), valid = ids(load_problems(spec("math", "valid")));
  CHECK(train.size() + valid.size() == 7500);
  for (const auto& id : valid) CHECK_FALSE(train.contains(id));
}

TEST_CASE("PRM800K: right, complete solutions; never on the other side of MATH's validation split") {
  if (!present("prm800k", "human_steps_train.jsonl.gz") || !present("math", "train.jsonl")) return;
  LoadNotes notes;
  const auto train = load_problems(spec("prm800k", "train"), &notes), valid = load_problems(spec("prm800k", "valid"));
  MESSAGE(notes.front());
  std::size_t solutions = 0;
  for (const auto* problems : {&train, &valid}) {
    for (const Problem& problem : *problems) solutions += problem.solutions.size();
    check_answers(*problems, 1);
  }
  CHECK(solutions >= 400);
  const auto math_train = ids(load_problems(spec("math", "train"))),
             math_valid = ids(load_problems(spec("math", "valid")));
  for (const Problem& problem : train) CHECK(math_train.contains(problem.id));
  for (const Problem& problem : valid) CHECK(math_valid.contains(problem.id));
}

TEST_CASE("MATH with PRM800K: one problem, several styles") {
  if (!present("prm800k", "human_steps_train.jsonl.gz") || !present("math", "train.jsonl")) return;
  const std::vector<ProblemSetSpec> specs = {spec("math", "train"), spec("prm800k", "train")};
  LoadNotes notes;
  const auto mixed = load_problems(specs, &notes);
  CHECK(ids(mixed).size() == mixed.size());
  CHECK(mixed.size() == load_problems(specs[0]).size());  // PRM800K adds solutions, no problem
  const auto both = std::ranges::count_if(mixed, [](const Problem& problem) {
    const auto has = [&](std::string_view style) {
      return std::ranges::any_of(problem.solutions, [&](const Solution& s) { return s.style == style; });
    };
    return has("math") && has("prm800k");
  });
  CHECK(static_cast<std::size_t>(both) == load_problems(specs[1]).size());
  for (const std::string& note : notes) MESSAGE(note);
}
