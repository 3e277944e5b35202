#include "framework/rerank/labelled_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "framework/records/conversation.h"
#include "framework/records/json.h"

namespace ft::rerank {
namespace {

using records::Kind;
using records::Value;
using Names = std::vector<std::string>;

const Names kAttempts{"candidates", "attempts",    "samples", "solutions", "completions",     "responses",
                      "outputs",    "generations", "choices", "rollouts",  "model_responses", "generated_texts"};
const Names kProblemId{"problem_id", "question_id", "task_id", "prompt_id", "unique_id", "problem_idx", "doc_id"};
const Names kProblem{"problem", "question", "prompt", "query", "input"};
const Names kOtherId{"id", "uid", "uuid", "idx", "index", "name"};
const Names kText{"solution",
                  "text",
                  "completion",
                  "response",
                  "output",
                  "generation",
                  "attempt",
                  "steps",
                  "code",
                  "my_solu",
                  "resps",
                  "model_output",
                  "model_response",
                  "generated_text",
                  "model_solution",
                  "message.content",
                  "response.output[-1].content",
                  "content"};
const Names kAnswer{"final",         "final_answer",  "extracted_answer", "predicted_answer",
                    "prediction",    "pred",          "model_answer",     "parsed_answer",
                    "preds",         "predictions",   "parsed_answers",   "extracted_answers",
                    "final_answers", "model_answers", "filtered_resps"};
const Names kReference{"reference_answer",
                       "reference",
                       "gold_answer",
                       "gold",
                       "ground_truth",
                       "gt_answer",
                       "gt",
                       "expected_answer",
                       "target",
                       "correct_answer",
                       "reward_model.ground_truth",
                       "doc.answer",
                       "extra_info.answer"};
const Names kLabel{"final_answer_correct",
                   "label",
                   "labels",
                   "correct",
                   "is_correct",
                   "right",
                   "is_right",
                   "passed",
                   "verdict",
                   "correctness",
                   "correctness_math_verify",
                   "is_passed"};
const Names kScore{"score",      "verifier_score",  "reward",         "reward_score", "reward_model_score",
                   "rm_score",   "log_score",       "probability",    "p_correct",    "agg_scores",
                   "scores",     "rewards",         "rm_scores",      "step_scores",  "step_rewards",
                   "prm_scores", "prm_step_scores", "verifier_scores"};
const Names kLogProb{"log_prob", "logprob", "sum_logprob", "cumulative_logprob"};
const Names kTokens{"tokens", "num_tokens", "n_tokens", "token_count"};
const Names kMakers{"model_name", "model", "generator", "filter"};

bool is_steps(std::string_view field) { return field == "steps"; }

// A list, also one that was written as a text.
std::optional<Value> list_of(const Value& value) {
  if (value.kind == Kind::list) return value;
  if (value.kind != Kind::text || !value.text.starts_with('[')) return std::nullopt;
  try {
    Value list = records::parse_json(value.text, {});
    if (list.kind == Kind::list) return list;
  } catch (const UserError&) {  // a text after all
  }
  return std::nullopt;
}

bool is_list_of_turns(const Value& value) { return value.kind == Kind::list && records::is_conversation(value); }

}  // namespace

std::vector<Value> attempts_of(const JsonRecord& record, const std::string& attempts) {
  const std::optional<Value> value = record.value(attempts);
  if (!value) record.fail(fmt::format("field '{}' holds no list of attempts", attempts));
  std::optional<Value> list = list_of(*value);
  if (!list && value->kind == Kind::text) list = Value::of_list({*value});  // one attempt
  if (!list) record.fail(fmt::format("field '{}' holds no list of attempts, but {}", attempts, kind_of(*value)));
  if (!list->items.empty() && std::all_of(list->items.begin(), list->items.end(), [](const Value& v) {
        return v.kind == Kind::list && !records::is_conversation(v);
      })) {
    Value flat = Value::of_list({});  // one list a request, as lm-evaluation-harness writes
    for (Value& inner : list->items) {
      for (Value& item : inner.items) flat.items.push_back(std::move(item));
    }
    list = std::move(flat);
  }
  std::vector<Value> found;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    Value& item = list->items[i];
    Value attempt;
    if (item.kind == Kind::object && !records::is_conversation(item)) {
      attempt = std::move(item);
    } else {
      attempt.kind = Kind::object;
      attempt.names.push_back(attempts);
      attempt.items.push_back(std::move(item));
    }
    const Value& object = record.object();
    for (std::size_t f = 0; f < object.names.size(); ++f) {
      const Value& beside = object.items[f];
      if (object.names[f] == attempts || beside.kind == Kind::null || attempt.find(object.names[f]) != nullptr ||
          is_list_of_turns(beside))
        continue;
      if (beside.kind != Kind::list && !beside.text.starts_with('[')) continue;
      const std::optional<Value> values = list_of(beside);
      if (!values || values->items.size() != list->items.size()) continue;
      attempt.names.push_back(object.names[f]);
      attempt.items.push_back(values->items[i]);
    }
    found.push_back(std::move(attempt));
  }
  return found;
}

LayoutFinder::LayoutFinder(const LabelledFields& fields) : fields_(fields) {
  for (const Names* names : {&kText, &kReference}) {
    for (const std::string& name : *names) {
      outer_.watch(name);
      inner_.watch(name);
    }
  }
  for (const std::string* name : {&fields.problem_id, &fields.attempts, &fields.text, &fields.answer, &fields.reference,
                                  &fields.label, &fields.score}) {
    outer_.watch(*name);
    inner_.watch(*name);
  }
}

void LayoutFinder::see(const JsonRecord& record) {
  outer_.see(record.object());
  for (const std::string& name : kMakers) {
    if (record.is_text(name) && makers_[name].size() < 100) makers_[name].insert(record.text(name));
  }
}

std::string LayoutFinder::find_list() const {
  if (!fields_.attempts.empty()) return outer_.pick(fields_.attempts, kAttempts, "the list of attempts");
  for (const std::string& name : kAttempts) {
    const FieldFacts& facts = outer_.facts(name);
    if (facts.lists() || (facts.count > 0 && !facts.texts && !facts.objects && !facts.conversations))
      return name;  // empty everywhere
  }
  // A list in a field that elsewhere holds one attempt: one attempt each.
  Names singular = kText;
  singular.insert(singular.begin(), {fields_.text});
  singular.push_back("answers");
  for (const std::string& name : singular) {
    const FieldFacts& facts = outer_.facts(name);
    if (!name.empty() && !is_steps(name) && (facts.text_lists || facts.nested_lists) && name != fields_.reference)
      return name;
  }
  singular = kAnswer;
  singular.insert(singular.begin(), {fields_.answer});
  for (const std::string& name : singular) {
    if (!name.empty() && outer_.facts(name).lists()) return name;
  }
  return "";
}

void LayoutFinder::find_problems(std::size_t num_files, const std::string& first_file) {
  layout_.attempts = find_list();
  Names ids = kProblemId;
  if (layout_.attempts.empty()) {  // a line's own id is the attempt's, so the problem's text comes first
    ids.insert(ids.end(), kProblem.begin(), kProblem.end());
    ids.insert(ids.end(), {"id", "uid"});
  } else {
    ids.insert(ids.end(), kOtherId.begin(), kOtherId.end());
    ids.insert(ids.end(), kProblem.begin(), kProblem.end());
  }
  std::erase(ids, layout_.attempts);
  layout_.id = outer_.pick(fields_.problem_id, ids, "which problem it is");
  layout_.problem_text = outer_.pick("", kProblem, "the problem");
  if (layout_.id.empty() && layout_.attempts.empty() && num_files < 2) {
    fail_user(
        fmt::format("{}: no field says which problem a line belongs to; fields are: {}. Name it with "
                    "--id, or give one file a problem",
                    first_file, outer_.list()));
  }
}

void LayoutFinder::see_attempts(const JsonRecord& record, const std::string& id) {
  if (layout_.attempts.empty()) {
    inner_.see(record.object());
    const std::optional<Value> answer = record.value("answer");
    std::optional<std::string> text;
    if (answer && answer->kind != Kind::list && answer->kind != Kind::object) text = record.written("answer");
    const auto [found, fresh] = first_answer_.emplace(id, text);
    answer_varies_ = answer_varies_ || (!fresh && found->second != text);
    return;
  }
  const std::vector<Value> attempts = attempts_of(record, layout_.attempts);
  for (const Value& attempt : attempts) inner_.see(attempt);
  if (attempts.empty()) return;
  const Value& object = record.object();
  for (std::size_t f = 0; f < object.names.size(); ++f) {
    const Value& beside = object.items[f];
    if (beside.kind != Kind::list || object.names[f] == layout_.attempts || beside.items.empty() ||
        beside.items.size() == attempts.size())
      continue;
    unequal_.emplace(object.names[f],
                     fmt::format("{}: field '{}' has {} entries, but '{}' has {}", ft::to_string(record.place()),
                                 object.names[f], beside.items.size(), layout_.attempts, attempts.size()));
  }
}

void LayoutFinder::refuse_unequal_lists() const {
  const auto check = [&](const Names& names, const char* option, bool may_be_none) {
    for (const std::string& name : names) {
      const auto found = unequal_.find(name);
      if (found == unequal_.end() || name == layout_.reference || name == layout_.problem_text) continue;
      fail_user(fmt::format("{}: they cannot belong together. Name the list that does with {}{}", found->second, option,
                            may_be_none ? ", or say that there is none with none" : ""));
    }
  };
  if (fields_.label.empty() && !fields_.grade) check(kLabel, "--label", false);
  if (fields_.score.empty()) check(kScore, "--score", true);
  if (fields_.answer.empty()) check(kAnswer, "--answer", false);
  check({fields_.label}, "--label", false);
  check({fields_.score}, "--score", true);
  check({fields_.answer}, "--answer", false);
}

void LayoutFinder::find_texts() {
  const auto here = [&](Names names) {  // the list of attempts itself holds texts or answers
    if (!layout_.attempts.empty() && inner_.has(layout_.attempts)) names.insert(names.begin(), layout_.attempts);
    return names;
  };
  const bool is_answers = std::find(kAnswer.begin(), kAnswer.end(), layout_.attempts) != kAnswer.end() ||
                          (!fields_.answer.empty() && layout_.attempts == fields_.answer);
  layout_.text = inner_.pick(fields_.text, is_answers ? kText : here(kText), "the attempt's text");
  if (layout_.text.empty() && !layout_.attempts.empty() && inner_.has("answers")) layout_.text = "answers";
  layout_.answer = inner_.pick(fields_.answer, is_answers ? here(kAnswer) : kAnswer, "the attempt's answer");
  Names references = kReference;
  if (layout_.attempts != "answers") references.push_back("answers");
  std::erase(references, layout_.attempts);
  layout_.reference = outer_.pick(fields_.reference, references, "the reference answer");
  // What looks like the attempt's answer may hold all of its text.
  if (fields_.answer.empty() && !layout_.answer.empty() && inner_.facts(layout_.answer).completions) {
    if (layout_.text.empty()) layout_.text = layout_.answer;
    layout_.answer.clear();
  }
}

// `answer` is a reference in most files, and an attempt's answer or text in some.
void LayoutFinder::find_answer() {
  if (layout_.reference == "answer" || layout_.answer == "answer" || layout_.text == "answer") return;
  const auto own = [&] {
    (inner_.facts("answer").completions && layout_.text.empty() ? layout_.text : layout_.answer) = "answer";
  };
  if (!layout_.attempts.empty()) {
    if (inner_.has("answer")) {
      const bool in_list = outer_.facts("answer").lists();
      if (in_list && layout_.reference.empty() && layout_.answer.empty() && fields_.label.empty()) {
        fail_user(
            fmt::format("field 'answer' is a list as long as '{}': answers of the attempts (--answer answer), or "
                        "reference answers (--reference answer)?",
                        layout_.attempts));
      }
      if (layout_.answer.empty()) return own();
    }
    if (layout_.reference.empty() && outer_.has("answer")) layout_.reference = "answer";
    return;
  }
  if (!outer_.has("answer")) return;
  const bool varies = answer_varies_ || (outer_.has("verdict") && fields_.label.empty());
  if (!layout_.reference.empty()) {
    if (layout_.answer.empty() && (layout_.text.empty() || varies)) own();
    return;
  }
  // It is the reference exactly where all lines of a problem agree on it. This program's own files say "verdict".
  if (layout_.answer.empty() && (layout_.text.empty() || varies)) {
    own();
  } else {
    layout_.reference = "answer";
  }
}

void LayoutFinder::find_label() {
  Names names = kLabel;
  for (const char* name : {"score", "scores", "reward", "rewards"}) {
    const FieldFacts& facts = inner_.facts(name);
    if (facts.booleans && !facts.numbers && !facts.lists()) names.emplace_back(name);
  }
  layout_.label = inner_.pick(fields_.label, names, "right or wrong");
  if (layout_.label.empty()) return;
  // ProcessBench: the index of the first wrong step, -1 for none.
  const FieldFacts& facts = inner_.facts(layout_.label);
  const bool has_steps = inner_.has("steps") || outer_.has("steps");
  if (facts.numbers && !facts.booleans && (facts.least < -1 || facts.most > 1 || (has_steps && facts.least < 0))) {
    const std::string what = fmt::format(
        "field '{}' goes from {} to {}{}: the index of the first wrong step, and no label that says whether an answer "
        "is right",
        layout_.label, facts.least, facts.most, has_steps ? " beside 'steps'" : "");
    if (!fields_.label.empty() || layout_.reference.empty()) {
      fail_user(what + ". Name another with --label, or a reference answer with --reference");
    }
    layout_.notes.push_back(what + "; it is not read");
    layout_.label.clear();
    return;
  }
  Names others;
  for (const std::string& name : inner_.names()) {
    const bool same_kind =
        name.starts_with("correct") || name.ends_with("correct") || name == "label" || name == "labels";
    if (same_kind && name != layout_.label && inner_.has(name)) others.push_back(name);
  }
  if (fields_.label.empty() && !others.empty() && !fields_.grade) {
    layout_.notes.push_back(
        fmt::format("labels are read from '{}'; there is also {} (--label)", layout_.label, fmt::join(others, ", ")));
  }
}

void LayoutFinder::find_score() {
  if (fields_.score == "none") return;
  layout_.score = inner_.pick(fields_.score, {}, "the score");
  Names unread;
  for (const std::string& name : kScore) {
    const FieldFacts& facts = inner_.facts(name);
    if (!layout_.score.empty() || name == layout_.label || facts.count == 0) continue;
    const bool is_list = facts.number_lists && !facts.text_lists && !facts.object_lists && !facts.nested_lists;
    if (facts.numbers || is_list || facts.texts) layout_.score = name;
    if (layout_.score.empty() && !facts.booleans) unread.push_back(name);
  }
  const FieldFacts& facts = inner_.facts(layout_.score);
  layout_.score_is_steps = facts.number_lists || (facts.texts && !facts.numbers);
  for (const std::string& name : unread)
    layout_.notes.push_back(
        fmt::format("'{}' holds no number and no list of numbers, so it is not read as a score", name));
}

void LayoutFinder::check_whole() const {
  const bool all_empty = !layout_.attempts.empty() && inner_.names().empty();  // lists without an attempt
  if (layout_.text.empty() && layout_.answer.empty() && !all_empty) {
    fail_user(
        fmt::format("no field holds an attempt's answer or text; fields are: {}. Name it with --answer or "
                    "--text",
                    inner_.names().empty() ? outer_.list() : inner_.list()));
  }
  if ((layout_.label.empty() || fields_.grade) && layout_.reference.empty()) {
    std::string hint;
    for (const char* name : {"reward", "rewards", "score", "scores", "acc", "exact_match", "accuracy"}) {
      const FieldFacts& facts = inner_.facts(name);
      if (hint.empty() && facts.numbers && facts.least >= 0 && facts.most <= 1)
        hint = fmt::format("; '{}' would be read as one by --label {}", name, name);
    }
    fail_user(
        fmt::format("no field says whether an attempt is right; fields are: {}. Name a label with --label or a "
                    "reference answer with --reference{}",
                    inner_.list(), hint));
  }
  const auto filters = makers_.find("filter");
  if (filters != makers_.end() && filters->second.size() > 1) {
    fail_user(
        fmt::format("each attempt stands here once for each of several filters ({}), so votes would count it several "
                    "times: choose one, --where filter={}",
                    fmt::join(filters->second, ", "), *filters->second.begin()));
  }
}

Layout LayoutFinder::find_attempts() {
  find_texts();
  find_answer();
  find_label();
  find_score();
  check_whole();
  if (!layout_.attempts.empty()) refuse_unequal_lists();
  layout_.log_prob = inner_.pick("", kLogProb, "log-probability");
  layout_.tokens = inner_.pick("", kTokens, "tokens");
  for (const auto& [name, values] : makers_) {
    if (values.size() < 2 || name == "filter" || !layout_.attempts.empty()) continue;
    layout_.notes.push_back(fmt::format("attempts of {} values of '{}' are voted on together; --where {}={} takes one",
                                        values.size(), name, name, *values.begin()));
  }
  return layout_;
}

}  // namespace ft::rerank
