#include "framework/problem/records.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "framework/records/record.h"

namespace ft {
namespace {

using nlohmann::ordered_json;

// Checked here because the JSON library would complain in words that nobody can place.
const std::string& utf8(const std::string& text, std::string_view field, std::string_view owner) {
  const auto bad = first_invalid_utf8(text);
  FT_CHECK(!bad, "'{}' of {} is not UTF-8 at byte {}", field, owner, bad.value_or(0));
  return text;
}

// JSON's numbers have no infinities; JsonRecord::number reads these words back.
ordered_json number(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

int int_field(const JsonRecord& record, std::string_view field, int least) {
  const std::int64_t value = record.integer(field);
  if (value < least || value > std::numeric_limits<int>::max()) {
    record.fail(fmt::format("field '{}' is {}, but must be at least {}", field, value, least));
  }
  return static_cast<int>(value);
}

Attempt attempt_of(const JsonRecord& record) {
  Attempt attempt;
  attempt.problem = record.text("problem");
  attempt.index = int_field(record, "index", Attempt::kGreedy);
  attempt.text = record.text("text");
  attempt.finished = record.boolean("finished");
  attempt.num_tokens = int_field(record, "tokens", 0);
  attempt.log_prob = record.number("log_prob");
  return attempt;
}

GradeRecord grade_of(const JsonRecord& record) {
  GradeRecord graded;
  graded.problem = record.text("problem");
  graded.index = int_field(record, "index", Attempt::kGreedy);
  const auto answer = record.optional_text("answer");
  graded.grade.answer_found = answer.has_value();
  graded.grade.answer = answer.value_or("");
  graded.grade.verdict = verdict_from_string(record.text("verdict"), record.place());
  graded.grade.reason = record.optional_text("reason").value_or("");
  graded.grade.form = record.optional_text("form").value_or("");
  return graded;
}

std::string owner_of(std::string_view problem, int index) {
  return fmt::format("attempt {} of problem '{}'", index, problem);
}

Problem problem_of(const JsonRecord& record) {
  Problem problem;
  problem.id = record.text("id");
  problem.text = record.text("problem");
  problem.answer = record.optional_text("answer").value_or("");
  if (record.has("solutions")) {
    for (const JsonRecord& solution : record.records("solutions")) {
      problem.solutions.push_back({solution.text("text"), solution.optional_text("style").value_or("")});
    }
  }
  problem.dataset = record.optional_text("dataset").value_or("");
  problem.subject = record.optional_text("subject").value_or("");
  if (record.has("level")) problem.level = int_field(record, "level", 0);
  return problem;
}

}  // namespace

std::string to_json_line(const Attempt& attempt) {
  const std::string owner = owner_of(attempt.problem, attempt.index);
  ordered_json json;
  json["problem"] = utf8(attempt.problem, "problem", owner);
  json["index"] = attempt.index;
  json["text"] = utf8(attempt.text, "text", owner);
  json["finished"] = attempt.finished;
  json["tokens"] = attempt.num_tokens;
  json["log_prob"] = number(attempt.log_prob);
  return json.dump();
}

std::string to_json_line(const GradeRecord& record) {
  const Grade& grade = record.grade;
  const std::string owner = owner_of(record.problem, record.index);
  ordered_json json;
  json["problem"] = utf8(record.problem, "problem", owner);
  json["index"] = record.index;
  if (grade.answer_found) {
    json["answer"] = utf8(grade.answer, "answer", owner);
  } else {
    FT_CHECK(grade.answer.empty(), "{} has the answer '{}' but says that none was found", owner, grade.answer);
    json["answer"] = nullptr;
  }
  json["verdict"] = to_string(grade.verdict);
  json["reason"] = utf8(grade.reason, "reason", owner);
  if (!grade.form.empty()) json["form"] = utf8(grade.form, "form", owner);
  return json.dump();
}

std::string to_json_line(const ScoreRecord& record) {
  return ordered_json{{"problem", record.problem},
                      {"index", record.index},
                      {"log_p_correct", record.log_p_correct},
                      {"log_p_incorrect", record.log_p_incorrect},
                      {"log_score", record.log_score}}
      .dump();
}

std::string problem_prefix(std::string_view problem) {
  return fmt::format("{{\"problem\":{},", ordered_json(problem).dump());
}

std::string to_json_line(const Problem& problem) {
  const std::string owner = fmt::format("problem '{}'", problem.id);
  ordered_json json;
  json["id"] = utf8(problem.id, "id", owner);
  json["problem"] = utf8(problem.text, "text", owner);
  json["answer"] = utf8(problem.answer, "answer", owner);
  json["solutions"] = ordered_json::array();
  for (const Solution& solution : problem.solutions) {
    json["solutions"].push_back(
        {{"text", utf8(solution.text, "solution", owner)}, {"style", utf8(solution.style, "style", owner)}});
  }
  if (!problem.dataset.empty()) json["dataset"] = utf8(problem.dataset, "dataset", owner);
  if (!problem.subject.empty()) json["subject"] = utf8(problem.subject, "subject", owner);
  if (problem.level) json["level"] = *problem.level;
  return json.dump();
}

Attempt attempt_from_json(std::string_view line, const Place& place) {
  return attempt_of(JsonRecord::parse(line, place));
}

GradeRecord grade_from_json(std::string_view line, const Place& place) {
  return grade_of(JsonRecord::parse(line, place));
}

ScoreRecord score_from_json(std::string_view line, const Place& place) {
  const JsonRecord record = JsonRecord::parse(line, place);
  return {record.text("problem"), int_field(record, "index", 0), record.number("log_p_correct"),
          record.number("log_p_incorrect"), record.number("log_score")};
}

Problem problem_from_json(std::string_view line, const Place& place) {
  return problem_of(JsonRecord::parse(line, place));
}

Verdict verdict_from_string(std::string_view word, const Place& place) {
  for (Verdict verdict : {Verdict::different, Verdict::equal, Verdict::unknown}) {
    if (word == to_string(verdict)) return verdict;
  }
  fail_user(place, fmt::format("'{}' is not a verdict; verdicts are: different, equal, unknown", word));
}

}  // namespace ft
