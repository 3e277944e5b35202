#include "framework/rerank/labelled_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>

#include "framework/grade/grade.h"
#include "framework/records/reader.h"
#include "framework/rerank/labelled_values.h"

namespace ft::rerank {
namespace {

using Names = std::vector<std::string>;

const Names kAttempts{"candidates",  "attempts",  "samples", "solutions",
                      "completions", "responses", "outputs", "generations"};
const Names kProblemId{"problem_id", "question_id", "task_id", "prompt_id", "unique_id"};
const Names kProblem{"problem", "question", "prompt", "query", "input"};
const Names kOtherId{"id", "uid", "idx", "index", "name"};
const Names kText{"solution", "text", "completion", "response", "output", "generation", "attempt", "steps"};
const Names kAnswer{"final",      "final_answer", "extracted_answer", "predicted_answer",
                    "prediction", "pred",         "model_answer",     "parsed_answer"};
const Names kReference{"reference_answer", "reference", "gold_answer",     "gold",  "ground_truth",
                       "gt_answer",        "gt",        "expected_answer", "target"};
const Names kLabel{"label", "correct", "is_correct", "right", "is_right", "passed", "verdict"};
const Names kScore{"score",    "verifier_score", "reward",      "reward_score", "reward_model_score",
                   "rm_score", "log_score",      "probability", "p_correct"};
const Names kLogProb{"log_prob", "logprob", "sum_logprob", "cumulative_logprob"};
const Names kTokens{"tokens", "num_tokens", "n_tokens", "token_count"};

// One attempt with what surrounds it.
struct Line {
  JsonRecord attempt;
  JsonRecord problem;  // the same record where a line is an attempt
  std::string id;
};

class Reader {
 public:
  Reader(std::span<const std::filesystem::path> files, const LabelledFields& fields) : files_(files), fields_(fields) {}

  LabelledAttempts run() {
    read_records();
    find_roles();
    for (const auto& [file, record] : records_) guarded([&] { add_record(*file, record); });
    complain();
    find_answer_role();
    find_scale();
    for (const Line& line : lines_) guarded([&] { add_attempt(line); });
    complain();
    add_bare();
    if (result_.problems.empty()) fail_user("there is no attempt in these files");
    make_notes();
    return std::move(result_);
  }

 private:
  using Entry = std::pair<const std::filesystem::path*, JsonRecord>;

  // Keeps a wrong line for the complaint, and goes on.
  template <typename Body>
  bool guarded(const Body& body) {
    try {
      body();
      return true;
    } catch (const UserError& error) {
      if (std::find(wrong_.begin(), wrong_.end(), error.what()) == wrong_.end()) wrong_.emplace_back(error.what());
      return false;
    }
  }

  void complain() {
    if (wrong_.empty()) return;
    if (fields_.skip_wrong_lines) {
      skipped_ += wrong_.size();
      for (std::size_t i = 0; i < std::min<std::size_t>(wrong_.size(), 3); ++i)
        result_.notes.push_back("left out: " + wrong_[i]);
      wrong_.clear();
      return;
    }
    const std::size_t shown = std::min<std::size_t>(wrong_.size(), 10);
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) text += (i > 0 ? "\n" : "") + wrong_[i];
    if (wrong_.size() > 1)
      text += fmt::format("\n{} lines cannot be read; --skip-wrong-lines goes on without them", wrong_.size());
    fail_user(text);
  }

  void read_records() {
    for (const std::filesystem::path& file : files_) {
      RecordReader reader(file);
      int failures = 0;
      for (bool more = true; more && failures < 100;) {
        const bool fine = guarded([&] {
          std::optional<JsonRecord> record = reader.next();
          more = record.has_value();
          if (record) records_.emplace_back(&file, std::move(*record));
        });
        failures += fine ? 0 : 1;  // a damaged gzip file would complain for ever
      }
    }
    complain();
    for (const auto& [file, record] : records_) outer_.see(record);
  }

  void find_roles() {
    attempts_ = fields_.attempts;
    if (attempts_.empty()) {
      for (const std::string& name : kAttempts) {
        if (!attempts_.empty() || !outer_.has(name)) continue;
        for (const auto& [file, record] : records_)
          if (record.is_list(name)) attempts_ = name;
      }
    } else {
      attempts_ = outer_.pick(attempts_, kAttempts, "the list of attempts");
    }
    Names ids = kProblemId;
    if (attempts_.empty()) {  // a line's own id is the attempt's, so the problem's text comes first
      ids.insert(ids.end(), kProblem.begin(), kProblem.end());
      ids.insert(ids.end(), {"id", "uid"});
    } else {
      ids.insert(ids.end(), kOtherId.begin(), kOtherId.end());
      ids.insert(ids.end(), kProblem.begin(), kProblem.end());
    }
    id_ = outer_.pick(fields_.problem_id, ids, "which problem it is");
    problem_text_ = outer_.pick("", kProblem, "the problem");
    if (id_.empty() && attempts_.empty() && files_.size() < 2) {
      fail_user(
          fmt::format("{}: no field says which problem a line belongs to; fields are: {}. Name it with "
                      "--id, or give one file a problem",
                      files_.front().string(), outer_.list()));
    }
  }

  void add_record(const std::filesystem::path& file, const JsonRecord& record) {
    std::string id = flexible_text(record, id_).value_or("");
    if (id.empty()) {
      if (!id_.empty()) record.fail(fmt::format("field '{}' (which problem it is) is missing or empty", id_));
      id = attempts_.empty() ? file.filename().string() : to_string(record.place());
    }
    if (attempts_.empty()) {
      inner_.see(record);
      lines_.push_back({record, record, std::move(id)});
      return;
    }
    if (!record.is_list(attempts_)) record.fail(fmt::format("field '{}' holds no list of attempts", attempts_));
    std::vector<JsonRecord> attempts;
    try {
      attempts = record.records(attempts_);
    } catch (const UserError&) {  // bare texts
      for (const std::string& text : record.texts(attempts_)) bare_.push_back({text, record, id});
      return;
    }
    for (JsonRecord& attempt : attempts) {
      inner_.see(attempt);
      lines_.push_back({std::move(attempt), record, id});
    }
  }

  // Says for each part which field plays it. `answer` may be the attempt's or the reference: see below.
  void find_answer_role() {
    const bool grouped = !attempts_.empty();
    text_ = inner_.pick(fields_.text, kText, "the attempt's text");
    answer_ = inner_.pick(fields_.answer, kAnswer, "the attempt's answer");
    reference_ = outer_.pick(fields_.reference, kReference, "the reference answer");
    label_ = inner_.pick(fields_.label, kLabel, "right or wrong");
    score_ = fields_.score == "none" ? "" : inner_.pick(fields_.score, kScore, "the score");
    const bool numbers =
        std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return line.attempt.is_number(score_); });
    if (fields_.score.empty() && !numbers) score_.clear();  // scores of steps, say: a list
    log_prob_ = inner_.pick("", kLogProb, "log-probability");
    tokens_ = inner_.pick("", kTokens, "tokens");
    if (grouped) {
      if (answer_.empty() && inner_.has("answer")) answer_ = "answer";
      if (reference_.empty() && outer_.has("answer")) reference_ = "answer";
    } else if (outer_.has("answer") && reference_ != "answer" && answer_ != "answer") {
      // It is the reference exactly where all lines of a problem agree on it. This program's own files say "verdict".
      const bool own = answer_.empty() && (text_.empty() || label_ == "verdict" || answer_varies());
      (own ? answer_ : reference_) = "answer";
    }
    if (text_.empty() && answer_.empty() && bare_.empty()) {
      fail_user(
          fmt::format("no field holds an attempt's answer or text; fields are: {}. Name it with --answer or "
                      "--text",
                      inner_.list()));
    }
    if ((label_.empty() || fields_.grade || !bare_.empty()) && reference_.empty()) {
      fail_user(
          fmt::format("no field says whether an attempt is right; fields are: {}. Name a label with --label or a "
                      "reference answer with --reference",
                      inner_.list()));
    }
  }

  [[nodiscard]] bool answer_varies() const {
    std::map<std::string, std::optional<std::string>> first;
    for (const Line& line : lines_) {
      const auto answer = line.attempt.is_list("answer") ? std::nullopt : flexible_text(line.attempt, "answer");
      const auto [found, inserted] = first.emplace(line.id, answer);
      if (!inserted && found->second != answer) return true;
    }
    return false;
  }

  void find_scale() {
    scale_ = fields_.scale;
    if (score_.empty() || scale_ != ScoreScale::find_out) return;
    scale_ = ScoreScale::probability;
    if (score_ == "log_score") scale_ = ScoreScale::log_probability;
    for (const Line& line : lines_) {
      if (scale_ != ScoreScale::probability || !line.attempt.is_number(score_)) continue;
      const double value = line.attempt.number(score_);
      if (!(value >= 0 && value <= 1)) scale_ = ScoreScale::logit;
    }
  }

  RankedProblem& problem_of(const std::string& id, const JsonRecord& record) {
    const auto [found, inserted] = index_.emplace(id, result_.problems.size());
    if (!inserted) return result_.problems[found->second];
    RankedProblem problem;
    problem.id = id;
    problem.problem_text = flexible_text(record, problem_text_).value_or("");
    problem.reference_answer = flexible_text(record, reference_).value_or("");
    if (record.is_text("subject")) problem.subject = record.text("subject");
    if (record.is_integer("level")) problem.level = static_cast<int>(record.integer("level"));
    if (record.is_text("level")) {  // "Level 5"
      const std::string level = record.text("level");
      if (!level.empty() && std::isdigit(static_cast<unsigned char>(level.back())) != 0)
        problem.level = level.back() - '0';
    }
    return result_.problems.emplace_back(std::move(problem));
  }

  // Extracts, compares and counts: the attempt's final form.
  void judge(Candidate& candidate, const std::string& reference, std::optional<Label> label) {
    if (candidate.answer.empty() && answer_.empty()) {
      const grade::Extracted extracted = grade::extract(candidate.text);
      if (extracted.found) candidate.answer = extracted.answer;
    }
    candidate.answer_found = !candidate.answer.empty();
    if (candidate.answer_found && !reference.empty()) {
      const auto [found, fresh] = judged_.emplace(std::pair(reference, candidate.answer), Verdict::unknown);
      if (fresh) found->second = grade::equal(reference, candidate.answer).verdict;
      const Verdict verdict = found->second;
      if (label && !label->unknown) {
        ++compared_;
        agreed_ += (verdict == Verdict::equal) == label->right ? 1 : 0;
      }
      if (!label || fields_.grade) label = Label{verdict == Verdict::equal, verdict == Verdict::unknown};
    }
    if (!candidate.answer_found) {
      right_but_unreadable_ += label && label->right ? 1 : 0;
      return;
    }
    candidate.right = label && label->right;
    candidate.unknown = label && label->unknown;
  }

  void add_attempt(const Line& line) {
    Candidate candidate;
    const JsonRecord& record = line.attempt;
    candidate.text = flexible_text(record, text_).value_or("");
    candidate.answer = flexible_text(record, answer_).value_or("");
    const std::optional<Label> label = label_of(record, label_);
    const std::string reference = flexible_text(line.problem, reference_).value_or("");
    if (!label && reference.empty()) {
      record.fail(label_.empty() ? fmt::format("field '{}' (the reference answer) is missing", reference_)
                                 : fmt::format("field '{}' (right or wrong) is missing", label_));
    }
    if (!score_.empty() && record.has(score_)) {
      const double value = record.number(score_);
      if (std::isnan(value)) record.fail(fmt::format("field '{}' is not a number", score_));
      candidate.score = log_score(value, scale_, record, score_);
    }
    if (!log_prob_.empty() && record.is_number(log_prob_)) candidate.log_prob = record.number(log_prob_);
    if (!tokens_.empty() && record.is_integer(tokens_))
      candidate.num_tokens = static_cast<int>(record.integer(tokens_));
    judge(candidate, reference, label);
    RankedProblem& problem = problem_of(line.id, line.problem);
    const bool greedy = attempts_.empty() && record.is_integer("index") && record.integer("index") == -1;
    if (greedy) {
      problem.greedy = std::move(candidate);
    } else {
      problem.candidates.push_back(std::move(candidate));
    }
  }

  void add_bare() {
    for (const Bare& one : bare_) {
      Candidate candidate;
      candidate.text = one.text;
      const std::string reference = flexible_text(one.problem, reference_).value_or("");
      judge(candidate, reference, std::nullopt);
      problem_of(one.id, one.problem).candidates.push_back(std::move(candidate));
    }
  }

  void make_notes() {
    std::string how =
        attempts_.empty() ? "a line is an attempt" : fmt::format("a line is a problem, attempts in '{}'", attempts_);
    const auto add = [&](const char* role, const std::string& field) {
      if (!field.empty()) how += fmt::format("; {} '{}'", role, field);
    };
    add("problem", id_);
    if (answer_.empty()) how += fmt::format("; answers extracted from '{}'", text_.empty() ? attempts_ : text_);
    add("answer", answer_);
    add(label_.empty() || fields_.grade ? "labels by comparison with" : "reference", reference_);
    if (!fields_.grade) add("label", label_);
    add("score", score_);
    if (!score_.empty()) {
      how += scale_ == ScoreScale::probability       ? " (a probability)"
             : scale_ == ScoreScale::log_probability ? " (the logarithm of a probability)"
                                                     : " (a logit: S = 1 / (1 + exp(-score)))";
    }
    result_.notes.insert(result_.notes.begin(), how);
    if (skipped_ > 0) result_.notes.push_back(fmt::format("{} lines or attempts were left out", skipped_));
    if (compared_ > 0) {
      result_.notes.push_back(
          fmt::format("labels agree with this program's grader on {} of {} answers", agreed_, compared_));
    }
    if (right_but_unreadable_ > 0) {
      result_.notes.push_back(fmt::format(
          "{} attempts are labelled right but have no readable answer: they count as wrong", right_but_unreadable_));
    }
  }

  struct Bare {
    std::string text;
    JsonRecord problem;
    std::string id;
  };

  std::span<const std::filesystem::path> files_;
  const LabelledFields& fields_;
  std::vector<Entry> records_;
  Roles outer_, inner_;
  std::vector<Line> lines_;
  std::vector<Bare> bare_;
  std::string attempts_, id_, problem_text_, text_, answer_, reference_, label_, score_, log_prob_, tokens_;
  ScoreScale scale_ = ScoreScale::find_out;
  std::map<std::string, std::size_t> index_;
  std::map<std::pair<std::string, std::string>, Verdict> judged_;
  std::vector<std::string> wrong_;
  std::size_t skipped_ = 0;
  int compared_ = 0, agreed_ = 0, right_but_unreadable_ = 0;
  LabelledAttempts result_;
};

}  // namespace

LabelledAttempts read_labelled(std::span<const std::filesystem::path> files, const LabelledFields& fields) {
  if (files.empty()) fail_user("no file was given");
  return Reader(files, fields).run();
}

}  // namespace ft::rerank
