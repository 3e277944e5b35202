#include "datasets/jsonl.h"

#include <map>

#include "datasets/files.h"
#include "framework/grade/grade.h"

namespace ft {
namespace {

std::vector<Solution> solutions_of(const JsonRecord& record, const ProblemSetSpec& spec) {
  std::vector<Solution> solutions;
  if (const auto text = record.optional_text(spec.solution_field)) solutions.push_back({*text, spec.style});
  if (solutions.empty() && record.has("solutions")) {
    for (const JsonRecord& solution : record.records("solutions")) {
      solutions.push_back({solution.text("text"), solution.optional_text("style").value_or(spec.style)});
    }
  }
  for (const Solution& solution : solutions) {
    if (solution.text.find_first_not_of(" \t\r\n") == std::string::npos) record.fail("a solution is empty");
  }
  return solutions;
}

Problem problem_of(const JsonRecord& record, const ProblemSetSpec& spec) {
  Problem problem;
  const std::string stem = std::filesystem::path(spec.path).stem().string();
  problem.id = record.written(spec.id_field).value_or(fmt::format("{}-{}", stem, record.row()));
  problem.text = record.text(spec.problem_field);
  problem.solutions = solutions_of(record, spec);
  problem.answer = record.written(spec.answer_field).value_or("");
  if (problem.answer.empty() && !problem.solutions.empty()) {
    problem.answer = grade::extract(problem.solutions.front().text).answer;
  }
  problem.dataset = record.optional_text("dataset").value_or("jsonl");
  problem.subject = record.optional_text(spec.subject_field).value_or("");
  if (const auto level = record.optional_integer(spec.level_field)) {
    if (*level < 1 || *level > 5) {
      record.fail(
          fmt::format("field '{}' is {}, but must be from 1 to 5; if it is no level of difficulty, set "
                      "level_field to \"\"",
                      spec.level_field, *level));
    }
    problem.level = static_cast<int>(*level);
  }
  return problem;
}

}  // namespace

std::vector<std::filesystem::path> jsonl_files(const ProblemSetSpec& spec) { return {spec.path}; }

std::vector<Problem> load_jsonl(const ProblemSetSpec& spec, LoadNotes& notes) {
  std::vector<Problem> problems;
  std::map<std::string, std::string> lines;  // by id
  int no_solution = 0, no_answer = 0;
  ProblemLines reader(spec, spec.path);
  while (const auto record = reader.next()) {
    Problem problem = problem_of(*record, spec);
    const auto [found, is_new] = lines.try_emplace(problem.id, record->position());
    if (!is_new) {
      record->fail(fmt::format("the id '{}' stands in {} already; ids must differ", problem.id, found->second));
    }
    if (valid_share(spec) > 0 && !in_split(spec, problem.text)) continue;
    no_solution += problem.solutions.empty() ? 1 : 0;
    no_answer += problem.answer.empty() ? 1 : 0;
    problems.push_back(std::move(problem));
  }
  if (no_solution > 0) {
    notes.push_back(fmt::format("{}: {} of {} problems have no solution (field '{}'): nothing can be learnt from them",
                                spec.path, no_solution, problems.size(), spec.solution_field));
  }
  if (no_answer > 0) {
    notes.push_back(fmt::format(
        "{}: {} of {} problems have no answer (field '{}', or at the end of a solution): attempts at them cannot be "
        "graded",
        spec.path, no_answer, problems.size(), spec.answer_field));
  }
  return problems;
}

DatasetInfo jsonl_info() {
  return {.name = "jsonl",
          .title = "the user's own problems",
          .licence = "as the user's file says",
          .citation = "",
          .answer_format = "\\boxed{}, '# Answer', '####' or 'final answer is'",
          .caution = ""};
}

}  // namespace ft
