// given_attempts: attempts that somebody else has made, in the form in which this run's own are sealed: so they are graded,
// train verifiers, are ranked and reported, and right ones become training data, as if they had been sampled here.
//
//   problems:
//     theirs: {dataset: jsonl, path: completions.parquet, problem_field: prompt, solution_field: responses,
//              answer_field: answer, holds: attempts}
//   stages:
//     attempts: {recipe: given_attempts, problems: theirs}
//     verifier: {recipe: verifier_sft, model: base, attempts: attempts}

#include <algorithm>

#include "framework/problem/attempt.h"
#include "framework/problem/attempt_files.h"
#include "framework/problem/attempt_reader.h"
#include "framework/problem/given_attempt.h"
#include "framework/problem/records.h"
#include "framework/recipe/problem_spool.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/reference_check.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/stage_check.h"
#include "framework/recipe/stage_context.h"

namespace ft {
namespace {

bool is_given(const Problem& problem) {
  return std::ranges::all_of(problem.solutions, [](const Solution& one) { return one.style == kGivenAttempt; });
}

class GivenAttempts final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("problems", problems_, "problems", "a problem set that holds attempts (holds: attempts)");
  }

  ArtifactKind output() const override { return ArtifactKind::attempts; }
  bool uses_prompts() const override { return false; }
  bool uses_seed() const override { return false; }

  void check_inputs(StageCheck& check) const override {
    const ProblemsToCheck& set = check.problems(problems_);
    if (!std::ranges::all_of(set.problems, is_given)) {
      check.fail("problems", fmt::format("name '{}', whose solutions are there to learn from; if they are attempts, "
                                         "that set says so: holds: attempts",
                                         problems_));
    }
    const bool any = std::ranges::any_of(set.problems, [](const Problem& one) { return !one.solutions.empty(); });
    if (set.whole && !any)
      check.fail("problems", fmt::format("name '{}', in which no problem has an attempt", problems_));
    if (const auto ungradable = describe_ungradable(set.problems))
      check.warn("problems", fmt::format("name '{}': {}", problems_, *ungradable));
  }

  void run(StageContext& stage) override {
    Communicator& world = stage.groups.world;
    std::int64_t attempts = 0, most = 0;  // on rank 0, which reads the set
    const ProblemSpool spool(
        world, stage.work.path() / ".problems.partial",
        [&](std::int64_t count) {
          return problems_a_file(std::max<std::int64_t>(1, attempts / std::max<std::int64_t>(1, count)), count);
        },
        [&] {
          std::vector<Problem> problems = stage.inputs.problems_with_attempts(problems_);
          std::int64_t without = 0;
          for (Problem& problem : problems) {
            if (problem.solutions.empty()) {  // else it would be left out, as if nobody had asked for it
              ++without;
              problem.solutions.push_back({"", std::string(kGivenAttempt)});
            }
            attempts += std::ssize(problem.solutions);
            most = std::max<std::int64_t>(most, std::ssize(problem.solutions));
          }
          if (without > 0) {
            stage.log.warn(
                "{} of {} problems have no attempt: each counts as one attempt without an answer, which is wrong",
                without, problems.size());
          }
          return problems;
        });
    stage.log.info("{} attempts at {} problems, up to {} each", attempts, spool.num_problems(), most);
    const auto body = [&]() -> nlohmann::ordered_json {
      return {{kProblemsPerFile, spool.end_of(0)},
              {"summary",
               {{"problems", spool.num_problems()}, {"per_problem", most}, {"greedy", false}, {"attempts", attempts}}}};
    };
    stage.output.seal_pieces(body, [&](FolderWriter& folder) {
      for (std::int64_t block = world.rank(); block < spool.num_blocks(); block += world.size())
        write(spool.read(block), block, folder);
    });
  }

 private:
  // Tokens and log-probability are not known: 0 tokens say so (rerank/own_attempts.h).
  static void write(std::vector<Problem> problems, std::int64_t block, FolderWriter& folder) {
    std::string lines, of_problems;
    for (Problem& problem : problems) {
      int index = 0;
      for (Solution& solution : problem.solutions)
        lines += to_json_line(Attempt{problem.id, index++, std::move(solution.text), true}) + "\n";
      problem.solutions.clear();
      of_problems += to_json_line(problem) + "\n";
    }
    folder.write(attempts_name(block), lines);
    folder.write(problems_name(block), of_problems);
  }

  std::string problems_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::GivenAttempts, "given_attempts", "1")
