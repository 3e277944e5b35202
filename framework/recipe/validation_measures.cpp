#include "framework/recipe/validation_measures.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "framework/base/philox.h"
#include "framework/batching/examples.h"
#include "framework/grade/judge.h"
#include "framework/model/packed_products.h"
#include "framework/sample/generator.h"
#include "framework/sample/scorer.h"

namespace ft {
namespace {

// One look at the sampled answers.
class Accuracy {
 public:
  Accuracy(StageContext& stage, LoadedModel& model, const std::vector<Problem>& problems,
           const AccuracySettings& settings)
      : stage_(stage),
        model_(model),
        problems_(problems),
        settings_(settings),
        build_(*model.tokenizer, stage.run.prompts),
        next_(stage.groups.data.rank()) {}

  std::optional<double> measure() {
    const SamplingSettings sampling{
        .max_new_tokens = settings_.max_new_tokens, .slots = settings_.slots, .compute = settings_.compute};
    Generator generator(*model_.decoder, sampling, stage_.seed(), model_.end_tokens(), model_.tokenizer->size());
    bool stopped = false;
    generator.run([this] { return more(); }, [this](const Sampled& one) { look_at(one); },
                  [&] { return stopped = any_rank(stage_.groups.tensor, "stop of validation", stage_.stop.seen()); });
    if (any_rank(stage_.groups.world, "validation stopped", stopped)) return std::nullopt;
    const std::int64_t right = sum_over_ranks(stage_.groups.data, "right attempts", right_);
    return static_cast<double>(right) / static_cast<double>(std::ssize(problems_) * settings_.attempts);
  }

 private:
  std::optional<SampleWork> more() {
    if (next_ >= std::ssize(problems_)) return std::nullopt;
    const Problem& problem = problems_[static_cast<std::size_t>(next_)];
    SampleWork work{.prompts = {build_.solver_prompt(problem.text)}, .requests = {}};
    for (int i = 0; i < settings_.attempts; ++i) work.requests.push_back({0, name_hash(problem.id), i, next_});
    next_ += stage_.groups.data.size();
    return work;
  }

  void look_at(const Sampled& sampled) {
    std::span<const TokenId> text(sampled.tokens);
    if (sampled.finished) text = text.first(text.size() - 1);
    const std::string& reference = problems_[static_cast<std::size_t>(sampled.request.place)].answer;
    Grade grade = judge_.found(model_.tokenizer->decode(text));
    if (grade.answer_found && judge_.compared(reference, std::move(grade)).verdict == Verdict::equal) ++right_;
  }

  StageContext& stage_;
  LoadedModel& model_;
  const std::vector<Problem>& problems_;
  const AccuracySettings& settings_;
  ExampleBuilder build_;
  grade::Judge judge_;
  std::int64_t next_;  // of the problems, in whose order this rank takes every so many
  std::int64_t right_ = 0;
};

struct Scored {
  double score = 0;
  bool right = false;
};

double area(std::vector<Scored> all) {
  std::ranges::sort(all, {}, &Scored::score);
  double wrong_below = 0, wins = 0, right = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    double right_here = 0, wrong_here = 0;
    for (; end < all.size() && all[end].score == all[begin].score; ++end)
      (all[end].right ? right_here : wrong_here) += 1;
    wins += right_here * (wrong_below + wrong_here / 2);
    wrong_below += wrong_here;
    right += right_here;
    begin = end;
  }
  return right > 0 && wrong_below > 0 ? wins / (right * wrong_below) : 0.5;
}

// This rank's share of the attempts; nothing where it was asked to stop.
std::optional<std::vector<Scored>> score_share(StageContext& stage, LoadedModel& model, const GradedFolders& folders,
                                               std::int64_t tokens_per_micro_batch) {
  const ExampleBuilder build(*model.tokenizer, stage.run.prompts);
  const VerdictTokens verdicts = build.verdicts();
  const Communicator& data = stage.groups.data;
  const auto stop = [&] { return any_rank(stage.groups.tensor, "stop of validation", stage.stop.seen()); };
  std::vector<Scored> scored;
  bool stopped = false;
  const auto own = [&](std::int64_t problem) { return !stopped && problem % data.size() == data.rank(); };
  for_each_graded(folders, own, [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
    std::vector<std::vector<TokenId>> prompts;
    std::vector<bool> right;
    for (const GradedAttempt& attempt : attempts) {
      if (attempt.index == Attempt::kGreedy || attempt.verdict == Verdict::unknown) continue;
      prompts.push_back(build.verifier_prompt(problem.text, attempt.text));
      right.push_back(attempt.verdict == Verdict::equal);
    }
    if (prompts.empty()) return;
    const std::vector<LabelLogProbs> found =
        score_prompts(*model.decoder, prompts, {verdicts.correct, verdicts.incorrect}, tokens_per_micro_batch, stop);
    stopped = found.empty();
    for (std::size_t i = 0; i < found.size(); ++i) scored.push_back({found[i].log_score(), right[i]});
  });
  if (stopped) return std::nullopt;
  return scored;
}

}  // namespace

ValidationMeasure sampled_accuracy(StageContext& stage, LoadedModel& model, std::vector<Problem> problems,
                                   const AccuracySettings& settings) {
  return {.name = "accuracy", .measure = [&stage, &model, problems = std::move(problems), settings] {
            return Accuracy(stage, model, problems, settings).measure();
          }};
}

ValidationMeasure held_out_auc(StageContext& stage, LoadedModel& model, std::function<GradedFolders()> open,
                               std::int64_t tokens_per_micro_batch, Compute compute) {
  const auto measure = [&stage, &model, open = std::move(open), tokens_per_micro_batch,
                        compute]() -> std::optional<double> {
    const PackedProducts packed(*model.decoder, compute_dtype(compute));
    std::optional<std::vector<Scored>> own;
    stage.together("held-out attempts", [&] { own = score_share(stage, model, open(), tokens_per_micro_batch); });
    if (any_rank(stage.groups.world, "validation stopped", !own)) return std::nullopt;
    const std::string_view bytes(reinterpret_cast<const char*>(own->data()), own->size() * sizeof(Scored));
    std::vector<Scored> all;
    for (const std::string& of_rank : stage.groups.data.all_gather_bytes("held-out scores", bytes)) {
      const std::size_t before = all.size();
      all.resize(before + of_rank.size() / sizeof(Scored));
      if (!of_rank.empty()) std::memcpy(all.data() + before, of_rank.data(), of_rank.size());
    }
    return area(std::move(all));
  };
  return {.name = "auc", .measure = measure};
}

}  // namespace ft
