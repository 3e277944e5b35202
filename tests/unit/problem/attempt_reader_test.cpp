#include "framework/problem/attempt_reader.h"

#include <doctest/doctest.h>

#include <unistd.h>
#include <cmath>

#include <fstream>
#include <string>

#include "framework/base/error.h"
#include "framework/problem/records.h"

using namespace ft;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("ft_attempt_reader_{}", getpid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
};

constexpr int kProblems = 7, kEach = 3;

std::string id_of(int problem) { return fmt::format("p\"{}", problem); }

std::string attempts_text() {
  std::string text;
  for (int p = 0; p < kProblems; ++p) {
    for (int i = -1; i < kEach - 1; ++i) {
      Attempt attempt;
      attempt.problem = id_of(p);
      attempt.index = i;
      attempt.text = fmt::format("text {} {}", p, i);
      text += to_json_line(attempt) + "\n";
    }
  }
  return text;
}

std::string verdicts_text(int first, int last) {
  std::string text;
  for (int p = first; p < last; ++p) {
    for (int i = -1; i < kEach - 1; ++i) {
      text +=
          to_json_line(GradeRecord{
              id_of(p),
              i,
              {.answer = fmt::format("{}", p + i), .answer_found = true, .verdict = Verdict::equal, .reason = ""}}) +
          "\n";
    }
  }
  return text;
}

Folder& filled(Folder& folder) {
  std::string problems;
  for (int p = 0; p < kProblems; ++p) {
    Problem problem;
    problem.id = id_of(p);
    problem.text = id_of(p);
    problems += to_json_line(problem) + "\n";
  }
  folder.write("problems.jsonl", problems);
  folder.write("attempts.jsonl", attempts_text());
  folder.write("verdicts-00000.jsonl", verdicts_text(0, 3));
  folder.write("verdicts-00001.jsonl", verdicts_text(3, 3));  // a block of problems without attempts
  folder.write("verdicts-00002.jsonl", verdicts_text(3, kProblems));
  return folder;
}

// The verdicts' files one after the other.
NextLine verdict_lines(const Folder& folder) {
  std::vector<NextLine> files;
  for (const char* name : {"verdicts-00000.jsonl", "verdicts-00001.jsonl", "verdicts-00002.jsonl"})
    files.push_back(lines_of({folder.path / name}));
  return [files, at = std::size_t{0}](std::string& line, Place& place) mutable {
    for (; at < files.size(); ++at) {
      if (files[at](line, place)) return true;
    }
    return false;
  };
}

void each(const Folder& folder, const WantedProblems& wanted, const UseAttempts& use) {
  for_each_problem(lines_of(files_of(folder.path, kProblemsPrefix)), lines_of(files_of(folder.path, kAttemptsPrefix)),
                   wanted, use);
}

void each_graded(const Folder& folder, const WantedProblems& wanted, const UseGraded& use) {
  for_each_graded(lines_of(files_of(folder.path, kProblemsPrefix)), lines_of(files_of(folder.path, kAttemptsPrefix)),
                  verdict_lines(folder), NextLine(), wanted, use);
}

}  // namespace

TEST_CASE("each share of the problems comes with exactly its attempts and their verdicts") {
  Folder folder;
  filled(folder);
  for (const int ranks : {1, 2, 3, 10}) {
    int seen = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto own = [&](std::int64_t problem) { return problem % ranks == rank; };
      int next = rank;
      each(folder, own, [&](const Problem& problem, const std::vector<Attempt>& attempts) {
        CHECK(problem.id == id_of(next));
        REQUIRE(attempts.size() == kEach);
        for (int i = 0; i < kEach; ++i)
          CHECK(attempts[static_cast<std::size_t>(i)].text == fmt::format("text {} {}", next, i - 1));
        next += ranks;
      });
      next = rank;
      each_graded(folder, own, [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
        CHECK(problem.id == id_of(next));
        REQUIRE(attempts.size() == kEach);
        for (const GradedAttempt& attempt : attempts) CHECK(attempt.answer == fmt::format("{}", next + attempt.index));
        next += ranks;
        ++seen;
      });
    }
    CHECK(seen == kProblems);
  }
}

TEST_CASE("problems without attempts are met, too") {
  Folder folder;
  filled(folder).write("attempts.jsonl", "");
  int met = 0;
  each(folder, all_problems,
       [&](const Problem&, const std::vector<Attempt>& attempts) { met += attempts.empty() ? 1 : 0; });
  CHECK(met == kProblems);
}

TEST_CASE("what does not belong together is told with its line") {
  Folder folder;
  const auto read = [&] {
    each_graded(folder, all_problems, [](const Problem&, const std::vector<GradedAttempt>&) {});
  };
  filled(folder).write("verdicts-00002.jsonl", verdicts_text(4, kProblems));
  CHECK_THROWS_WITH_AS(read(), doctest::Contains("attempt -1 of problem 'p\"3'"), Error);
  filled(folder).write("verdicts-00002.jsonl", verdicts_text(3, kProblems + 1));
  CHECK_THROWS_WITH_AS(read(), doctest::Contains("verdicts-00002.jsonl:13: this line belongs to no problem"), Error);
  filled(folder).write("verdicts-00002.jsonl", verdicts_text(3, 4) + verdicts_text(3, kProblems));
  CHECK_THROWS_WITH_AS(read(), doctest::Contains("verdicts-00002.jsonl:4: there is no attempt -1"), Error);
  filled(folder).write("attempts.jsonl", attempts_text() + attempts_text());
  CHECK_THROWS_WITH_AS(read(), doctest::Contains("attempts.jsonl:22: this line belongs to no problem"), Error);
  filled(folder);
  read();
}

TEST_CASE("empty lines and a last line without its end are read, a missing file is told") {
  Folder folder;
  filled(folder);
  std::string attempts = attempts_text();
  attempts.insert(attempts.begin(), '\n');
  attempts.pop_back();
  folder.write("attempts.jsonl", attempts);
  int seen = 0;
  each(folder, all_problems,
       [&](const Problem&, const std::vector<Attempt>& found) { seen += static_cast<int>(found.size()); });
  CHECK(seen == kProblems * kEach);
  CHECK_THROWS_WITH_AS((void)lines_of({folder.path / "other.jsonl"}), doctest::Contains("there is no file"), Error);
}

TEST_CASE("pieces of one kind are read in their order, in one file or in several; other files are none of them") {
  Folder folder;
  filled(folder);
  std::filesystem::remove(folder.path / "attempts.jsonl");
  const std::string text = attempts_text();
  const std::size_t cut = text.find('\n', text.size() / 2) + 1;
  folder.write("attempts-00001.jsonl", text.substr(cut));
  folder.write("attempts-00000.jsonl", text.substr(0, cut));
  for (const char* other : {"attempts-old.jsonl", "attempts-1.txt", "attempts2.jsonl", "attempts-.jsonl"})
    folder.write(other, "none");
  int seen = 0;
  each(folder, all_problems,
       [&](const Problem&, const std::vector<Attempt>& found) { seen += static_cast<int>(found.size()); });
  CHECK(seen == kProblems * kEach);
}

TEST_CASE("scores come to their attempts; those that belong to none are told") {
  Folder folder;
  filled(folder);
  std::string scores;
  for (int p = 0; p < kProblems; ++p) {
    for (int i = 0; i + 1 < kEach; i += 2) scores += to_json_line(ScoreRecord{id_of(p), i, -1, -2, -0.5 - p}) + "\n";
  }
  folder.write("scores-00000.jsonl", scores);
  const auto read = [&](const UseGraded& use) {
    for_each_graded(lines_of(files_of(folder.path, kProblemsPrefix)), lines_of(files_of(folder.path, kAttemptsPrefix)),
                    verdict_lines(folder), lines_of(files_of(folder.path, "scores")), all_problems, use);
  };
  int problem = 0;
  read([&](const Problem&, const std::vector<GradedAttempt>& attempts) {
    for (const GradedAttempt& attempt : attempts) {
      const bool scored = attempt.index >= 0 && attempt.index % 2 == 0 && attempt.index + 1 < kEach;
      CHECK(std::isnan(attempt.log_score) != scored);
      if (scored) CHECK(attempt.log_score == -0.5 - problem);
    }
    ++problem;
  });
  CHECK(problem == kProblems);
  const auto nothing = [](const Problem&, const std::vector<GradedAttempt>&) {};
  folder.write("scores-00000.jsonl", scores + to_json_line(ScoreRecord{"another", 0, -1, -2, -3}) + "\n");
  CHECK_THROWS_WITH_AS(read(nothing), doctest::Contains("this line belongs to no problem"), Error);
  folder.write("scores-00000.jsonl", to_json_line(ScoreRecord{id_of(0), 77, -1, -2, -3}) + "\n");
  CHECK_THROWS_WITH_AS(read(nothing), doctest::Contains("there is no attempt 77"), Error);
}
