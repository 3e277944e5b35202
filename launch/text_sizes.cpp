#include "launch/text_sizes.h"

#include <algorithm>

#include "framework/base/error.h"
#include "framework/batching/examples.h"
#include "framework/problem/attempt_files.h"

namespace ft {
namespace {

// Bytes of one thing in memory beside its text: the struct, its vectors and strings, their blocks in the heap.
constexpr double kProblem = 450, kAttempt = 420;
// Of a problem that is only counted: where it stands, which of its attempts are there, what a table notes of it.
constexpr double kCounted = 700;
// Attempts that lie in one file of what is sealed, which is what a rank holds of them at most.
constexpr auto kInFile = static_cast<double>(kAttemptsAFile);
// Of a ranking: what an attempt adds, and where that ends, since tables are written down in pages (rerank/table_share.h).
constexpr double kRanked = 110, kMostRanked = 40e6;
// Of one example in its file beside its tokens, its line of the index included (batching/example_block.h).
constexpr double kExample = 100;

const Input* input_of_sort(const StagePlan& stage, std::string_view what) {
  for (const Input& input : stage.inputs) {
    if (input.what == what && !input.names.empty()) return &input;
  }
  return nullptr;
}

const std::vector<Problem>& problems_of(const RunPlan& plan, const RunServices& services, const std::string& name,
                                        ProblemSets& known) {
  const auto [place, fresh] = known.try_emplace(name);
  const auto set = plan.problems.find(name);
  if (!fresh || set == plan.problems.end()) return place->second;
  try {
    place->second = services.load_problems(set->second);
  } catch (const UserError&) {
  }
  return place->second;
}

double text_bytes(const Problem& problem) {
  auto sum = static_cast<double>(problem.text.size());
  for (const Solution& solution : problem.solutions) sum += static_cast<double>(solution.text.size()) + 64;
  return sum;
}

// What a set of problems amounts to, by every n-th of them.
struct Sample {
  double tokens_per_solution = 0, bytes_per_solution = 0;
};

Sample take_sample(const std::vector<Problem>& problems, const ExampleBuilder& build) {
  constexpr std::size_t kWanted = 64;
  Sample sample;
  double solutions = 0;
  for (std::size_t i = 0; i < problems.size(); i += std::max<std::size_t>(1, problems.size() / kWanted)) {
    try {
      if (problems[i].solutions.empty()) continue;
      sample.tokens_per_solution += static_cast<double>(build.solution(problems[i], 0).num_tokens());
      sample.bytes_per_solution += static_cast<double>(problems[i].solutions.front().text.size());
      ++solutions;
    } catch (const UserError&) {  // a text that the vocabulary cannot express: the run will name it
    }
  }
  sample.tokens_per_solution /= std::max(1.0, solutions);
  sample.bytes_per_solution /= std::max(1.0, solutions);
  return sample;
}

std::int64_t longest_prompt(const std::vector<Problem>& problems, const ExampleBuilder& build) {
  constexpr std::size_t kTried = 8;
  std::vector<const Problem*> longest;
  for (const Problem& problem : problems) longest.push_back(&problem);
  const auto middle = longest.begin() + static_cast<std::ptrdiff_t>(std::min(kTried, longest.size()));
  std::partial_sort(longest.begin(), middle, longest.end(),
                    [](const Problem* a, const Problem* b) { return a->text.size() > b->text.size(); });
  std::int64_t tokens = 0;
  for (auto problem = longest.begin(); problem != middle; ++problem) {
    try {
      tokens = std::max(tokens, std::ssize(build.solver_prompt((*problem)->text)));
    } catch (const UserError&) {
    }
  }
  return tokens;
}

// Problems with their first solutions, as they stand before a problem.
std::int64_t tokens_of_solved(const std::vector<Problem>& problems, const ExampleBuilder& build) {
  std::int64_t tokens = 0;
  for (const Problem& problem : problems) {
    try {
      if (!problem.solutions.empty()) tokens += build.solution(problem, 0).num_tokens();
    } catch (const UserError&) {
    }
  }
  return tokens;
}

// In bytes.
double longest_solution(const std::vector<Problem>& problems) {
  std::size_t longest = 0;
  for (const Problem& problem : problems)
    for (const Solution& solution : problem.solutions) longest = std::max(longest, solution.text.size());
  return static_cast<double>(longest);
}

double count_solutions(const std::vector<Problem>& problems) {
  double solutions = 0;
  for (const Problem& problem : problems) solutions += static_cast<double>(problem.solutions.size());
  return solutions;
}

}  // namespace

TextSizes text_sizes(const RunPlan& plan, const RunServices& services, const StagePlan& stage,
                     const Tokenizer& tokenizer, ProblemSets& known) {
  TextSizes sizes;
  const Input* attempts_input = input_of_sort(stage, kGradedInput);
  if (attempts_input == nullptr) attempts_input = input_of_sort(stage, "attempts");
  const StagePlan* attempts = attempts_input == nullptr ? nullptr : plan.find_stage(attempts_input->names.front());
  const Input* set = input_of_sort(attempts == nullptr ? stage : *attempts, "problems");
  if (set == nullptr) return sizes;
  const std::vector<Problem>& problems = problems_of(plan, services, set->names.front(), known);
  const ExampleBuilder build(tokenizer, plan.prompts);
  const Sample sample = take_sample(problems, build);
  sizes.problems = std::ssize(problems);
  sizes.longest_prompt = longest_prompt(problems, build);
  const auto shown = std::ranges::find(stage.inputs, "demonstrations", &Input::key);
  if (shown != stage.inputs.end() && !shown->names.empty())
    sizes.longest_prompt += tokens_of_solved(problems_of(plan, services, shown->names.front(), known), build);
  double bytes_of_problems = 0;
  for (const Problem& problem : problems) bytes_of_problems += kProblem + text_bytes(problem);
  const auto count = static_cast<double>(problems.size());
  const StagePlan& sampler = attempts == nullptr ? stage : *attempts;
  const auto* sampling = std::get_if<SamplingWork>(&sampler.work);  // null: attempts are given
  const double made = sampling == nullptr ? count_solutions(problems) : count * (sampling->per_problem + 1);
  sizes.attempts = made;
  const double longest = sampling == nullptr ? sample.tokens_per_solution * longest_solution(problems) /
                                                   std::max(1.0, sample.bytes_per_solution)
                                             : sampling->max_new_tokens;
  sizes.longest_attempt = static_cast<double>(sizes.longest_prompt) + longest;
  const double attempt = kAttempt + sample.bytes_per_solution;
  switch (stage.recipe->output()) {
    case ArtifactKind::attempts:
      sizes.bytes = count * kCounted;
      sizes.collected = 2 * std::min(made, kInFile) * attempt;
      break;
    case ArtifactKind::model:
      if (const auto* training = std::get_if<TrainingWork>(&stage.work);
          attempts == nullptr || training == nullptr || training->pairs_per_problem == 0) {
        sizes.collected = bytes_of_problems;
        sizes.examples = count_solutions(problems);
        sizes.stored = sizes.examples * (kExample + 4 * sample.tokens_per_solution);
      } else {  // each pair has two documents and a solution
        sizes.collected = std::min(made, kInFile) * attempt;
        sizes.examples = count * static_cast<double>(training->pairs_per_problem);
        sizes.stored = sizes.examples * (2 * kExample + 4 * 3 * sample.tokens_per_solution);
      }
      break;
    default:
      sizes.bytes = count * kCounted + 2 * std::min(made, kInFile) * attempt + std::min(made * kRanked, kMostRanked);
      break;
  }
  return sizes;
}

}  // namespace ft
