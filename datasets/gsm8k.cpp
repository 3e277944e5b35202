#include "datasets/gsm8k.h"

#include <algorithm>

#include "datasets/files.h"

namespace ft {
namespace {

constexpr std::string_view kMarker = "####";
constexpr std::size_t kOfficialTest = 1319;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string final_answer(const JsonRecord& record, const std::string& solution) {
  const auto at = solution.rfind(kMarker);
  std::string answer = at == std::string::npos ? "" : trimmed(std::string_view(solution).substr(at + kMarker.size()));
  std::erase(answer, ',');
  if (answer.empty()) record.fail("field 'answer' does not end with '#### <number>', as GSM8K's solutions do");
  const auto given = record.optional_text("final");
  if (given && *given != answer) {
    record.fail(fmt::format("field 'final' is '{}', but the solution ends with '#### {}'", *given, answer));
  }
  return answer;
}

}  // namespace

std::string strip_calculator_notes(std::string_view solution) {
  std::string text;
  while (true) {
    const auto open = solution.find("<<");
    const auto close = open == std::string_view::npos ? open : solution.find(">>", open);
    const auto line_end = open == std::string_view::npos ? open : solution.find('\n', open);
    if (close == std::string_view::npos) return text += solution;
    if (close > line_end) {  // not closed on its line
      text += solution.substr(0, line_end);
      solution.remove_prefix(line_end);
    } else {
      text += solution.substr(0, open);
      solution.remove_prefix(close + 2);
    }
  }
}

std::vector<std::filesystem::path> gsm8k_files(const ProblemSetSpec& spec) {
  return {dataset_file(spec, spec.split == "test" ? "test.jsonl" : "train.jsonl")};
}

std::vector<Problem> load_gsm8k(const ProblemSetSpec& spec, LoadNotes& notes) {
  std::vector<Problem> problems;
  ProblemLines reader(spec, gsm8k_files(spec).front());
  std::size_t num_records = 0;
  while (const auto record = reader.next()) {
    const std::string file_split = spec.split == "test" ? "test" : "train";
    const std::string id = fmt::format("gsm8k-{}-{:04}", file_split, num_records++);
    Problem problem{.id = record->optional_text("id").value_or(id), .text = record->text("question")};
    const std::string solution = record->text("answer");
    problem.answer = final_answer(*record, solution);
    problem.solutions = {{spec.calculator == "strip" ? strip_calculator_notes(solution) : solution, "gsm8k"}};
    problem.dataset = "gsm8k";
    if (spec.split == "test" || in_split(spec, problem.text)) problems.push_back(std::move(problem));
  }
  if (spec.split == "test" && spec.first_lines == 0 && num_records < kOfficialTest) {
    notes.push_back(
        fmt::format("gsm8k: this test file holds {} of the {} official problems; scores on it are close to, "
                    "but not the same as, official scores",
                    num_records, kOfficialTest));
  }
  return problems;
}

DatasetInfo gsm8k_info() {
  return {.name = "gsm8k",
          .title = "GSM8K, grade-school word problems",
          .licence = "MIT, Copyright (c) 2021 OpenAI",
          .citation = "Cobbe et al. 2021, Training Verifiers to Solve Math Word Problems, arXiv 2110.14168",
          .answer_format = "last line: #### <number>",
          .caution = ""};
}

}  // namespace ft
