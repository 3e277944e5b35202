#include "framework/problem/attempt_reader.h"

#include <memory>
#include <optional>

#include "framework/base/reading.h"
#include "framework/problem/records.h"

namespace ft {
namespace {

struct Line {
  std::string text;
  Place place;
};

// Lines, of one problem after the other.
class LinesByProblem {
 public:
  explicit LinesByProblem(const ProblemLines& lines) : lines_(lines) {
    if (lines_.per_file == 0) advance();
  }

  // Calls use(line) for each line of the problem.
  template <class Use>
  void take(std::int64_t problem, const std::string& begin, const Use& use) {
    if (file_of(problem) != file_) open(file_of(problem));
    for (; more_ && line_.text.starts_with(begin); advance()) use(line_);
  }
  void pass(std::int64_t problem, const std::string& begin) {
    if (const std::int64_t file = file_of(problem); file == file_) {
      take(problem, begin, [](const Line&) {});
    } else {
      if (file != file_of_passed_) passed_.clear();
      file_of_passed_ = file;
      passed_.push_back(begin);
    }
  }
  void expect_end() const {
    if (!more_) return;
    throw Error(fmt::format("{}: this line belongs to no problem of the folder, or stands elsewhere than its problem",
                            to_string(line_.place)));
  }

 private:
  [[nodiscard]] std::int64_t file_of(std::int64_t problem) const {
    return lines_.per_file == 0 ? kNoFile : problem / lines_.per_file;
  }
  void advance() { more_ = lines_.next && lines_.next(line_.text, line_.place); }
  void open(std::int64_t file) {
    expect_end();
    lines_.open(file);
    file_ = file;
    advance();
    if (file_of_passed_ != file) return;
    for (const std::string& begin : passed_) {
      while (more_ && line_.text.starts_with(begin)) advance();
    }
  }

  static constexpr std::int64_t kNoFile = -1;

  const ProblemLines& lines_;
  Line line_;  // the next one
  bool more_ = false;
  std::int64_t file_ = kNoFile;      // that is open
  std::vector<std::string> passed_;  // how the lines of problems begin that were passed before their file is open
  std::int64_t file_of_passed_ = kNoFile;
};

// Calls use(place, problem, how its lines begin).
template <class Use>
void for_each_in(const NextLine& problems, const Use& use) {
  std::int64_t place = 0;
  for (Line line; problems(line.text, line.place);) {
    const Problem problem = problem_from_json(line.text, line.place);
    use(place++, problem, problem_prefix(problem.id));
  }
}

std::vector<Attempt> take_attempts(LinesByProblem& lines, std::int64_t place, const std::string& begin) {
  std::vector<Attempt> attempts;
  lines.take(place, begin, [&](const Line& line) { attempts.push_back(attempt_from_json(line.text, line.place)); });
  return attempts;
}

std::vector<GradedAttempt> with_verdicts(std::vector<Attempt> attempts, LinesByProblem& verdicts, std::int64_t place,
                                         const std::string& begin, const Problem& problem) {
  std::vector<GradedAttempt> graded(attempts.size());
  for (std::size_t i = 0; i < attempts.size(); ++i) static_cast<Attempt&>(graded[i]) = std::move(attempts[i]);
  std::size_t next = 0;
  verdicts.take(place, begin, [&](const Line& line) {
    GradeRecord record = grade_from_json(line.text, line.place);
    if (next == graded.size() || graded[next].index != record.index) {
      throw Error(
          fmt::format("{}: there is no attempt {} of problem '{}' in its place: these verdicts are of other attempts",
                      to_string(line.place), record.index, problem.id));
    }
    static_cast<Grade&>(graded[next++]) = std::move(record.grade);
  });
  if (next != graded.size())
    throw Error(fmt::format("attempt {} of problem '{}' has no verdict", graded[next].index, problem.id));
  return graded;
}

// Some of the attempts have scores, in their order.
void add_scores(std::vector<GradedAttempt>& attempts, LinesByProblem& scores, std::int64_t place,
                const std::string& begin, const Problem& problem) {
  std::size_t next = 0;
  scores.take(place, begin, [&](const Line& line) {
    const ScoreRecord record = score_from_json(line.text, line.place);
    while (next < attempts.size() && attempts[next].index != record.index) ++next;
    if (next == attempts.size()) {
      throw Error(
          fmt::format("{}: there is no attempt {} of problem '{}' in its place: these scores are of other attempts",
                      to_string(line.place), record.index, problem.id));
    }
    attempts[next++].log_score = record.log_score;
  });
}

}  // namespace

std::string attempts_name(std::int64_t number) { return fmt::format("{}-{:05}.jsonl", kAttemptsPrefix, number); }
std::string problems_name(std::int64_t number) { return fmt::format("{}-{:05}.jsonl", kProblemsPrefix, number); }

bool is_piece_of(std::string_view name, std::string_view prefix) {
  constexpr std::string_view kEnd = ".jsonl";
  if (!name.starts_with(prefix) || !name.ends_with(kEnd) || name.size() < prefix.size() + kEnd.size()) return false;
  name.remove_prefix(prefix.size());
  name.remove_suffix(kEnd.size());
  if (name.empty()) return true;
  return name.size() > 1 && name.front() == '-' && name.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, std::string_view prefix) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : list_folder(folder)) {
    if (is_piece_of(name, prefix)) files.push_back(folder / name);
  }
  return files;
}

NextLine lines_of(std::vector<std::filesystem::path> files) {
  for (const std::filesystem::path& file : files) {
    if (!is_there(file)) throw Error(fmt::format("there is no file {}", file.string()));
  }
  struct State {
    std::vector<std::filesystem::path> files;
    std::size_t next = 0;
    std::optional<LineReader> reader;
    Place at;
  };
  const auto state = std::make_shared<State>();
  state->files = std::move(files);
  return [state](std::string& line, Place& place) {
    while (true) {
      while (state->reader && state->reader->next(line)) {
        ++state->at.line;
        if (line.empty()) continue;
        place = state->at;
        return true;
      }
      if (state->next == state->files.size()) return false;
      state->at = {.file = state->files[state->next].string()};
      state->reader.emplace(state->files[state->next++]);
    }
  };
}

void for_each_problem(const NextLine& problems, const ProblemLines& attempts, const WantedProblems& wanted,
                      const UseAttempts& use) {
  LinesByProblem lines(attempts);
  for_each_in(problems, [&](std::int64_t place, const Problem& problem, const std::string& begin) {
    if (wanted(place)) {
      use(problem, take_attempts(lines, place, begin));
    } else {
      lines.pass(place, begin);
    }
  });
  lines.expect_end();
}

void for_each_graded(const NextLine& problems, const ProblemLines& attempts, const ProblemLines& verdicts,
                     const ProblemLines& scores, const WantedProblems& wanted, const UseGraded& use) {
  LinesByProblem lines(attempts), grades(verdicts), scored(scores);
  for_each_in(problems, [&](std::int64_t place, const Problem& problem, const std::string& begin) {
    if (wanted(place)) {
      std::vector<GradedAttempt> graded =
          with_verdicts(take_attempts(lines, place, begin), grades, place, begin, problem);
      add_scores(graded, scored, place, begin, problem);
      use(problem, std::move(graded));
    } else {
      for (LinesByProblem* of_problem : {&lines, &grades, &scored}) of_problem->pass(place, begin);
    }
  });
  for (const LinesByProblem* of_problem : {&lines, &grades, &scored}) of_problem->expect_end();
}

}  // namespace ft
