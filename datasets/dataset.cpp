#include "datasets/dataset.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "datasets/arithmetic.h"
#include "datasets/files.h"
#include "datasets/gsm8k.h"
#include "datasets/jsonl.h"
#include "datasets/math.h"
#include "datasets/prm800k.h"
#include "framework/problem/given_attempt.h"

namespace ft {
namespace {

// About half a second of parsing.
constexpr std::uintmax_t kLargeFile = 32 << 20;
constexpr std::int64_t kFirstLines = 20'000;

std::vector<std::filesystem::path> no_files(const ProblemSetSpec&) { return {}; }

std::vector<Problem> load_arithmetic(const ProblemSetSpec& spec, LoadNotes&) {
  const std::int64_t count = spec.limit > 0 ? spec.limit : arithmetic_default_count(spec.split);
  return arithmetic_problems(spec.arithmetic, spec.split, count, spec.place);
}

DatasetInfo arithmetic_info() {
  return {.name = "arithmetic",
          .title = "arithmetic, generated word problems",
          .licence = "Apache-2.0, part of this project",
          .citation = "generated from a seed by this project",
          .answer_format = "fine: '# Answer' and the number; terse: \\boxed{}",
          .caution =
              "training solutions hold slips on purpose (swap_probability, omit_probability), which stand for "
              "the errors of people and models; every answer is graded against the truth"};
}

// All that the project knows of a data set.
struct Dataset {
  DatasetInfo (*info)();
  std::vector<std::filesystem::path> (*files)(const ProblemSetSpec&);
  std::vector<Problem> (*load)(const ProblemSetSpec&, LoadNotes&);
};

constexpr std::array<Dataset, 5> kDatasets = {{{arithmetic_info, no_files, load_arithmetic},
                                               {gsm8k_info, gsm8k_files, load_gsm8k},
                                               {math_info, math_files, load_math},
                                               {prm800k_info, prm800k_files, load_prm800k},
                                               {jsonl_info, jsonl_files, load_jsonl}}};

const Dataset& find(std::string_view name, const Place& place) {
  const std::vector<std::string>& names = dataset_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return kDatasets[i];
  }
  std::string what = fmt::format("there is no data set '{}'; data sets are: {}", name, fmt::join(names, ", "));
  if (const auto near = nearest(name, names)) what += fmt::format("; did you mean '{}'?", *near);
  fail_user(place, what);
}

void check_problems(const ProblemSetSpec& spec, const std::vector<Problem>& problems) {
  std::unordered_set<std::string_view> ids;
  for (const Problem& problem : problems) {
    if (problem.text.find_first_not_of(" \t\r\n") == std::string::npos) {
      fail_user(spec.place, fmt::format("problem '{}' of data set '{}' has an empty text", problem.id, spec.dataset));
    }
    if (!ids.insert(problem.id).second) {
      fail_user(spec.place, fmt::format("data set '{}' holds two problems with the id '{}'", spec.dataset, problem.id));
    }
  }
  if (problems.empty() && spec.first_lines == 0) {
    fail_user(spec.place, fmt::format("split '{}' of data set '{}' holds no problem", spec.split, spec.dataset));
  }
}

// Joins sets under the rules of load_problems(specs).
class Mixer {
 public:
  void add(Problem problem) {
    const auto found = places_.find(problem.id);
    if (found != places_.end() && problems_[found->second].text == problem.text) {
      join(problems_[found->second], std::move(problem));
      return;
    }
    const auto [same, is_new] = by_text_.try_emplace(text_hash(problem.text), problems_.size());
    if (!is_new && (is_text_id(problem.id) || is_text_id(problems_[same->second].id))) {
      join(problems_[same->second], std::move(problem));
      return;
    }
    if (found != places_.end()) rename(problem);
    places_.emplace(problem.id, problems_.size());
    problems_.push_back(std::move(problem));
  }

  [[nodiscard]] std::vector<Problem> take(LoadNotes& notes) {
    std::unordered_map<std::uint64_t, std::size_t> first;
    int doubles = 0;
    std::string example;
    for (std::size_t i = 0; i < problems_.size(); ++i) {
      const auto [found, is_new] = first.try_emplace(text_hash(problems_[i].text), i);
      if (is_new) continue;
      if (doubles++ == 0) example = fmt::format("'{}' and '{}'", problems_[found->second].id, problems_[i].id);
    }
    if (doubles > 0) {
      notes.push_back(
          fmt::format("{} problems have the text of another one, white space aside (such as {}); they are "
                      "kept (in a jsonl set `duplicates: drop` leaves them out)",
                      doubles, example));
    }
    if (joined_ > 0) {
      notes.push_back(fmt::format("{} problems stand in several sets: their solutions were joined", joined_));
    }
    if (renamed_ > 0) {
      notes.push_back(fmt::format("{} problems have the id of another one and were renamed, such as '{}'", renamed_,
                                  renamed_example_));
    }
    return std::move(problems_);
  }

 private:
  void join(Problem& kept, Problem other) {
    ++joined_;
    if (is_text_id(kept.id) && !is_text_id(other.id) &&
        !places_.contains(other.id)) {  // a file's own name is worth more
      places_.emplace(other.id, places_.at(kept.id));
      kept.id = std::move(other.id);
      kept.text = std::move(other.text);
    }
    for (Solution& solution : other.solutions) {
      const bool known =  // of attempts each counts, whatever was said before
          solution.style != kGivenAttempt &&
          std::ranges::any_of(kept.solutions, [&](const Solution& s) { return s.text == solution.text; });
      if (!known) kept.solutions.push_back(std::move(solution));
    }
    if (kept.answer.empty()) kept.answer = other.answer;
    if (kept.subject.empty()) kept.subject = other.subject;
    if (!kept.level) kept.level = other.level;
  }

  void rename(Problem& problem) {
    std::string id = fmt::format("{}/{}", problem.dataset, problem.id);
    for (int k = 2; places_.contains(id); ++k) id = fmt::format("{}-{}/{}", problem.dataset, k, problem.id);
    problem.id = std::move(id);
    if (renamed_++ == 0) renamed_example_ = problem.id;
  }

  std::vector<Problem> problems_;
  std::unordered_map<std::string, std::size_t> places_;
  std::unordered_map<std::uint64_t, std::size_t> by_text_;  // the first of each text
  int joined_ = 0, renamed_ = 0;
  std::string renamed_example_;
};

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Dataset& dataset : kDatasets) list.push_back(dataset.info().name);
    return list;
  }();
  return names;
}

DatasetInfo dataset_info(std::string_view dataset) { return find(dataset, {}).info(); }

std::vector<std::filesystem::path> input_files(const ProblemSetSpec& spec) {
  return find(spec.dataset, spec.place).files(spec);
}

std::vector<Problem> load_problems(const ProblemSetSpec& spec, LoadNotes* notes) {
  check(spec);
  LoadNotes ignored;
  std::vector<Problem> problems = find(spec.dataset, spec.place).load(spec, notes != nullptr ? *notes : ignored);
  apply_limit(spec, problems);
  check_problems(spec, problems);
  return problems;
}

std::vector<Problem> first_problems(std::span<const ProblemSetSpec> specs, bool& whole) {
  whole = true;
  std::vector<ProblemSetSpec> limited(specs.begin(), specs.end());
  for (ProblemSetSpec& spec : limited) {
    for (const auto& file : input_files(spec)) {
      std::error_code error;
      if (std::filesystem::file_size(file, error) > kLargeFile && !error) spec.first_lines = kFirstLines;
    }
    whole = whole && spec.first_lines == 0;
  }
  return load_problems(limited);
}

std::vector<Problem> load_problems(std::span<const ProblemSetSpec> specs, LoadNotes* notes) {
  FT_CHECK(!specs.empty(), "a problem set needs at least one data set");
  LoadNotes ignored;
  LoadNotes& said = notes != nullptr ? *notes : ignored;
  Mixer mixer;
  for (const ProblemSetSpec& spec : specs) {
    for (Problem& problem : load_problems(spec, &said)) mixer.add(std::move(problem));
  }
  return mixer.take(said);
}

}  // namespace ft
