// Accuracy over a set of labelled pairs, where it is at hand (FT_DATA, default ../shared/data): one line a suite, and
// every false positive by name. A false positive rewards a wrong solution and is the worst error of a grader.
//
// FT_GRADE_VERBOSE=1 prints every pair that is missed.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/grade/grade.h"

using ft::Verdict;

namespace {

std::filesystem::path data_folder() {
  const char* folder = std::getenv("FT_DATA");
  return std::filesystem::path(folder != nullptr ? folder : "../shared/data") / "grader";
}

struct Tally {
  int right = 0;
  int false_positive = 0;
  int false_negative = 0;
  int unknown = 0;
  [[nodiscard]] int total() const { return right + false_positive + false_negative; }
};

std::string answer_in(const std::string& text, bool extract) {
  return extract ? ft::grade::extract(text).answer : text;
}

}  // namespace

TEST_CASE("labelled pairs: no false positive outside named conventions, and few misses") {
  std::ifstream file(data_folder() / "vectors.jsonl");
  if (!file) {
    MESSAGE("no labelled pairs at ", data_folder().string());
    return;
  }
  const bool verbose = std::getenv("FT_GRADE_VERBOSE") != nullptr;
  const ft::grade::Grader usual;
  const ft::grade::Grader rounding(nullptr, {.conventions = {.tolerance = 0.011}});
  const ft::grade::Grader percent_as_fraction(nullptr,
                                              {.conventions = {.percent = ft::grade::Conventions::Percent::fraction}});
  std::map<std::string, Tally> tallies;
  for (std::string line; std::getline(file, line);) {
    const auto pair = nlohmann::json::parse(line);
    if (pair.contains("disputed")) continue;
    const std::string gold = answer_in(pair["gold"], pair.value("extract_gold", false));
    const std::string candidate = answer_in(pair["pred"], pair["extract"]);
    // The few that hold under another convention are judged by it.
    const bool fraction = pair.value("policy", "").starts_with("percent-as-fraction");
    const ft::grade::Grader& grader = pair.contains("approx") ? rounding : fraction ? percent_as_fraction : usual;
    const auto judgement = grader.equal(gold, candidate);
    CHECK_MESSAGE(judgement.verdict == grader.equal(candidate, gold).verdict, "not symmetric: ", line);
    const bool expected = pair["expected"];
    const bool said = judgement.verdict == Verdict::equal;
    std::string suite = pair["suite"];
    if (pair.contains("approx"))
      suite += ", approximate";
    else if (fraction)
      suite += ", other convention";
    else if (pair["extract"])
      suite += ", to be extracted";
    Tally& tally = tallies[suite];
    tally.right += said == expected ? 1 : 0;
    tally.false_positive += said && !expected ? 1 : 0;
    tally.false_negative += !said && expected ? 1 : 0;
    tally.unknown += judgement.verdict == Verdict::unknown ? 1 : 0;
    if (said && !expected) MESSAGE("false positive: '", gold, "' and '", candidate, "': ", judgement.reason);
    if (verbose && !said && expected) {
      fmt::print("miss [{}]: '{}' and '{}': {}\n", suite, gold, candidate, judgement.reason);
    }
  }
  const std::map<std::string, double> floors{
      {"grader", 0.98}, {"derived", 0.99}, {"cas", 0.94}, {"robustness", 1}, {"grader, to be extracted", 0.95}};
  for (const auto& [suite, floor] : floors)
    CHECK_MESSAGE(tallies[suite].right >= floor * tallies[suite].total(), suite);
  for (const auto& [suite, tally] : tallies) {
    fmt::print("{:28} {:5} pairs {:6.1f} % right, {} false positives, {} false negatives, {} unknown\n", suite,
               tally.total(), 100.0 * tally.right / tally.total(), tally.false_positive, tally.false_negative,
               tally.unknown);
    CHECK_MESSAGE(tally.false_positive == 0, suite);
  }
}

TEST_CASE("real answers can be read, and groups of equal answers hold together") {
  std::ifstream answers(data_folder() / "math_train_answers.jsonl");
  std::ifstream groups(data_folder() / "clusters.jsonl");
  if (!answers || !groups) return;
  const bool verbose = std::getenv("FT_GRADE_VERBOSE") != nullptr;
  int total = 0;
  int unreadable = 0;
  for (std::string line; std::getline(answers, line);) {
    const auto record = nlohmann::json::parse(line);
    const std::string answer = record["answer"];
    const int count = record["count"];
    total += count;
    // One problem has no answer: a missing reference is never right.
    CHECK((ft::grade::equal(answer, answer).verdict == Verdict::equal) == !answer.empty());
    const std::string key = ft::grade::canonical_key(answer);
    if (!key.starts_with("text ")) continue;
    unreadable += count;
    if (verbose) fmt::print("unreadable: {}: {}\n", answer, ft::grade::equal(answer, "1").reason);
  }
  fmt::print("real answers: {} of {} cannot be read ({:.2f} %)\n", unreadable, total, 100.0 * unreadable / total);
  int together = 0;
  int all = 0;
  for (std::string line; std::getline(groups, line);) {
    const std::vector<std::string> members = nlohmann::json::parse(line)["members"];
    for (std::size_t i = 1; i < members.size(); ++i) {
      ++all;
      together += ft::grade::equal(members[0], members[i]).verdict == Verdict::equal ? 1 : 0;
    }
  }
  fmt::print("groups of equal answers: {} of {} pairs hold\n", together, all);
  CHECK(unreadable <= total / 1000);
  CHECK(together >= 0.95 * all);
}
