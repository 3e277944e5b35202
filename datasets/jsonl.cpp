#include "datasets/jsonl.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "datasets/files.h"
#include "framework/grade/grade.h"
#include "framework/problem/given_attempt.h"
#include "framework/records/conversation.h"
#include "framework/records/row_filter.h"

namespace ft {
namespace {

using records::Kind;
using records::Speaker;
using records::Value;

constexpr int kShown = 5;  // rows that a note names

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// What a note says of some rows: how many, and the first of them.
class Rows {
 public:
  void add(const JsonRecord& record, const std::string& what = "") {
    if (count_++ < kShown)
      examples_ +=
          fmt::format("{}{}{}", examples_.empty() ? "" : ", ", record.row(), what.empty() ? "" : " (" + what + ")");
  }
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] std::string list() const {
    return fmt::format("row{} {}{}", count_ == 1 ? "" : "s", examples_, count_ > kShown ? ", ..." : "");
  }

 private:
  int count_ = 0;
  std::string examples_;
};

// A worked solution in place of an answer.
bool is_solution(std::string_view text) {
  for (std::string_view mark : {"\\boxed", "\\fbox", "####", "# Answer", "answer is", "Answer:"}) {
    if (text.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

class Loader {
 public:
  Loader(const ProblemSetSpec& spec, LoadNotes& notes) : spec_(spec), notes_(notes), filter_(spec.where) {}

  std::vector<Problem> run() {
    ProblemLines reader(spec_, spec_.path);
    while (true) {
      try {
        const auto record = reader.next();
        if (!record) break;
        if (filter_.keeps(*record)) add(*record);
      } catch (const UserError& error) {
        if (spec_.on_bad_row == "stop") throw;
        if (bad_++ < kShown) notes_.push_back(fmt::format("left out (on_bad_row: skip): {}", error.what()));
        if (bad_ > 100'000) throw;  // nothing of it can be read
      }
    }
    filter_.check_fields(spec_.path);
    if (spec_.first_lines == 0) filter_.check_kept(spec_.place, spec_.path);
    check_fields();
    make_notes();
    return std::move(problems_);
  }

 private:
  void see_fields(const JsonRecord& record) {
    for (const auto& [key, name, usual] : keys()) {
      if (!name.empty() && record.has(name)) found_.insert(key);
    }
    if (names_.empty()) names_ = record.field_names();
  }

  struct FieldKey {
    std::string key, name, usual;
  };
  [[nodiscard]] std::vector<FieldKey> keys() const {
    return {{"id_field", spec_.id_field, "id"},
            {"answer_field", spec_.answer_field, "answer"},
            {"solution_field", spec_.solution_field, "solution"},
            {"subject_field", spec_.subject_field, "subject"},
            {"level_field", spec_.level_field, "level"}};
  }

  // A name that was chosen and that no row has is a slip of the pen; the usual ones may be absent.
  void check_fields() const {
    if (names_.empty()) return;
    for (const auto& [key, name, usual] : keys()) {
      if (name.empty() || name == usual || found_.contains(key)) continue;
      const auto near = nearest(name, names_);
      fail_user(spec_.place,
                fmt::format("{}: no row has the field '{}' ({}); fields are: {}{}", spec_.path, name, key,
                            fmt::join(names_, ", "), near ? fmt::format("; did you mean '{}'?", *near) : ""));
    }
  }

  // The text of a field: itself, or what the speaker says first in a conversation.
  static std::string said(const JsonRecord& record, const std::string& field, Speaker speaker) {
    const std::optional<Value> value = record.value(field);
    if (!value || !records::is_conversation(*value)) return record.text(field);
    const auto text = records::first_turn(*value, speaker);
    if (!text)
      record.fail(fmt::format("field '{}' is a conversation in which no {} speaks", field,
                              speaker == Speaker::user ? "user" : "assistant"));
    return *text;
  }

  std::string problem_text(const JsonRecord& record) const {
    if (!record.has(spec_.problem_field)) {
      for (const char* name :
           {"problem", "question", "prompt", "query", "input", "instruction", "messages", "conversations"}) {
        if (!record.has(name)) continue;
        record.fail(fmt::format("field '{}' (the problem's text) is missing; '{}' is there: problem_field: {}{}",
                                spec_.problem_field, name, name,
                                std::string_view(name) == "messages" || std::string_view(name) == "conversations"
                                    ? fmt::format(", solution_field: {}", name)
                                    : ""));
      }
    }
    return said(record, spec_.problem_field, Speaker::user);
  }

  [[nodiscard]] bool holds_attempts() const { return spec_.holds == ProblemSetSpec::Holds::attempts; }

  // An item of a list: a text, or a conversation that ends with one.
  static std::string item_text(const JsonRecord& record, const std::string& field, const Value& item) {
    if (item.kind == Kind::text) return item.text;
    const auto text = records::is_conversation(item) ? records::last_turn(item, Speaker::assistant) : std::nullopt;
    if (!text) record.fail(fmt::format("field '{}' is a list of solutions, but it holds {}", field, kind_of(item)));
    return *text;
  }

  std::vector<Solution> solutions_of(const JsonRecord& record) const {
    const std::string style = holds_attempts() ? std::string(kGivenAttempt) : spec_.style;
    std::vector<Solution> solutions;
    const std::optional<Value> value = spec_.solution_field.empty() ? std::nullopt : record.value(spec_.solution_field);
    if (value && value->kind == Kind::list && !records::is_conversation(*value)) {
      for (const Value& item : value->items)
        solutions.push_back({item_text(record, spec_.solution_field, item), style});
    } else if (value) {
      solutions.push_back({said(record, spec_.solution_field, Speaker::assistant), style});
    }
    if (solutions.empty() && record.has("solutions")) {
      for (const JsonRecord& solution : record.records("solutions")) {
        solutions.push_back(
            {solution.text("text"), holds_attempts() ? style : solution.optional_text("style").value_or(style)});
      }
    }
    for (const Solution& solution : solutions) {
      if (is_blank(solution.text) && !holds_attempts()) record.fail("a solution is empty");
    }
    return solutions;
  }

  // One answer as written; of a whole solution the one at its end.
  std::string one_answer(const JsonRecord& record, const std::string& text) {
    if (!is_solution(text)) return text;
    const grade::Extracted extracted = grade::extract(text);
    if (!extracted.found) return text;
    if (text.find('\n') != std::string::npos || text.size() > 60) from_solution_.add(record);
    return extracted.answer;
  }

  std::string answer_of(const JsonRecord& record) {
    const std::optional<Value> value = spec_.answer_field.empty() ? std::nullopt : record.value(spec_.answer_field);
    if (!value) return "";
    if (value->kind != Kind::list) return one_answer(record, record.written(spec_.answer_field).value_or(""));
    std::vector<std::string> answers;
    for (const Value& item : value->items) {
      if (item.kind != Kind::text && item.kind != Kind::number)
        record.fail(fmt::format("field '{}' is a list of answers, but it holds {}", spec_.answer_field, kind_of(item)));
      if (is_blank(item.text)) continue;
      const std::string answer = one_answer(record, item.text);
      const bool known = std::ranges::any_of(answers, [&](const std::string& other) {
        return other == answer || grade::equal(other, answer).verdict == Verdict::equal;
      });
      if (!known) answers.push_back(answer);
    }
    if (answers.size() > 1) {
      record.fail(
          fmt::format("field '{}' holds {} answers that differ ('{}' and '{}'): a problem has one reference answer; "
                      "name one of them by its path, such as {}[0], or "
                      "leave such rows out with on_bad_row: skip",
                      spec_.answer_field, answers.size(), answers[0], answers[1], spec_.answer_field));
    }
    return answers.empty() ? "" : answers.front();
  }

  std::optional<int> level_of(const JsonRecord& record) const {
    if (spec_.level_field.empty() || !record.has(spec_.level_field)) return std::nullopt;
    const std::string text = record.written(spec_.level_field).value_or("");
    const std::string digits = text.starts_with("Level ") ? text.substr(6) : text;
    if (digits.size() != 1 || digits[0] < '1' || digits[0] > '5') {
      record.fail(
          fmt::format("field '{}' is {}, but must be from 1 to 5, or Level 1 to Level 5; if it is no level of "
                      "difficulty, set level_field to \"\"",
                      spec_.level_field, record.is_number(spec_.level_field) ? text : fmt::format("'{}'", text)));
    }
    return digits[0] - '0';
  }

  [[nodiscard]] std::string key_of(const JsonRecord& record, const Problem& problem) const {
    return record.has(spec_.id_field) ? "id " + problem.id : "text " + problem.text;
  }

  // One attempt a row: those of a problem that is there go to it.
  bool merged(const JsonRecord& record, Problem& problem) {
    const auto found = merged_.find(key_of(record, problem));
    if (found == merged_.end()) return false;
    if (found->second == kLeftOut) return true;
    Problem& first = problems_[found->second];
    if (first.text != problem.text)
      record.fail(fmt::format("the id '{}' stands in {} already, with another text", problem.id, places_.at(first.id)));
    if (!first.answer.empty() && !problem.answer.empty() && first.answer != problem.answer &&
        grade::equal(first.answer, problem.answer).verdict != Verdict::equal) {
      record.fail(fmt::format("problem '{}' has the reference answer '{}' here, and '{}' in {}", problem.id,
                              problem.answer, first.answer, places_.at(first.id)));
    }
    if (first.answer.empty()) first.answer = problem.answer;
    for (Solution& attempt : problem.solutions) first.solutions.push_back(std::move(attempt));
    return true;
  }

  void add(const JsonRecord& record) {
    see_fields(record);
    Problem problem;
    const std::string stem = std::filesystem::path(spec_.path).stem().string();
    problem.id = record.written(spec_.id_field).value_or(fmt::format("{}-{}", stem, record.row()));
    problem.text = problem_text(record);
    if (is_blank(problem.text))
      record.fail(fmt::format("field '{}' (the problem's text) is empty", spec_.problem_field));
    problem.solutions = solutions_of(record);
    problem.answer = answer_of(record);
    if (is_blank(problem.answer)) problem.answer.clear();
    if (holds_attempts() && merged(record, problem)) return;
    std::string solved;
    if (!problem.solutions.empty() && !holds_attempts()) solved = grade::extract(problem.solutions.front().text).answer;
    const bool differs = !problem.answer.empty() && !solved.empty() &&
                         grade::equal(problem.answer, solved).verdict == Verdict::different;
    if (problem.answer.empty()) problem.answer = solved;
    problem.dataset = record.is_text("dataset") ? record.text("dataset") : "jsonl";
    problem.subject = record.optional_text(spec_.subject_field).value_or("");
    problem.level = level_of(record);
    const auto [found, is_new] = places_.try_emplace(problem.id, record.position());
    if (!is_new)
      record.fail(fmt::format("the id '{}' stands in {} already; ids must differ", problem.id, found->second));
    if (!texts_.insert(text_hash(problem.text)).second) {
      duplicates_.add(record);
      if (spec_.duplicates == "drop") return leave_out(record, problem);
    }
    if (valid_share(spec_) > 0 && !in_split(spec_, problem.text)) return leave_out(record, problem);
    if (differs) differing_.add(record, fmt::format("'{}', but its solution ends with '{}'", problem.answer, solved));
    if (holds_attempts()) merged_[key_of(record, problem)] = problems_.size();
    problems_.push_back(std::move(problem));
  }

  // The rows of its other attempts go the same way.
  void leave_out(const JsonRecord& record, const Problem& problem) {
    if (holds_attempts()) merged_[key_of(record, problem)] = kLeftOut;
  }

  void make_notes() {
    const auto unsolved = std::ranges::count_if(problems_, [](const Problem& p) { return p.solutions.empty(); });
    const auto unanswered = std::ranges::count_if(problems_, [](const Problem& p) { return p.answer.empty(); });
    const auto note = [&](std::string text) { notes_.push_back(spec_.path + ": " + std::move(text)); };
    if (filter_.dropped() > 0) note(fmt::format("{} rows were left out by `where`", filter_.dropped()));
    if (bad_ > 0) note(fmt::format("{} rows cannot be read and were left out (on_bad_row: skip)", bad_));
    if (duplicates_.count() > 0 && spec_.duplicates == "drop") {
      note(fmt::format("{} problems have the text of an earlier one ({}) and were left out", duplicates_.count(),
                       duplicates_.list()));
    }
    if (from_solution_.count() > 0)
      note(fmt::format("field '{}' of {} problems is a whole solution ({}): the answer at its end counts",
                       spec_.answer_field, from_solution_.count(), from_solution_.list()));
    if (differing_.count() > 0)
      note(fmt::format("{} problems have another answer than their solution: {}", differing_.count(),
                       differing_.list()));
    if (unsolved > 0) {
      note(fmt::format("{} of {} problems have no {} (field '{}'){}", unsolved, problems_.size(),
                       holds_attempts() ? "attempt" : "solution", spec_.solution_field,
                       holds_attempts() ? "" : ": nothing can be learnt from them"));
    }
    if (unanswered > 0) {
      note(fmt::format("{} of {} problems have no answer (field '{}'{}): attempts at them cannot be graded", unanswered,
                       problems_.size(), spec_.answer_field, holds_attempts() ? "" : ", or at the end of a solution"));
    }
  }

  const ProblemSetSpec& spec_;
  LoadNotes& notes_;
  RowFilter filter_;
  std::vector<Problem> problems_;
  std::map<std::string, std::string> places_;  // by id
  std::set<std::uint64_t> texts_;
  std::set<std::string> found_;     // keys of fields that a row has
  std::vector<std::string> names_;  // fields of the first row
  static constexpr std::size_t kLeftOut = static_cast<std::size_t>(-1);
  std::map<std::string, std::size_t> merged_;  // of sets of attempts: each problem's place, by id or text
  Rows duplicates_, from_solution_, differing_;
  int bad_ = 0;
};

}  // namespace

std::vector<std::filesystem::path> jsonl_files(const ProblemSetSpec& spec) { return {spec.path}; }

std::vector<Problem> load_jsonl(const ProblemSetSpec& spec, LoadNotes& notes) { return Loader(spec, notes).run(); }

DatasetInfo jsonl_info() {
  return {.name = "jsonl",
          .title = "the user's own problems",
          .licence = "as the user's file says",
          .citation = "",
          .answer_format = "\\boxed{}, '# Answer', '####' or 'final answer is'",
          .caution = ""};
}

}  // namespace ft
