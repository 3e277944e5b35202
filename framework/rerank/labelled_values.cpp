#include "framework/rerank/labelled_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numeric>

#include "framework/grade/grade.h"
#include "framework/records/conversation.h"
#include "framework/records/field_path.h"
#include "framework/records/json.h"

namespace ft::rerank {
namespace {

using records::Kind;
using records::Value;

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

bool is_path(std::string_view name) { return name.find_first_of(".[") != std::string_view::npos; }

void note_number(FieldFacts& facts, double value) {
  facts.least = facts.numbers ? std::min(facts.least, value) : value;
  facts.most = facts.numbers ? std::max(facts.most, value) : value;
  facts.numbers = true;
}

void note(FieldFacts& facts, const Value& value) {
  ++facts.count;
  if (value.is_boolean()) {
    facts.booleans = true;
  } else if (value.is_number()) {
    note_number(facts, value.number());
  }
  facts.texts = facts.texts || value.kind == Kind::text;
  facts.completions = facts.completions || (value.kind == Kind::text && is_completion(value.text));
  if (records::is_conversation(value)) {
    facts.conversations = true;
    return;
  }
  facts.objects = facts.objects || value.kind == Kind::object;
  if (value.kind != Kind::list) return;
  for (const Value& item : value.items) {
    facts.text_lists = facts.text_lists || item.kind == Kind::text;
    facts.number_lists = facts.number_lists || item.kind == Kind::number;
    facts.boolean_lists = facts.boolean_lists || item.kind == Kind::boolean;
    facts.nested_lists = facts.nested_lists || item.kind == Kind::list;
    facts.object_lists = facts.object_lists || item.kind == Kind::object;
    facts.completions = facts.completions || (item.kind == Kind::text && is_completion(item.text));
  }
}

// A list that was written as a text, "[0.1, 0.9]".
std::optional<Value> list_in_text(const Value& value) {
  if (value.kind != Kind::text || !value.text.starts_with('[')) return std::nullopt;
  try {
    Value list = records::parse_json(value.text, {});
    if (list.kind == Kind::list) return list;
  } catch (const UserError&) {  // a text after all
  }
  return std::nullopt;
}

std::optional<double> number_in(const Value& value) {
  if (value.kind != Kind::number && !(value.kind == Kind::text && records::reads_as_number(trimmed(value.text))))
    return std::nullopt;
  Value number = Value::of_number(trimmed(value.text));
  return number.number();
}

}  // namespace

void Roles::watch(const std::string& path) {
  if (is_path(path)) watched_.insert(path);
}

void Roles::see(const Value& object) {
  for (std::size_t i = 0; i < object.items.size(); ++i) {
    const Value& value = object.items[i];
    known_.insert(object.names[i]);
    if (value.kind == Kind::null) continue;
    FieldFacts& facts = facts_[object.names[i]];
    const bool first_object = value.kind == Kind::object && !facts.objects;
    note(facts, value);
    if (!first_object || paths_.size() > 30) continue;
    for (std::string& path : records::paths_within(value, object.names[i], 10)) paths_.insert(std::move(path));
  }
  for (const std::string& path : watched_) {
    if (object.find(path) != nullptr) continue;
    std::optional<Value> made;
    const Value* found = records::select(object, path, made);
    if (found == nullptr || found->kind == Kind::null) continue;
    known_.insert(path);
    note(facts_[path], *found);
  }
}

const FieldFacts& Roles::facts(const std::string& name) const {
  static const FieldFacts kNothing;
  const auto found = facts_.find(name);
  return found == facts_.end() ? kNothing : found->second;
}

std::string Roles::pick(const std::string& wanted, const std::vector<std::string>& common,
                        std::string_view role) const {
  if (wanted.empty()) {
    const auto found = std::find_if(common.begin(), common.end(), [&](const auto& name) { return has(name); });
    return found == common.end() ? "" : *found;
  }
  if (known_.contains(wanted)) return wanted;
  std::vector<std::string> names(known_.begin(), known_.end());
  names.insert(names.end(), paths_.begin(), paths_.end());
  const auto near = nearest(wanted, names);
  fail_user(fmt::format("no line has the field '{}' ({}); fields are: {}{}", wanted, role, list(),
                        near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

std::string Roles::list() const {
  std::string text = fmt::format("{}", fmt::join(known_, ", "));
  if (!paths_.empty()) text += fmt::format("; within them: {}", fmt::join(paths_, ", "));
  return text;
}

bool is_completion(const std::string& text) {
  for (const char* mark : {"\\boxed", "\\fbox", "####", "# Answer"})
    if (text.find(mark) != std::string::npos) return true;
  if (text.size() < 8) return false;
  const std::string small = lower(text);
  for (const char* mark : {"answer is", "answer:", "answer =", "答案"})
    if (small.find(mark) != std::string::npos) return true;
  // A sentence, and then more: no answer is written so.
  const auto stop = text.find(". ");
  const bool sentences = stop != std::string::npos && text.find(' ') < stop;
  return text.size() > 400 ||
         (text.size() > 60 &&
          (sentences || (text.find('\n') != std::string::npos && text.find("\\begin{") == std::string::npos)));
}

std::optional<std::string> flexible_text(const JsonRecord& record, const std::string& field, Part part) {
  if (field.empty()) return std::nullopt;
  const std::optional<Value> value = record.value(field);
  if (!value) return std::nullopt;
  if (records::is_conversation(*value)) {
    const auto said =
        records::last_turn(*value, part == Part::problem ? records::Speaker::user : records::Speaker::assistant);
    if (!said)
      record.fail(fmt::format("field '{}' is a conversation in which nobody with the role '{}' speaks", field,
                              part == Part::problem ? "user" : "assistant"));
    return said;
  }
  if (value->kind == Kind::list) return fmt::format("{}", fmt::join(record.texts(field), "\n"));
  return record.written(field);
}

std::vector<std::string> reference_answers(const JsonRecord& record, const std::string& field,
                                           bool& taken_from_solution) {
  std::vector<std::string> answers;
  if (field.empty()) return answers;
  const std::optional<Value> value = record.value(field);
  if (!value) return answers;
  const auto add = [&](const std::string& text) {
    if (trimmed(text).empty()) return;
    if (is_completion(text)) {
      const grade::Extracted extracted = grade::extract(text);
      if (extracted.found) {
        taken_from_solution = true;
        answers.push_back(extracted.answer);
        return;
      }
    }
    answers.push_back(text);
  };
  if (value->kind != Kind::list) {
    add(flexible_text(record, field, Part::attempt).value_or(""));
    return answers;
  }
  for (const Value& item : value->items) {
    if (item.kind == Kind::null) continue;
    if (item.kind != Kind::text && item.kind != Kind::number) {
      record.fail(fmt::format("field '{}' is a list of reference answers, of which any is right, but it holds {}",
                              field, kind_of(item)));
    }
    add(item.text);
  }
  return answers;
}

bool is_placeholder(std::string_view answer) {
  constexpr std::array<std::string_view, 20> kWords{
      "",         "[invalid]", "invalid",   "none",       "n/a",         "na",        "null",
      "nan",      "[]",        "{}",        "no answer",  "[no answer]", "[none]",    "not found",
      "notfound", "<none>",    "no_answer", "[noanswer]", "unanswered",  "[unparsed]"};
  const std::string word = lower(trimmed(answer));
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::optional<Label> label_of(const JsonRecord& record, const std::string& field) {
  if (field.empty() || !record.has(field)) return std::nullopt;
  if (record.is_boolean(field)) return Label{record.boolean(field), false};
  if (record.is_number(field)) {
    const double value = record.number(field);
    if (value == 0 || value == 1 || value == -1) return Label{value == 1, false};
    record.fail(fmt::format("field '{}' is {}, but a label is 1 (right), 0 or -1 (wrong)", field, value));
  }
  const std::string word = lower(record.text(field));
  for (const char* yes : {"equal", "correct", "right", "true", "yes", "pass", "passed", "1"})
    if (word == yes) return Label{true, false};
  for (const char* no : {"different", "incorrect", "wrong", "false", "no", "fail", "failed", "0"})
    if (word == no) return Label{false, false};
  if (word == "unknown") return Label{false, true};
  record.fail(
      fmt::format("field '{}' is \"{}\", which is no label: correct, incorrect, true, false, equal, different, "
                  "unknown, 1 or 0",
                  field, word));
}

std::string_view to_string(StepScores steps) {
  switch (steps) {
    case StepScores::last:
      return "last";
    case StepScores::minimum:
      return "minimum";
    case StepScores::product:
      return "product";
    case StepScores::mean:
      break;
  }
  return "mean";
}

double joined_steps(const std::vector<double>& scores, StepScores steps) {
  switch (steps) {
    case StepScores::last:
      return scores.back();
    case StepScores::minimum:
      return *std::min_element(scores.begin(), scores.end());
    case StepScores::product:
      return std::accumulate(scores.begin(), scores.end(), 1.0, [](double a, double b) { return a * b; });
    case StepScores::mean:
      break;
  }
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

std::optional<double> score_of(const JsonRecord& record, const std::string& field, StepScores steps) {
  std::optional<Value> value = field.empty() ? std::nullopt : record.value(field);
  if (!value) return std::nullopt;
  if (auto list = list_in_text(*value)) value = std::move(list);
  if (value->kind == Kind::boolean) return value->truth ? 1 : 0;
  if (value->kind == Kind::list) {
    std::vector<double> scores;
    for (const Value& item : value->items) {
      const auto number = number_in(item);
      if (!number || std::isnan(*number))
        record.fail(fmt::format("field '{}' must hold one number a step, but step {} has {}", field, scores.size() + 1,
                                kind_of(item)));
      scores.push_back(*number);
    }
    if (scores.empty()) return std::nullopt;
    return joined_steps(scores, steps);
  }
  const auto number = number_in(*value);
  if (!number) return record.number(field);  // its words, or its complaint
  return number;
}

double log_score(double value, ScoreScale scale, const JsonRecord& record, const std::string& field) {
  switch (scale) {
    case ScoreScale::probability:
      if (!(value >= 0 && value <= 1)) record.fail(fmt::format("field '{}' is {}, no probability", field, value));
      return std::log(value);
    case ScoreScale::log_probability:
      if (!(value <= 0)) record.fail(fmt::format("field '{}' is {}, no logarithm of a probability", field, value));
      return value;
    default:  // log of the logistic function, for both signs without loss
      return value >= 0 ? -std::log1p(std::exp(-value)) : value - std::log1p(std::exp(value));
  }
}

}  // namespace ft::rerank
