#include "datasets/prm800k.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "datasets/files.h"
#include "framework/base/reading.h"
#include "framework/grade/grade.h"
#include "framework/grade/judge.h"

namespace ft {
namespace {

constexpr std::string_view kAnswerHead = "# Answer";

// Counts for the notes.
struct Drops {
  int wrong_step = 0, wrong_answer = 0, no_answer = 0, rewritten = 0, not_stated = 0, doubles = 0, trials = 0;
};

// One step a line; the answer's heading stands apart.
std::string joined(const std::vector<std::string>& steps) {
  std::string text;
  for (const std::string& step : steps) {
    if (!text.empty()) text += step.starts_with(kAnswerHead) ? "\n\n" : "\n";
    text += step;
  }
  return text;
}

// Without what LaTeX writes in several ways: blanks, dollars, \left and \right, thousands commas, d and t of fractions.
std::string bare(std::string_view text) {
  std::string out(text);
  for (std::string_view what : {"\\left", "\\right", "\\!", "\\,", " ", "\n", "\t", "$", ","}) {
    for (auto at = out.find(what); at != std::string::npos; at = out.find(what, at)) out.erase(at, what.size());
  }
  for (std::string_view what : {"\\dfrac", "\\tfrac"}) {
    for (auto at = out.find(what); at != std::string::npos; at = out.find(what, at)) out.erase(at + 1, 1);
  }
  return out;
}

// True when one of the last three steps holds the answer, not as a part of a longer number.
bool states(const std::vector<std::string>& steps, std::string_view answer) {
  constexpr std::size_t kLast = 3;
  const std::string wanted = bare(answer);
  const auto digit = [](const std::string& text, std::size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  if (wanted.empty()) return false;
  const bool starts_with_digit = digit(wanted, 0), ends_with_digit = digit(wanted, wanted.size() - 1);
  for (std::size_t i = steps.size() - std::min(kLast, steps.size()); i < steps.size(); ++i) {
    const std::string step = bare(steps[i]);
    for (auto at = step.find(wanted); at != std::string::npos; at = step.find(wanted, at + 1)) {
      const bool longer_before = starts_with_digit && at > 0 && (digit(step, at - 1) || step[at - 1] == '.');
      const std::size_t end = at + wanted.size();
      const bool longer_after =
          ends_with_digit && (digit(step, end) || (end < step.size() && step[end] == '.' && digit(step, end + 1)));
      if (!longer_before && !longer_after) return true;
    }
  }
  return false;
}

// Nothing where the record is no complete, right solution; then `drops` says why.
std::optional<std::string> human_solution(const JsonRecord& record, Drops& drops) {
  const auto label = record.optional_boolean("label");
  if (!label.has_value()) {
    ++(record.integer("first_error") >= 0 ? drops.wrong_step : drops.no_answer);
    return std::nullopt;
  }
  if (!*label) {
    ++drops.wrong_answer;
    return std::nullopt;
  }
  if (record.integer("first_error") >= 0) {
    ++drops.wrong_step;
    return std::nullopt;
  }
  const std::string text = joined(record.texts("steps"));
  if (text.find(kAnswerHead) == std::string::npos) record.fail("'label' is true, but no step holds '# Answer'");
  return text;
}

std::optional<std::string> original_solution(const JsonRecord& record, Drops& drops) {
  if (record.text("kind") != "original") {
    ++drops.rewritten;
    return std::nullopt;
  }
  const std::vector<std::string> steps = record.texts("steps");
  const std::string text = joined(steps);
  if (text.find(kAnswerHead) != std::string::npos) return text;
  const std::string answer = record.text("answer");
  const grade::Extracted boxed = grade::extract(text);
  const bool stated =
      states(steps, answer) || (boxed.found && grade::equal(answer, boxed.answer).verdict == Verdict::equal);
  if (record.integer("first_error") >= 0 || !stated) {
    ++drops.not_stated;
    return std::nullopt;
  }
  return fmt::format("{}\n\n{}\n\n{}", text, kAnswerHead, answer);
}

class Collector {
 public:
  explicit Collector(const ProblemSetSpec& spec) : spec_(spec) {}

  void add(const JsonRecord& record, std::string solution) {
    add(record, record.text("problem_id"), record.text("problem"), record.text("answer"), std::move(solution));
  }
  void add(const JsonRecord& record, const std::string& id, const std::string& text, const std::string& answer,
           std::string solution) {
    if (!in_split(spec_, text)) return;
    const auto [found, is_new] = places_.try_emplace(id, problems_.size());
    if (is_new) problems_.push_back({.id = id, .text = text, .answer = answer, .dataset = "prm800k"});
    Problem& problem = problems_[found->second];
    if (problem.text != text && !is_text_id(id))
      record.fail(fmt::format("problem '{}' has another text than before", id));
    if (std::ranges::any_of(problem.solutions, [&](const Solution& s) { return s.text == solution; })) {
      ++drops.doubles;
    } else {
      problem.solutions.push_back({std::move(solution), "prm800k"});
      ++num_solutions_;
    }
  }

  [[nodiscard]] int num_solutions() const { return num_solutions_; }
  [[nodiscard]] std::vector<Problem> take() { return std::move(problems_); }

  Drops drops;

 private:
  const ProblemSetSpec& spec_;
  std::vector<Problem> problems_;
  std::map<std::string, std::size_t> places_;
  int num_solutions_ = 0;
};

constexpr std::array<const char*, 2> kParts = {"human_steps_train.jsonl.gz", "prmbench_train.jsonl.gz"};
constexpr std::array<const char*, 2> kPublished = {"phase1_train.jsonl", "phase2_train.jsonl"};

bool is_published(const ProblemSetSpec& spec) {
  const auto has = [&](const char* name) { return is_there(dataset_file(spec, name)); };
  return !has(kParts[0]) && (has(kPublished[0]) || has(kPublished[1]));
}

// The step that people chose, or wrote where none of the offered ones would do.
std::optional<std::string> chosen_step(const JsonRecord& step) {
  if (const auto chosen = step.optional_integer("chosen_completion")) {
    const std::vector<JsonRecord> offered = step.records("completions");
    if (*chosen < 0 || std::cmp_greater_equal(*chosen, offered.size()))
      step.fail(fmt::format("'chosen_completion' is {} of {}", *chosen, offered.size()));
    return offered[static_cast<std::size_t>(*chosen)].text("text");
  }
  if (step.is_text("human_completion")) return step.text("human_completion");
  return step.has("human_completion") ? step.optional_text("human_completion.text") : std::nullopt;
}

// Of a record as it is published; nothing where it is no complete, right solution.
std::optional<std::string> published_solution(const JsonRecord& record, const grade::Judge& judge, Drops& drops) {
  for (const char* trial : {"is_quality_control_question", "is_initial_screening_question"}) {
    if (!record.optional_boolean(trial).value_or(false)) continue;
    ++drops.trials;
    return std::nullopt;
  }
  if (record.optional_text("label.finish_reason").value_or("") != "solution") {
    ++drops.wrong_step;
    return std::nullopt;
  }
  std::vector<std::string> steps;
  for (const JsonRecord& step : record.records("label.steps")) {
    const auto text = chosen_step(step);
    if (!text) {
      ++drops.no_answer;
      return std::nullopt;
    }
    steps.push_back(*text);
  }
  const std::string text = joined(steps);
  const auto head = text.rfind(kAnswerHead);
  if (head == std::string::npos) {
    ++drops.no_answer;
    return std::nullopt;
  }
  std::string answer = text.substr(head + kAnswerHead.size());
  answer.erase(0, answer.find_first_not_of(" \n"));
  if (judge.equal(record.text("question.ground_truth_answer"), answer).verdict != Verdict::equal) {
    ++drops.wrong_answer;
    return std::nullopt;
  }
  return text;
}

std::vector<Problem> load_published(const ProblemSetSpec& spec, LoadNotes& notes) {
  Collector collector(spec);
  const grade::Judge judge({.rules = grade::Conventions::Rules::prm800k});
  for (const std::filesystem::path& file : prm800k_files(spec)) {
    ProblemLines lines(spec, file);
    while (const auto record = lines.next()) {
      auto solution = published_solution(*record, judge, collector.drops);
      if (!solution) continue;
      const std::string text = record->text("question.problem");
      collector.add(*record, text_id(text), text, record->text("question.ground_truth_answer"), std::move(*solution));
    }
  }
  const int num_solutions = collector.num_solutions();
  std::vector<Problem> problems = collector.take();
  const Drops& drops = collector.drops;
  notes.push_back(fmt::format(
      "prm800k, as published: {} right and complete solutions of {} problems in split '{}'; of the whole files "
      "dropped: "
      "{} trial questions, {} that were given up or end at a wrong step, {} with a wrong answer, {} without an answer; "
      "{} doubles",
      num_solutions, problems.size(), spec.split, drops.trials, drops.wrong_step, drops.wrong_answer, drops.no_answer,
      drops.doubles));
  return problems;
}

}  // namespace

std::vector<std::filesystem::path> prm800k_files(const ProblemSetSpec& spec) {
  const auto& names = is_published(spec) ? kPublished : kParts;
  return {dataset_file(spec, names[0]), dataset_file(spec, names[1])};
}

std::vector<Problem> load_prm800k(const ProblemSetSpec& spec, LoadNotes& notes) {
  if (is_published(spec)) return load_published(spec, notes);
  Collector collector(spec);
  const auto files = prm800k_files(spec);
  ProblemLines human(spec, files[0]);
  while (const auto record = human.next()) {
    if (auto solution = human_solution(*record, collector.drops)) collector.add(*record, std::move(*solution));
  }
  ProblemLines originals(spec, files[1]);
  while (const auto record = originals.next()) {
    if (auto solution = original_solution(*record, collector.drops)) collector.add(*record, std::move(*solution));
  }
  const int num_solutions = collector.num_solutions();
  std::vector<Problem> problems = collector.take();
  const Drops& drops = collector.drops;
  notes.push_back(
      fmt::format("prm800k: {} right and complete solutions of {} problems in split '{}'; of the whole files dropped: "
                  "{} with a step "
                  "marked wrong, {} with a wrong answer, {} without an answer, {} rewritten by another model, {} whose "
                  "last steps do "
                  "not state the reference answer; {} doubles",
                  num_solutions, problems.size(), spec.split, drops.wrong_step, drops.wrong_answer, drops.no_answer,
                  drops.rewritten, drops.not_stated, drops.doubles));
  return problems;
}

DatasetInfo prm800k_info() {
  return {.name = "prm800k",
          .title = "PRM800K, step-by-step solutions of MATH problems (parts of it)",
          .licence = "MIT, Copyright (c) 2023 OpenAI; PRMBench: Apache-2.0",
          .citation =
              "Lightman et al. 2023, Let's Verify Step by Step, arXiv 2305.20050; Song et al. 2025, PRMBench, "
              "arXiv 2501.03124",
          .answer_format = "one step a line, then a line '# Answer' and the answer",
          .caution =
              "solutions were written by GPT-4: its maker's terms of use may limit what models trained on them "
              "are used for"};
}

}  // namespace ft
