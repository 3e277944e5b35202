#include "framework/rerank/labelled_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "framework/base/reading.h"
#include "framework/grade/grade.h"
#include "framework/records/reader.h"
#include "framework/records/row_filter.h"
#include "framework/rerank/labelled_layout.h"
#include "framework/rerank/labelled_values.h"

namespace ft::rerank {
namespace {

using records::Value;

class Reader {
 public:
  Reader(std::span<const std::filesystem::path> files, const LabelledFields& fields)
      : files_(files), fields_(fields), finder_(fields) {}

  // Files are read three times over, so that no more than the attempts themselves is in memory at once; pipes are kept.
  LabelledAttempts run() {
    keep_pipes();
    first_pass_ = true;
    for_each_record([&](const JsonRecord& record) { finder_.see(record); });
    complain();
    if (records_ == 0) fail_user("there is no attempt in these files");
    first_pass_ = false;
    finder_.find_problems(files_.size(), files_.front().string());
    for_each_record([&](const JsonRecord& record) { finder_.see_attempts(record, id_of(record)); });
    complain();
    layout_ = finder_.find_attempts();
    find_scale();
    for_each_record([&](const JsonRecord& record) { add_record(record); });
    complain();
    if (result_.problems.empty()) fail_user("there is no attempt in these files");
    make_notes();
    return std::move(result_);
  }

 private:
  // Keeps a wrong line for the complaint, and goes on.
  template <typename Body>
  bool guarded(const Body& body) {
    try {
      body();
      return true;
    } catch (const UserError& error) {
      if (std::find(known_wrong_.begin(), known_wrong_.end(), error.what()) == known_wrong_.end()) {
        known_wrong_.emplace_back(error.what());
        wrong_.emplace_back(error.what());
      }
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

  void keep_pipes() {
    for (const std::filesystem::path& file : files_) {
      if (file == "-" || look_at(file).kind == Found::Kind::other) {
        read_file(file, [&](const JsonRecord& record) { kept_[file.string()].push_back(record); });
      }
    }
  }

  void read_file(const std::filesystem::path& file, const std::function<void(const JsonRecord&)>& use) {
    RecordReader reader(file);
    int failures = 0;
    for (bool more = true; more && failures < 1000;) {
      std::optional<JsonRecord> record;
      const bool fine = guarded([&] {
        record = reader.next();
        more = record.has_value();
      });
      failures += fine ? 0 : 1;
      if (record) use(*record);
    }
  }

  void for_each_record(const std::function<void(const JsonRecord&)>& use) {
    RowFilter filter(fields_.where);
    for (const std::filesystem::path& file : files_) {
      file_ = &file;
      const auto one = [&](const JsonRecord& record) {
        bool kept = false;
        if (!guarded([&] { kept = filter.keeps(record); }) || !kept) return;
        records_ += first_pass_ ? 1 : 0;
        guarded([&] { use(record); });
      };
      const auto kept = kept_.find(file.string());
      if (kept != kept_.end()) {
        for (const JsonRecord& record : kept->second) one(record);
      } else {
        read_file(file, one);
      }
    }
    filter.check_fields(files_.front().string());
    if (first_pass_) filter.check_kept({}, files_.front().string());
    filter_dropped_ = filter.dropped();
  }

  std::string id_of(const JsonRecord& record) {
    const Layout& layout = finder_.so_far();
    std::string id = flexible_text(record, layout.id, Part::problem).value_or("");
    if (id.empty()) {
      if (!layout.id.empty())
        record.fail(fmt::format("field '{}' (which problem it is) is missing or empty", layout.id));
      id = layout.attempts.empty() ? file_->filename().string() : fmt::format("{}:{}", file_->string(), record.row());
    }
    return id;
  }

  void find_scale() {
    scale_ = fields_.scale;
    if (layout_.score.empty() || scale_ != ScoreScale::find_out) return;
    scale_ = ScoreScale::probability;
    if (layout_.score == "log_score") scale_ = ScoreScale::log_probability;
    if (scale_ != ScoreScale::probability) return;
    for_each_record([&](const JsonRecord& record) {
      for_each_attempt(record, [&](const JsonRecord& attempt) {
        const auto value = score_of(attempt, layout_.score, fields_.step_scores);
        if (value && !(*value >= 0 && *value <= 1)) scale_ = ScoreScale::logit;
      });
    });
  }

  template <typename Body>
  void for_each_attempt(const JsonRecord& record, const Body& body) {
    if (layout_.attempts.empty()) return body(record);
    for (Value& attempt : attempts_of(record, layout_.attempts))
      body(JsonRecord::of(std::move(attempt), record.place(), record.row()));
  }

  RankedProblem& problem_of(const std::string& id, const JsonRecord& record,
                            const std::vector<std::string>& references) {
    const auto [found, inserted] = index_.emplace(id, result_.problems.size());
    if (!inserted) return result_.problems[found->second];
    RankedProblem problem;
    problem.id = id;
    problem.problem_text = flexible_text(record, layout_.problem_text, Part::problem).value_or("");
    problem.reference_answer = fmt::format("{}", fmt::join(references, " or "));
    if (record.is_text("subject")) problem.subject = record.text("subject");
    if (record.is_integer("level")) problem.level = static_cast<int>(record.integer("level"));
    if (record.is_text("level")) {  // "Level 5"
      const std::string level = record.text("level");
      if (!level.empty() && std::isdigit(static_cast<unsigned char>(level.back())) != 0)
        problem.level = level.back() - '0';
    }
    return result_.problems.emplace_back(std::move(problem));
  }

  Verdict verdict_of(const std::vector<std::string>& references, const std::string& answer) {
    Verdict best = Verdict::different;
    for (const std::string& reference : references) {
      const auto [found, fresh] = judged_.emplace(std::pair(reference, answer), Verdict::unknown);
      if (fresh) found->second = fields_.judge->equal(reference, answer).verdict;
      if (found->second == Verdict::equal) return Verdict::equal;
      if (found->second == Verdict::unknown) best = Verdict::unknown;
    }
    return best;
  }

  // Extracts, compares and counts: the attempt's final form.
  void judge(Candidate& candidate, const std::vector<std::string>& references, std::optional<Label> label) {
    if (candidate.answer.empty() && layout_.answer.empty()) {
      const grade::Extracted extracted = grade::extract(candidate.text);
      if (extracted.found) candidate.answer = extracted.answer;
    }
    candidate.answer_found = !candidate.answer.empty();
    if (candidate.answer_found && is_placeholder(candidate.answer) &&
        std::find(references.begin(), references.end(), candidate.answer) == references.end()) {
      candidate.answer_found = false;
      if (placeholders_++ == 0) placeholder_ = candidate.answer;
    }
    if (candidate.answer_found && !references.empty()) {
      const Verdict verdict = verdict_of(references, candidate.answer);
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

  void add_record(const JsonRecord& record) {
    const std::string id = id_of(record);
    bool whole_solution = false;
    const std::vector<std::string> references = reference_answers(record, layout_.reference, whole_solution);
    golds_extracted_ += whole_solution ? 1 : 0;
    int attempts = 0;
    for_each_attempt(record, [&](const JsonRecord& attempt) {
      ++attempts;
      guarded([&] { add_attempt(id, record, attempt, references); });
    });
    if (attempts > 0) return;
    ++without_attempts_;
    problem_of(id, record, references).candidates.emplace_back();
  }

  void add_attempt(const std::string& id, const JsonRecord& problem_record, const JsonRecord& record,
                   const std::vector<std::string>& references) {
    Candidate candidate;
    candidate.text = flexible_text(record, layout_.text, Part::attempt).value_or("");
    if (!layout_.answer.empty()) {
      if (record.is_list(layout_.answer)) {
        record.fail(
            fmt::format("field '{}' holds a list where an attempt has one answer; if its elements are attempts, name "
                        "it with --attempts",
                        layout_.answer));
      }
      candidate.answer = record.written(layout_.answer).value_or("");
    }
    const std::optional<Label> label = fields_.grade ? std::nullopt : label_of(record, layout_.label);
    if (!label && references.empty()) {
      record.fail(layout_.label.empty() || fields_.grade
                      ? fmt::format("field '{}' (the reference answer) is missing or empty", layout_.reference)
                      : fmt::format("field '{}' (right or wrong) is missing", layout_.label));
    }
    if (const auto value = score_of(record, layout_.score, fields_.step_scores)) {
      if (std::isnan(*value)) record.fail(fmt::format("field '{}' is not a number", layout_.score));
      candidate.score = log_score(*value, scale_, record, layout_.score);
      if (label && !label->unknown) {
        ++scored_labels_;
        scores_like_labels_ += (label->right ? *value == 1 : *value == 0 || *value == -1) ? 1 : 0;
      }
    }
    if (!layout_.log_prob.empty() && record.is_number(layout_.log_prob))
      candidate.log_prob = record.number(layout_.log_prob);
    if (!layout_.tokens.empty() && record.is_integer(layout_.tokens))
      candidate.num_tokens = static_cast<int>(record.integer(layout_.tokens));
    const std::optional<Label> given = fields_.grade ? label_of(record, layout_.label) : label;
    judge(candidate, references, given);
    RankedProblem& problem = problem_of(id, problem_record, references);
    const bool greedy = layout_.attempts.empty() && record.is_integer("index") && record.integer("index") == -1;
    if (greedy) {
      problem.greedy = std::move(candidate);
    } else {
      problem.candidates.push_back(std::move(candidate));
    }
  }

  void make_notes() {
    std::string how = layout_.attempts.empty() ? "a line is an attempt"
                                               : fmt::format("a line is a problem, attempts in '{}'", layout_.attempts);
    const auto add = [&](const char* role, const std::string& field) {
      if (!field.empty()) how += fmt::format("; {} '{}'", role, field);
    };
    const bool by_comparison = layout_.label.empty() || fields_.grade;
    add("problem", layout_.id);
    if (layout_.answer.empty())
      how += fmt::format("; answers extracted from '{}'", layout_.text.empty() ? layout_.attempts : layout_.text);
    add("answer", layout_.answer);
    add(by_comparison ? "labels by comparison with" : "reference", layout_.reference);
    if (!fields_.grade) add("label", layout_.label);
    add("score", layout_.score);
    if (!layout_.score.empty()) {
      how += scale_ == ScoreScale::probability       ? " (a probability)"
             : scale_ == ScoreScale::log_probability ? " (the logarithm of a probability)"
                                                     : " (a logit: S = 1 / (1 + exp(-score)))";
    }
    result_.notes.insert(result_.notes.begin(), how);
    result_.notes.insert(result_.notes.end(), layout_.notes.begin(), layout_.notes.end());
    note_counts();
  }

  void note_counts() {
    std::vector<std::string>& notes = result_.notes;
    if (filter_dropped_ > 0) notes.push_back(fmt::format("{} rows were left out by --where", filter_dropped_));
    if (layout_.score_is_steps) {
      notes.push_back(fmt::format(
          "'{}' holds one score a step; an attempt's is the {} of them (--step-scores last|minimum|product|mean)",
          layout_.score, to_string(fields_.step_scores)));
    }
    if (const grade::Conventions& conventions = fields_.judge->conventions(); conventions != grade::Conventions{}) {
      notes.push_back(fmt::format("answers are compared with {}", grade::to_text(conventions)));
    }
    if (skipped_ > 0) notes.push_back(fmt::format("{} lines or attempts were left out", skipped_));
    if (compared_ > 0) {
      notes.push_back(fmt::format("labels agree with this program's grader on {} of {} answers", agreed_, compared_));
    }
    if (scored_labels_ > 0 && scored_labels_ == scores_like_labels_) {
      notes.push_back(
          fmt::format("the score '{}' equals the label of every attempt: what is ranked by it is ranked by the truth, "
                      "not by a verifier (--score none)",
                      layout_.score));
    }
    if (golds_extracted_ > 0)
      notes.push_back(fmt::format("{} references in '{}' are whole solutions: the answer at their end counts",
                                  golds_extracted_, layout_.reference));
    if (without_attempts_ > 0) {
      notes.push_back(
          fmt::format("{} problems have no attempt: each counts as one attempt without an answer, which is wrong",
                      without_attempts_));
    }
    if (placeholders_ > 0)
      notes.push_back(fmt::format("{} answers such as '{}' stand for none: they do not vote and are not right",
                                  placeholders_, placeholder_));
    if (right_but_unreadable_ > 0) {
      notes.push_back(fmt::format("{} attempts are labelled right but have no readable answer: they count as wrong",
                                  right_but_unreadable_));
    }
  }

  std::span<const std::filesystem::path> files_;
  const LabelledFields& fields_;
  LayoutFinder finder_;
  Layout layout_;
  const std::filesystem::path* file_ = nullptr;
  std::map<std::string, std::vector<JsonRecord>> kept_;  // of pipes, which are read only once
  ScoreScale scale_ = ScoreScale::find_out;
  std::map<std::string, std::size_t> index_;
  std::map<std::pair<std::string, std::string>, Verdict> judged_;
  std::vector<std::string> wrong_, known_wrong_;
  std::size_t skipped_ = 0;
  bool first_pass_ = false;
  std::int64_t records_ = 0, filter_dropped_ = 0;
  int compared_ = 0, agreed_ = 0, right_but_unreadable_ = 0, placeholders_ = 0, without_attempts_ = 0,
      golds_extracted_ = 0;
  int scored_labels_ = 0, scores_like_labels_ = 0;
  std::string placeholder_;
  LabelledAttempts result_;
};

}  // namespace

LabelledAttempts read_labelled(std::span<const std::filesystem::path> files, const LabelledFields& fields) {
  if (files.empty()) fail_user("no file was given");
  return Reader(files, fields).run();
}

}  // namespace ft::rerank
