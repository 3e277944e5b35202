// The grader on real attempts and answers, by hand (FT_DATA, default ../shared/data):
//
//   grade_probe speed       distinct pairs of reference and attempted answer: pairs a second on one core, by rung
//   grade_probe labels      every attempt whose verdict differs from its label, as JSON lines
//   grade_probe clusters    distinct reference answers: which share a key, which triples are not transitive
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "framework/grade/grade.h"
#include "framework/records/reader.h"

namespace {

using namespace ft;
using Clock = std::chrono::steady_clock;

// Of this thread: what others do on the machine does not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::filesystem::path data_folder() {
  const char* folder = std::getenv("FT_DATA");
  return folder != nullptr ? folder : "../shared/data";
}

struct Attempted {
  std::string file;
  std::string problem;
  std::string gold;
  std::string final;  // as the data has it; empty: none
  std::string solution;
  bool label = false;
};

std::vector<Attempted> all_attempts() {
  std::vector<Attempted> all;
  for (const char* name : {"math500_bon32", "gsm8k_test_bon32", "gsm8k_test_models", "math500_models"}) {
    RecordReader reader(data_folder() / "candidates" / (std::string(name) + ".jsonl.gz"));
    while (const auto record = reader.next()) {
      for (const JsonRecord& one : record->records("candidates")) {
        all.push_back({name, record->text("problem_id"), record->text("answer"),
                       one.optional_text("final").value_or(""), one.text("solution"), one.boolean("label")});
      }
    }
  }
  return all;
}

struct Timing {
  long long count = 0;
  double seconds = 0;
};

int speed() {
  std::set<std::pair<std::string, std::string>> distinct;
  const std::vector<Attempted> attempts = all_attempts();
  for (const Attempted& attempt : attempts) distinct.emplace(attempt.gold, attempt.final);
  const std::vector<std::pair<std::string, std::string>> pairs(distinct.begin(), distinct.end());
  std::map<std::string, Timing> by_rung;
  std::pair<double, std::string> slowest;
  constexpr int kRounds = 10;
  (void)grade::canonical_key(pairs.front().first);  // what is built once
  for (const auto& [gold, answer] : pairs) {
    const double start = processor_seconds();
    grade::Judgement judgement;
    for (int round = 0; round < kRounds; ++round) judgement = grade::equal(gold, answer);
    const double seconds = (processor_seconds() - start) / kRounds;
    Timing& timing = by_rung[std::string(judgement.rung)];
    ++timing.count;
    timing.seconds += seconds;
    slowest = std::max(slowest, {seconds, gold + "  |  " + answer});
  }
  double total = 0;
  for (const auto& [rung, timing] : by_rung) {
    fmt::print("{:10} {:6} pairs {:8.2f} us each\n", rung, timing.count,
               1e6 * timing.seconds / static_cast<double>(timing.count));
    total += timing.seconds;
  }
  fmt::print("{} distinct pairs of {}: {:.0f} pairs/s on one core; slowest {:.2f} ms: {}\n", pairs.size(),
             attempts.size(), static_cast<double>(pairs.size()) / total, 1e3 * slowest.first, slowest.second);
  const double start = processor_seconds();
  std::size_t found = 0;
  for (const Attempted& attempt : attempts) found += grade::extract(attempt.solution).found ? 1 : 0;
  fmt::print("an answer found in {} of {} solutions: {:.0f} solutions/s\n", found, attempts.size(),
             static_cast<double>(attempts.size()) / (processor_seconds() - start));
  return 0;
}

int labels() {
  std::map<std::string, std::array<long long, 5>> tallies;  // given answers: total, +, -; from the text: +, -
  for (const Attempted& attempt : all_attempts()) {
    auto& tally = tallies[attempt.file];
    ++tally[0];
    const grade::Extracted extracted = grade::extract(attempt.solution);
    const auto given = grade::equal(attempt.gold, attempt.final);
    const auto read = grade::equal(attempt.gold, extracted.answer);
    const auto report = [&](const char* from, const std::string& answer, const grade::Judgement& judgement, int slot) {
      const bool equal = judgement.verdict == Verdict::equal;
      if (equal == attempt.label) return;
      ++tally[static_cast<std::size_t>(slot + (equal ? 0 : 1))];
      const nlohmann::ordered_json line{{"file", attempt.file},   {"problem", attempt.problem},
                                        {"from", from},           {"label", attempt.label},
                                        {"gold", attempt.gold},   {"final", attempt.final},
                                        {"answer", answer},       {"verdict", to_string(judgement.verdict)},
                                        {"rung", judgement.rung}, {"reason", judgement.reason},
                                        {"how", extracted.how}};
      fmt::print("{}\n", line.dump());
    };
    report("final", attempt.final, given, 1);
    report("text", extracted.answer, read, 3);
  }
  for (const auto& [file, tally] : tallies) {
    fmt::print(
        stderr,
        "{:18} {:6} attempts; given answers: {} called right and labelled wrong, {} the other way; read from the "
        "text: {} and {}\n",
        file, tally[0], tally[1], tally[2], tally[3], tally[4]);
  }
  return 0;
}

// Answers with the same key are one group; answers of different groups that are equal all the same join them. Where
// joining makes a group in which two members are not equal, equality is not transitive: that is reported.
int clusters() {
  std::map<std::string, std::vector<std::string>> groups;
  RecordReader reader(data_folder() / "grader" / "math_train_answers.jsonl");
  std::size_t total = 0;
  while (const auto record = reader.next()) {
    const std::string answer = record->text("answer");
    ++total;
    if (grade::equal(answer, answer).verdict != Verdict::equal) fmt::print("not reflexive: {}\n", answer);
    groups[grade::canonical_key(answer)].push_back(answer);
  }
  const grade::Grader grader;
  std::vector<std::pair<std::string, grade::Answer>> leaders;
  for (const auto& [key, members] : groups) {
    if (members.size() > 1) fmt::print("same key {}: {}\n", key, fmt::join(members, "  |  "));
    leaders.emplace_back(members.front(), grader.read(members.front()));
  }
  const auto start = Clock::now();
  std::map<std::size_t, std::vector<std::size_t>> neighbours;
  std::size_t compared = 0;
  for (std::size_t i = 0; i < leaders.size(); ++i) {
    for (std::size_t j = i + 1; j < leaders.size(); ++j) {
      ++compared;
      const Verdict verdict = grader.equal(leaders[i].second, leaders[j].second).verdict;
      if (verdict != Verdict::equal) continue;
      if (grader.equal(leaders[j].second, leaders[i].second).verdict != verdict)
        fmt::print("not symmetric: {} | {}\n", leaders[i].first, leaders[j].first);
      fmt::print("equal, other key: {}  |  {}\n", leaders[i].first, leaders[j].first);
      neighbours[i].push_back(j);
      neighbours[j].push_back(i);
    }
  }
  const double seconds = seconds_since(start);
  std::size_t broken = 0;
  for (const auto& [middle, sides] : neighbours) {
    for (std::size_t a = 0; a < sides.size(); ++a) {
      for (std::size_t b = a + 1; b < sides.size(); ++b) {
        if (grader.equal(leaders[sides[a]].second, leaders[sides[b]].second).verdict == Verdict::equal) continue;
        ++broken;
        fmt::print("not transitive: {}  =  {}  =  {}\n", leaders[sides[a]].first, leaders[middle].first,
                   leaders[sides[b]].first);
      }
    }
  }
  fmt::print("{} answers, {} keys, {} pairs compared ({:.0f} pairs/s), {} triples not transitive\n", total,
             groups.size(), compared, static_cast<double>(compared) / seconds, broken);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 2 ? argv[1] : "";
  if (mode == "speed") return speed();
  if (mode == "labels") return labels();
  if (mode == "clusters") return clusters();
  fmt::print(stderr, "usage: grade_probe speed|labels|clusters\n");
  return 2;
}
