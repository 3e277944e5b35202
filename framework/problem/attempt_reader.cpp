#include "framework/problem/attempt_reader.h"

#include <memory>

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
  explicit LinesByProblem(const NextLine& next) : next_(next) { advance(); }

  // Calls use(line) for each line that is next and begins as those of the problem do.
  template <class Use>
  void take(const std::string& begin, const Use& use) {
    for (; more_ && line_.text.starts_with(begin); advance()) use(line_);
  }
  void pass(const std::string& begin) {
    take(begin, [](const Line&) {});
  }
  void expect_end() const {
    if (!more_) return;
    throw Error(fmt::format("{}: this line belongs to no problem of the folder, or stands elsewhere than its problem",
                            to_string(line_.place)));
  }

 private:
  void advance() { more_ = next_(line_.text, line_.place); }

  const NextLine& next_;
  Line line_;  // the next one
  bool more_ = false;
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

std::vector<Attempt> take_attempts(LinesByProblem& lines, const std::string& begin) {
  std::vector<Attempt> attempts;
  lines.take(begin, [&](const Line& line) { attempts.push_back(attempt_from_json(line.text, line.place)); });
  return attempts;
}

std::vector<GradedAttempt> with_verdicts(std::vector<Attempt> attempts, LinesByProblem& verdicts,
                                         const std::string& begin, const Problem& problem) {
  std::vector<GradedAttempt> graded(attempts.size());
  for (std::size_t i = 0; i < attempts.size(); ++i) static_cast<Attempt&>(graded[i]) = std::move(attempts[i]);
  std::size_t next = 0;
  verdicts.take(begin, [&](const Line& line) {
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

}  // namespace

NextLine lines_of(const std::filesystem::path& file) {
  if (!is_there(file)) throw Error(fmt::format("there is no file {}", file.string()));
  const auto reader = std::make_shared<LineReader>(file);
  return [reader, at = Place{.file = file.string()}](std::string& line, Place& place) mutable {
    while (reader->next(line)) {
      ++at.line;
      if (line.empty()) continue;
      place = at;
      return true;
    }
    return false;
  };
}

void for_each_problem(const NextLine& problems, const NextLine& attempts, const WantedProblems& wanted,
                      const UseAttempts& use) {
  LinesByProblem lines(attempts);
  for_each_in(problems, [&](std::int64_t place, const Problem& problem, const std::string& begin) {
    if (wanted(place)) {
      use(problem, take_attempts(lines, begin));
    } else {
      lines.pass(begin);
    }
  });
  lines.expect_end();
}

void for_each_graded(const NextLine& problems, const NextLine& attempts, const NextLine& verdicts,
                     const WantedProblems& wanted, const UseGraded& use) {
  LinesByProblem lines(attempts), grades(verdicts);
  for_each_in(problems, [&](std::int64_t place, const Problem& problem, const std::string& begin) {
    if (wanted(place)) {
      use(problem, with_verdicts(take_attempts(lines, begin), grades, begin, problem));
    } else {
      lines.pass(begin);
      grades.pass(begin);
    }
  });
  lines.expect_end();
  grades.expect_end();
}

}  // namespace ft
