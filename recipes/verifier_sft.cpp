// verifier_sft: fine-tunes the solver's own weights to tell right solutions from wrong ones, as text completion: after the
// verifier's prompt the next token is "correct" or "incorrect". The second stage of the method.
//
//   verifier: {recipe: verifier_sft, model: solver, attempts: attempts, loss: margin, pairs_per_problem: 10}
//
// An example is a pair of attempts of one problem, or one attempt where no loss needs pairs. Loss terms add up with their
// weights, each divided by its own count over the step: margin (Eq. 8 of the method), cross-entropy over the whole
// vocabulary or over the two verdicts (Eq. 9), likelihood of solutions (the joint loss), and the contrastive
// loss on solution likelihoods (Eq. 10).

#include <algorithm>
#include <limits>
#include <map>
#include <span>

#include "framework/batching/examples.h"
#include "framework/batching/pairs.h"
#include "framework/comm/one_rank.h"
#include "framework/recipe/graded_attempts.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/report_sources.h"
#include "framework/recipe/stage_examples.h"
#include "framework/recipe/training_check.h"
#include "framework/recipe/training_stage.h"
#include "framework/recipe/verifier_check.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

enum class Loss { margin, cross_entropy, both };
enum class CrossEntropyOver { vocabulary, verdicts };
enum class MleOn { reference, right_attempt };
enum class Balance { none, one_to_one };
enum class BestBy { loss, auc };
constexpr auto names_of(Loss) { return std::to_array<std::string_view>({"margin", "cross_entropy", "both"}); }
constexpr auto names_of(CrossEntropyOver) { return std::to_array<std::string_view>({"vocabulary", "verdicts"}); }
constexpr auto names_of(MleOn) { return std::to_array<std::string_view>({"reference", "right_attempt"}); }
constexpr auto names_of(BestBy) { return std::to_array<std::string_view>({"loss", "auc"}); }
constexpr auto names_of(Balance) { return std::to_array<std::string_view>({"none", "one_to_one"}); }

class VerifierSft final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("model", model_, "model", "the model that training starts from: the solver");
    b.required_input("attempts", attempts_, kGradedInput, "the attempts to learn from");
    b.choice("loss", loss_, KeyKind::identity,
             "margin between a right and a wrong attempt, cross-entropy of each verdict, or their sum");
    b.choice("cross_entropy_over", cross_entropy_over_, KeyKind::identity,
             "what the verdict's probability is normalised over");
    b.identity("margin", margin_, "lambda of the margin loss", Range::at_least(0));
    b.identity("margin_weight", margin_weight_, "weight of the margin loss", Range::at_least(0));
    b.identity("cross_entropy_weight", cross_entropy_weight_, "weight of the cross-entropy loss", Range::at_least(0));
    b.identity("mle_weight", mle_weight_, "weight of the likelihood of solutions, trained on beside; 0 = off",
               Range::at_least(0));
    b.choice("mle_on", mle_on_, KeyKind::identity,
             "whose likelihood: the problem's reference solutions, or the right attempt itself (of the pair, or the "
             "judged one)");
    b.identity("contrastive_weight", contrastive_weight_, "weight of the contrastive loss on solutions; 0 = off",
               Range::at_least(0));
    b.identity("contrastive_margin", contrastive_margin_, "lambda of the contrastive loss", Range::at_least(0));
    b.identity("length_exponent", length_exponent_,
               "the contrastive loss divides log-probabilities by length to this power", Range::at_least(0));
    b.identity("pairs_per_problem", pairs_per_problem_, "training examples made of one problem's attempts",
               Range{1, 100000});
    b.choice("balance", balance_, KeyKind::identity,
             "with cross_entropy alone: take attempts as they come, or as many right as wrong");
    b.identity("reference_is_right", reference_is_right_, "reference solutions count as right attempts too");
    b.identity("unreadable_is_wrong", unreadable_is_wrong_, "attempts without a readable answer count as wrong");
    b.input("validation_attempts", validation_attempts_, kGradedInput,
            "held-out attempts whose loss is looked at while training (validate_every), and decides with result: best");
    settings_.validates_otherwise = !validation_attempts_.empty();
    ft::describe(settings_, b);
    b.identity_unless(
        false, "validation_auc", validation_auc_,
        "whether validation looks at the order of the held-out attempts, too: the area under the curve of "
        "their scores");
    b.choice_unless(BestBy::loss, "best_by", best_by_, "what decides which step is the best (result: best)");
    describe_idle(b);
  }

  ArtifactKind output() const override { return ArtifactKind::model; }
  PlannedWork work() const override {
    return TrainingWork{.model = model_,
                        .settings = settings_,
                        .loss = std::string(to_string(loss_)),
                        .margin = margin_,
                        .pairs_per_problem = pairs_per_problem_,
                        .auc = validation_auc_ && !validation_attempts_.empty()};
  }

  void check_inputs(StageCheck& check) const override {
    if (!paired() && contrastive_weight_ > 0)
      check.fail("contrastive_weight", "needs pairs: use loss: margin or loss: both");
    check_something_to_learn(check);
    check_training(check, model_, settings_);
    check_counts(check, "attempts", attempts_);
    if (!validation_attempts_.empty()) check_validation(check);
    if (!check.knows(model_)) return;
    check_verifier_prompts(check, model_, attempts_);
    if (!validation_attempts_.empty()) check_verifier_prompts(check, model_, validation_attempts_);
    check_lengths(check);
  }

  void run(StageContext& stage) override {
    LoadedModel model = load_model(stage, model_);
    const ExampleBuilder build(*model.tokenizer, stage.run.prompts);
    TrainingJob job{.settings = settings_};
    job.weights.margin = margin_;
    job.weights.contrastive_margin = contrastive_margin_;
    job.weights.length_exponent = length_exponent_;
    const auto weight = [&](LossKind kind) -> double& { return job.weights.weight[static_cast<std::size_t>(kind)]; };
    weight(LossKind::margin) = margin_weight_;
    weight(LossKind::cross_entropy_full) = weight(LossKind::cross_entropy_two) = cross_entropy_weight_;
    weight(LossKind::mle) = mle_weight_;
    weight(LossKind::contrastive) = contrastive_weight_;
    job.examples = examples(stage, *model.tokenizer, build, attempts_, job.facts["examples"]);
    if (!validation_attempts_.empty())
      job.validation = examples(stage, *model.tokenizer, build, validation_attempts_, job.facts["validation"]);
    if (validation_auc_ && !validation_attempts_.empty()) {
      const auto open = [graded = graded_attempts(stage, validation_attempts_)] { return graded.open(); };
      job.measure = held_out_auc(stage, model, open, settings_);
      job.measure.decides = best_by_ == BestBy::auc;
    }
    run_training(stage, model, std::move(job));
  }

 private:
  bool paired() const { return loss_ != Loss::cross_entropy; }
  bool uses_margin() const { return paired() && margin_weight_ > 0; }
  bool uses_cross_entropy() const { return loss_ != Loss::margin && cross_entropy_weight_ > 0; }
  bool balanced() const { return balance_ == Balance::one_to_one; }

  void check_something_to_learn(StageCheck& check) const {
    if (uses_margin() || uses_cross_entropy() || contrastive_weight_ > 0 || mle_weight_ > 0) return;
    check.fail(loss_ == Loss::cross_entropy ? "cross_entropy_weight" : "margin_weight",
               fmt::format("is 0: with loss: {} nothing is learnt", to_string(loss_)));
  }

  // Keys that the chosen losses never look at.
  void describe_idle(Binder& b) const {
    const auto no_effect = [&](const char* key, bool unused, std::string_view why) {
      if (unused) b.idle(key, why);
    };
    const std::string loss = fmt::format("loss is {}", to_string(loss_));
    no_effect("margin_weight", !paired(), loss);
    no_effect("margin", !uses_margin(), paired() ? "margin_weight is 0" : loss);
    no_effect("cross_entropy_weight", loss_ == Loss::margin, loss);
    no_effect("cross_entropy_over", !uses_cross_entropy(), loss_ == Loss::margin ? loss : "cross_entropy_weight is 0");
    no_effect("balance", paired(), loss + ", which takes as many right as wrong ones anyway");
    no_effect("contrastive_margin", contrastive_weight_ == 0, "contrastive_weight is 0");
    no_effect("length_exponent", contrastive_weight_ == 0, "contrastive_weight is 0");
    no_effect("mle_on", mle_weight_ == 0, "mle_weight is 0");
    no_effect("validation", true, "a verifier is validated on attempts: validation_attempts");
    if (validation_attempts_.empty()) {
      for (const char* key : {"validate_every", "result", "validation_auc", "best_by"})
        no_effect(key, true, "there are no validation_attempts");
    } else {
      no_effect("best_by", settings_.result == ResultWeights::last, "result: last takes the last step");
    }
  }

  void check_counts(StageCheck& check, const char* key, const std::string& name) const {
    const auto sampled = sampled_per_problem(texts_of(check, name));
    if (sampled == 0)
      check.fail(key, fmt::format("name '{}', whose per_problem is 0: there is nothing to learn from (the "
                                  "greedy attempt is not trained on)",
                                  name));
    if (sampled == 1 && !reference_is_right_ && (paired() || balanced())) {
      check.fail(key, fmt::format("name '{}', whose per_problem is 1: a right and a wrong attempt of one "
                                  "problem are needed; sample more, or set "
                                  "reference_is_right: true",
                                  name));
    }
    if (!paired() && balanced() && pairs_per_problem_ < 2) {
      check.fail(
          "pairs_per_problem",
          "is 1: with loss: cross_entropy and balance: one_to_one it must be at least 2, a right and a wrong attempt");
    }
    for (const ProblemsToCheck* set : problems_of_attempts(check, name)) {
      const auto none = [&](auto has) {
        return set->whole && !set->problems.empty() && std::ranges::none_of(set->problems, has);
      };
      if (none([](const Problem& problem) { return !problem.answer.empty(); })) {
        check.fail(
            key,
            fmt::format("name '{}', whose problems have no reference answers: no attempt is known to be right or wrong",
                        name));
      }
      if (const std::string why = why_nothing_to_learn(set->problems, paired()); set->whole && !why.empty())
        check.warn(key, fmt::format("name '{}': {}", name, why));
      if (!none([](const Problem& problem) { return has_reference(problem); })) continue;
      if (reference_is_right_)
        check.warn("reference_is_right", fmt::format("has no effect: the problems of '{}' have no solutions", name));
      if (mle_weight_ > 0 && mle_on_ == MleOn::reference)
        check.warn("mle_on", fmt::format("is reference, but the problems of '{}' have no solutions", name));
    }
  }

  void check_validation(StageCheck& check) const {
    if (best_by_ == BestBy::auc && settings_.result == ResultWeights::best && !validation_auc_)
      check.fail("best_by", "is auc, but nobody looks at it: set validation_auc: true");
    const StagePlan &learnt = texts_of(check, attempts_), &held = texts_of(check, validation_attempts_);
    if (&learnt == &held) {
      check.fail("validation_attempts", fmt::format("names '{}', from which it learns: name attempts at other problems",
                                                    validation_attempts_));
    }
    check_counts(check, "validation_attempts", validation_attempts_);
    const auto problems = [](const StagePlan& stage) { return input_of(stage, "problems"); };
    if (problems(learnt) == problems(held) && !problems(held).empty()) {
      check.warn("validation_attempts",
                 fmt::format("name '{}', attempts at '{}', from which it learns, too: the loss will "
                             "look better than it is",
                             validation_attempts_, problems(held)));
    }
  }

  // Without any solution the prompt is shortest: where not even that fits, nothing does.
  void check_lengths(StageCheck& check) const {
    const ExampleBuilder build(check.tokenizer(model_), check.prompts());
    for (const ProblemsToCheck* set : problems_of_attempts(check, attempts_)) {
      if (!set->whole || set->looked_at.empty()) continue;
      std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
      for (const Problem* problem : set->looked_at)
        shortest = std::min(shortest, std::ssize(build.verifier_prompt(problem->text, "")));
      const std::string what =
          fmt::format("the verifier's prompt alone, without a solution, has {} tokens or more", shortest);
      if (shortest > settings_.max_length)
        check.fail("max_length", fmt::format("is {}: {}", settings_.max_length, what));
      if (paired() && 2 * shortest > settings_.tokens_per_lane) {
        check.fail("tokens_per_lane",
                   fmt::format("is {}, but a pair needs two prompts, and {}", settings_.tokens_per_lane, what));
      }
    }
  }

  // What is counted beside, of all examples: ExampleTallies::of_recipe. For who must be told that nothing can be learnt.
  enum Count : std::size_t { kProblems, kWithout, kAttempts, kRight, kWrong, kUnreadable, kUnknown, kBoth };

  Examples examples(StageContext& stage, const Tokenizer& tokenizer, const ExampleBuilder& build,
                    const std::string& attempts, nlohmann::ordered_json& facts) const {
    const GradedAttempts graded = graded_attempts(stage, attempts);
    const LengthLimit limit = {.max_length = settings_.max_length,
                               .tokens_per_lane = settings_.tokens_per_lane,
                               .too_long = settings_.too_long};
    const ExampleSource source = {
        .name = attempts,
        .decided_by = decided_by(stage, attempts),
        .begin = [&](const std::filesystem::path&) { return problems_of(stage, graded); },
        .make =
            [&](std::span<const std::int64_t> blocks, const ExampleSource::AddBlock& add_block) {
              make_blocks(stage, build, graded.open(), blocks, add_block);
            }};
    Examples made = stage_examples(stage, tokenizer, limit, source);
    const ExampleTallies& tallies = made.tallies();
    if (made.empty()) fail_user(nothing_to_learn(stage, attempts, tallies));
    const std::int64_t problems = tallies.of_recipe[kProblems], without = tallies.of_recipe[kWithout];
    stage.log.info("{}: {}; {} of {} problems give none (attempts all right, all wrong or undecided)", attempts,
                   tallies.summary(), without, problems);
    facts = {{"attempts", attempts},        {"count", tallies.examples}, {"tokens", tallies.tokens},
             {"too_long", tallies.dropped}, {"problems", problems},      {"problems_without", without}};
    return made;
  }

  // Attempts and their verdicts count by their bytes, which the manifests of their folders name.
  std::vector<std::string> decided_by(StageContext& stage, const std::string& name) const {
    std::string attempts = on_rank_zero(stage.groups.world, "digest of the attempts", [&] {
      const GradedFolders folders = graded_attempts(stage, name).open();
      return folders.attempts.digest() + " " + folders.verdicts.digest();
    });
    return {"verdicts",
            std::move(attempts),
            std::string(to_string(loss_)),
            std::string(to_string(cross_entropy_over_)),
            std::string(to_string(balance_)),
            std::string(mle_weight_ > 0 ? to_string(mle_on_) : ""),
            contrastive_weight_ > 0 ? "contrastive" : "",
            fmt::format("{} {} {} {}", pairs_per_problem_, reference_is_right_, unreadable_is_wrong_, stage.seed())};
  }

  static std::int64_t problems_of(StageContext& stage, const GradedAttempts& graded) {
    std::int64_t problems = 0;
    stage.together("problems of the attempts", [&] {
      if (stage.groups.world.rank() == 0) problems = count_problems(SealedFolder::open(graded.attempts->output));
    });
    return std::stoll(on_rank_zero(stage.groups.world, "number of problems", [&] { return std::to_string(problems); }));
  }

  // Examples stay, so every byte that they are made of is looked at before the first one is made.
  void make_blocks(StageContext& stage, const ExampleBuilder& build, const GradedFolders& folders,
                   std::span<const std::int64_t> blocks, const ExampleSource::AddBlock& add_block) const {
    std::vector<std::pair<Problem, std::vector<GradedAttempt>>> of_block;
    std::int64_t block = 0, block_of_next = 0;
    const auto finish = [&] {
      if (of_block.empty()) return;
      add_block(block, [&](ExampleSet& set) {
        for (auto& [problem, attempts] : of_block) add_problem(stage, build, problem, attempts, set);
      });
      of_block.clear();
    };
    const auto wanted = [&](std::int64_t problem) {
      block_of_next = problem / kProblemsABlock;
      return std::ranges::binary_search(blocks, block_of_next);
    };
    check_graded(folders, wanted, [&] { stage.stop.check(); });
    for_each_graded(folders, wanted, [&](const Problem& problem, std::vector<GradedAttempt> attempts) {
      if (block_of_next != block) finish();
      block = block_of_next;
      of_block.emplace_back(problem, std::move(attempts));
    });
    finish();
  }

  void add_problem(StageContext& stage, const ExampleBuilder& build, const Problem& problem,
                   std::vector<GradedAttempt>& attempts, ExampleSet& set) const {
    count(attempts, set);
    if (reference_is_right_) add_references(problem, attempts);
    const std::size_t before = set.examples().size();
    add_examples(stage, build, problem, attempts, set);
    ++set.of_recipe(kProblems);
    set.of_recipe(kWithout) += set.examples().size() == before ? 1 : 0;
  }

  void count(const std::vector<GradedAttempt>& of_problem, ExampleSet& set) const {
    for (const GradedAttempt& attempt : of_problem) {
      if (attempt.index == Attempt::kGreedy) continue;
      ++set.of_recipe(kAttempts);
      set.of_recipe(kRight) += attempt.verdict == Verdict::equal ? 1 : 0;
      set.of_recipe(kUnknown) += attempt.verdict == Verdict::unknown ? 1 : 0;
      set.of_recipe(kUnreadable) += attempt.answer_found ? 0 : 1;
      set.of_recipe(kWrong) += attempt.verdict == Verdict::different && attempt.answer_found ? 1 : 0;
    }
    const SortedAttempts sorted = sort_attempts(of_problem, unreadable_is_wrong_);
    set.of_recipe(kBoth) += !sorted.right.empty() && !sorted.wrong.empty() ? 1 : 0;
  }

  std::string nothing_to_learn(const StageContext& stage, const std::string& attempts,
                               const ExampleTallies& tallies) const {
    const bool given = input_of(*graded_attempts(stage, attempts).attempts, "model").empty();
    const auto& counts = tallies.of_recipe;
    const std::string numbers = fmt::format(
        "of {} attempts of '{}' at {} problems {} are right, {} wrong, {} without a readable answer, {} "
        "undecided; {} problems "
        "have both right and wrong ones{}",
        counts[kAttempts], attempts, counts[kProblems], counts[kRight], counts[kWrong], counts[kUnreadable],
        counts[kUnknown], counts[kBoth], reference_is_right_ ? ", reference solutions not counted" : "");
    if (tallies.dropped > 0) {
      return fmt::format(
          "there is nothing to learn from: {}, and all examples were left out as too long ({}). Raise max_length or "
          "tokens_per_lane{}",
          numbers, tallies.summary(), given ? "" : ", or sample with a smaller max_new_tokens");
    }
    if (given) return fmt::format("there is nothing to learn from: {}. They were made elsewhere: take others", numbers);
    const bool never_right = counts[kRight] == 0;
    std::string advice = never_right ? "The solver solves nothing: train it longer, give it easier problems, or raise "
                                       "max_new_tokens where attempts do not come to their end"
                                     : "Sample more attempts, or at other problems";
    if (never_right && !reference_is_right_)
      advice += "; reference_is_right: true takes the reference solutions for right attempts";
    if (counts[kWrong] == 0 && counts[kUnreadable] > 0 && !unreadable_is_wrong_)
      advice += "; unreadable_is_wrong: true lets those without an answer count as wrong";
    if (counts[kWrong] == 0 && counts[kRight] > 0)
      advice = "The solver is never wrong on these problems: give it harder ones, or a higher temperature";
    return fmt::format("there is nothing to learn from: {}. {}", numbers, advice);
  }

  static void add_references(const Problem& problem, std::vector<GradedAttempt>& attempts) {
    for (std::size_t i = 0; i < problem.solutions.size(); ++i) {
      GradedAttempt reference;
      reference.problem = problem.id;
      reference.index = 1'000'000 + static_cast<int>(i);  // beyond every sampled attempt
      reference.text = problem.solutions[i].text;
      reference.answer = problem.answer;
      reference.answer_found = reference.finished = true;
      reference.verdict = Verdict::equal;
      attempts.push_back(std::move(reference));
    }
  }

  void add_examples(StageContext& stage, const ExampleBuilder& build, const Problem& problem,
                    const std::vector<GradedAttempt>& attempts, ExampleSet& set) const {
    const auto at = [&](int i) -> const GradedAttempt& { return attempts[static_cast<std::size_t>(i)]; };
    if (!paired()) {
      for (const int i : choose_items(attempts, pairs_per_problem_, balance_ == Balance::one_to_one, stage.seed(),
                                      unreadable_is_wrong_)) {
        Example example = build.judged(problem, at(i), cross_entropy_kind());
        add_likelihood(build, problem, at(i).verdict == Verdict::equal ? &at(i) : nullptr, i, example);
        set.add(std::move(example), describe_attempts(problem, at(i)));
      }
      return;
    }
    int draw = 0;
    for (const AttemptPair& pair : choose_pairs(attempts, pairs_per_problem_, stage.seed(), unreadable_is_wrong_)) {
      const Attempt& right = at(pair.right);
      const Attempt& wrong = at(pair.wrong);
      Example example = build.margin_pair(problem, right, wrong);
      if (loss_ == Loss::both) add_cross_entropy(example);
      if (contrastive_weight_ > 0) append(example, build.contrastive_pair(problem, right, wrong));
      add_likelihood(build, problem, &right, draw++, example);
      set.add(std::move(example), describe_attempts(problem, right, &wrong));
    }
  }

  LossKind cross_entropy_kind() const {
    return cross_entropy_over_ == CrossEntropyOver::vocabulary ? LossKind::cross_entropy_full
                                                               : LossKind::cross_entropy_two;
  }

  // The margin item has all four spans already: the same forward serves the cross-entropy of both members.
  void add_cross_entropy(Example& example) const {
    const auto spans = example.items.front().spans;
    example.items.push_back({cross_entropy_kind(), {spans[0], spans[1], -1, -1}});
    example.items.push_back({cross_entropy_kind(), {spans[3], spans[2], -1, -1}});
  }

  void add_likelihood(const ExampleBuilder& build, const Problem& problem, const Attempt* right, int draw,
                      Example& example) const {
    if (mle_weight_ <= 0) return;
    if (mle_on_ == MleOn::right_attempt) {
      if (right != nullptr) append(example, build.attempt(problem, *right));
    } else if (!problem.solutions.empty()) {
      append(example, build.solution(problem, static_cast<std::size_t>(draw) % problem.solutions.size()));
    }
  }

  std::string model_, attempts_, validation_attempts_;
  Loss loss_ = Loss::margin;
  CrossEntropyOver cross_entropy_over_ = CrossEntropyOver::vocabulary;
  Balance balance_ = Balance::one_to_one;
  MleOn mle_on_ = MleOn::reference;
  double margin_ = 1.0, margin_weight_ = 1.0, cross_entropy_weight_ = 1.0, mle_weight_ = 0.0;
  double contrastive_weight_ = 0.0, contrastive_margin_ = 1.0, length_exponent_ = 0.0;
  int pairs_per_problem_ = 10;
  bool reference_is_right_ = false, unreadable_is_wrong_ = true;
  bool validation_auc_ = false;
  BestBy best_by_ = BestBy::loss;
  TrainingSettings settings_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::VerifierSft, "verifier_sft", "2")
