#include "framework/recipe/validation_measures.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "framework/base/philox.h"
#include "framework/batching/examples.h"
#include "framework/grade/judge.h"
#include "framework/model/packed_products.h"
#include "framework/recipe/problem_spool.h"
#include "framework/rerank/verifier_quality.h"
#include "framework/sample/generator.h"
#include "framework/sample/scorer.h"

namespace ft {
namespace {

// One look at the sampled answers.
class Accuracy {
 public:
  // `own`: this rank's of `all` problems.
  Accuracy(StageContext& stage, LoadedModel& model, const std::vector<Problem>& own, std::int64_t all,
           const AccuracySettings& settings)
      : stage_(stage),
        model_(model),
        own_(own),
        all_(all),
        settings_(settings),
        build_(*model.tokenizer, stage.run.prompts) {}

  std::optional<double> measure() {
    const SamplingSettings sampling{
        .max_new_tokens = settings_.max_new_tokens, .slots = settings_.slots, .compute = settings_.compute};
    Generator generator(*model_.decoder, sampling, stage_.seed(), model_.end_tokens(), model_.tokenizer->size());
    bool stopped = false;
    generator.run([this] { return more(); }, [this](const Sampled& one) { look_at(one); },
                  [&] { return stopped = any_rank(stage_.groups.tensor, "stop of validation", stage_.stop.seen()); });
    if (any_rank(stage_.groups.world, "validation stopped", stopped)) return std::nullopt;
    const std::int64_t right = sum_over_ranks(stage_.groups.data, "right attempts", right_);
    return static_cast<double>(right) / static_cast<double>(all_ * settings_.attempts);
  }

 private:
  std::optional<SampleWork> more() {
    if (next_ == std::ssize(own_)) return std::nullopt;
    const Problem& problem = own_[static_cast<std::size_t>(next_)];
    SampleWork work{.prompts = {build_.solver_prompt(problem.text)}, .requests = {}};
    for (int i = 0; i < settings_.attempts; ++i) work.requests.push_back({0, name_hash(problem.id), i, next_});
    ++next_;
    return work;
  }

  void look_at(const Sampled& sampled) {
    std::span<const TokenId> text(sampled.tokens);
    if (sampled.finished) text = text.first(text.size() - 1);
    const std::string& reference = own_[static_cast<std::size_t>(sampled.request.place)].answer;
    Grade grade = judge_.found(model_.tokenizer->decode(text));
    if (grade.answer_found && judge_.compared(reference, std::move(grade)).verdict == Verdict::equal) ++right_;
  }

  StageContext& stage_;
  LoadedModel& model_;
  const std::vector<Problem>& own_;
  std::int64_t all_;
  const AccuracySettings& settings_;
  ExampleBuilder build_;
  grade::Judge judge_;
  std::int64_t next_ = 0;  // of the own ones
  std::int64_t right_ = 0;
};

using rerank::Scored;

// Every so many of the set's problems, without what is not asked for.
std::vector<Problem> share_of(StageContext& stage, const std::string& set, std::int64_t& all) {
  constexpr std::int64_t kBlock = 64;
  const Communicator& data = stage.groups.data;
  const std::filesystem::path file = stage.work.path() / ".validation.partial";
  const ProblemSpool spool(stage.groups.world, file, kBlock, [&] { return stage.inputs.problems(set); });
  std::vector<Problem> own;
  for (std::int64_t block = 0; block < spool.num_blocks(); ++block) {
    std::int64_t place = spool.end_of(block - 1);
    for (Problem& problem : spool.read(block)) {
      if (place++ % data.size() != data.rank()) continue;
      problem.solutions.clear();
      own.push_back(std::move(problem));
    }
  }
  all = spool.num_problems();
  stage.groups.world.barrier("validation problems read");
  if (stage.groups.world.rank() == 0) std::filesystem::remove(file);
  return own;
}

bool is_own(const StageContext& stage, std::int64_t problem) {
  return problem % stage.groups.data.size() == stage.groups.data.rank();
}

// This rank's share of the attempts; nothing where it was asked to stop.
std::optional<std::vector<Scored>> score_share(StageContext& stage, LoadedModel& model, const GradedFolders& folders,
                                               const TrainingSettings& settings) {
  const ExampleBuilder build(*model.tokenizer, stage.run.prompts);
  const VerdictTokens verdicts = build.verdicts();
  const auto label = static_cast<std::int64_t>(std::max(verdicts.correct.size(), verdicts.incorrect.size()));
  const auto stop = [&] { return any_rank(stage.groups.tensor, "stop of validation", stage.stop.seen()); };
  std::vector<Scored> scored;
  bool stopped = false;
  const auto own = [&](std::int64_t problem) { return !stopped && is_own(stage, problem); };
  for_each_graded(folders, own, [&](const Problem& problem, const std::vector<GradedAttempt>& attempts) {
    std::vector<std::vector<TokenId>> prompts;
    std::vector<bool> right;
    for (const GradedAttempt& attempt : attempts) {
      if (attempt.index == Attempt::kGreedy || !attempt.answer_found) continue;
      std::vector<TokenId> prompt = build.verifier_prompt(problem.text, attempt.text);
      if (std::ssize(prompt) + label > settings.max_length) continue;
      prompts.push_back(std::move(prompt));
      right.push_back(attempt.verdict == Verdict::equal);
    }
    if (prompts.empty()) return;
    const std::vector<LabelLogProbs> found = score_prompts(
        *model.decoder, prompts, {verdicts.correct, verdicts.incorrect}, settings.tokens_per_micro_batch, stop);
    stopped = found.empty();
    for (std::size_t i = 0; i < found.size(); ++i) scored.push_back({found[i].log_score(), right[i]});
  });
  if (stopped) return std::nullopt;
  return scored;
}

}  // namespace

ValidationMeasure sampled_accuracy(StageContext& stage, LoadedModel& model, const std::string& problems,
                                   const AccuracySettings& settings) {
  std::int64_t all = 0;
  std::vector<Problem> own = share_of(stage, problems, all);
  return {.name = "accuracy", .measure = [&stage, &model, own = std::move(own), all, settings] {
            return Accuracy(stage, model, own, all, settings).measure();
          }};
}

ValidationMeasure held_out_auc(StageContext& stage, LoadedModel& model, std::function<GradedFolders()> open,
                               const TrainingSettings& settings) {
  const auto measure = [&stage, &model, open = std::move(open), settings]() -> std::optional<double> {
    const PackedProducts packed(*model.decoder, compute_dtype(settings.compute));
    std::optional<GradedFolders> folders;
    // Damage shows here: ranks of a tensor group score together, so that none may leave the others alone with it.
    stage.together("held-out attempts", [&] {
      folders = open();
      check_graded(
          *folders, [&](std::int64_t problem) { return is_own(stage, problem); }, [] {});
    });
    const std::optional<std::vector<Scored>> own = score_share(stage, model, *folders, settings);
    if (any_rank(stage.groups.world, "validation stopped", !own)) return std::nullopt;
    const std::string_view bytes(reinterpret_cast<const char*>(own->data()), own->size() * sizeof(Scored));
    std::vector<Scored> all;
    for (const std::string& of_rank : stage.groups.data.all_gather_bytes("held-out scores", bytes)) {
      const std::size_t before = all.size();
      all.resize(before + of_rank.size() / sizeof(Scored));
      if (!of_rank.empty()) std::memcpy(all.data() + before, of_rank.data(), of_rank.size());
    }
    return rerank::area_under_curve(std::move(all)).value_or(0.5);
  };
  return {.name = "auc", .measure = measure};
}

}  // namespace ft
