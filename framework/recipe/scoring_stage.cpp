#include "framework/recipe/scoring_stage.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/batching/examples.h"
#include "framework/model/packed_products.h"
#include "framework/store/append_log.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStem = "scores";

// {"problem": id, "scores": [[index, correct, incorrect], ...]}
std::string to_line(const std::string& problem, const std::map<int, LabelLogProbs>& scores) {
  Json rows = Json::array();
  for (const auto& [index, score] : scores) rows.push_back({index, score.correct, score.incorrect});
  return Json{{"problem", problem}, {"scores", rows}}.dump();
}

Scores read_scores(const std::filesystem::path& work, PieceCounts* counts = nullptr) {
  Scores scores;
  const PieceCounts found = read_pieces(list_pieces(work, kStem), [&](std::string_view line) {
    const Json json = Json::parse(line);
    auto& of_problem = scores[json.at("problem")];
    for (const Json& row : json.at("scores")) of_problem[row.at(0)] = {row.at(1), row.at(2)};
  });
  if (counts != nullptr) *counts = found;
  return scores;
}

// The scores of one problem's attempts; equal texts share one forward. Empty where `stop` came first.
std::map<int, LabelLogProbs> score_problem(LoadedModel& verifier, const ExampleBuilder& build, const Labels& labels,
                                           const Problem& problem, const std::vector<const Attempt*>& attempts,
                                           std::int64_t tokens_per_micro_batch, const std::function<bool()>& stop) {
  std::map<std::string_view, std::size_t> place_of;
  std::vector<std::vector<TokenId>> prompts;
  for (const Attempt* attempt : attempts) {
    if (place_of.try_emplace(attempt->text, prompts.size()).second)
      prompts.push_back(build.verifier_prompt(problem.text, attempt->text));
  }
  const std::size_t label = std::max(labels.correct.size(), labels.incorrect.size());
  for (const auto& prompt : prompts)
    check_length(verifier.decoder->config(), static_cast<std::int64_t>(prompt.size() + label));
  const std::vector<LabelLogProbs> of_text =
      score_prompts(*verifier.decoder, prompts, labels, tokens_per_micro_batch, stop);
  std::map<int, LabelLogProbs> scores;
  if (of_text.empty()) return scores;
  for (const Attempt* attempt : attempts) scores[attempt->index] = of_text[place_of.at(attempt->text)];
  return scores;
}

}  // namespace

Scores score_attempts(StageContext& stage, const std::string& model, const std::vector<Problem>& problems,
                      const std::vector<Attempt>& attempts, const ScoringSettings& settings) {
  const Groups groups = stage.groups();
  std::map<std::string_view, std::vector<const Attempt*>> by_problem;
  for (const Attempt& attempt : attempts) {
    if (attempt.index != Attempt::kGreedy) by_problem[attempt.problem].push_back(&attempt);
  }
  PieceCounts found;
  Scores done = read_scores(stage.work(), &found);
  if (found.damaged > 0 && stage.log().informs()) {
    stage.log().warn("{} damaged lines among the scores are made again, the first at {}", found.damaged,
                     found.complaints.front());
  }
  groups.world.barrier("scores read");
  const auto missing = std::ranges::count_if(
      problems, [&](const Problem& p) { return !done.contains(p.id) && by_problem.contains(p.id); });
  if (missing == 0) return done;

  LoadedModel verifier = stage.load_model(model);
  const PackedProducts packed(*verifier.decoder, compute_dtype(settings.compute));
  const ExampleBuilder build(*verifier.tokenizer, stage.prompts());
  const VerdictTokens verdicts = build.verdicts();
  const Labels labels{verdicts.correct, verdicts.incorrect};
  AppendLog log(stage.work() / piece_name(kStem, groups.world.rank()));
  const std::int64_t size = groups.data.size(), own = (missing + size - 1) / size;  // rank 0's share
  const std::int64_t before = size == 1 ? std::ssize(done) : 0;
  stage.progress().begin(stage.name() + (size == 1 ? ": scoring" : ": scoring, rank 0's share"), before + own, before);
  const StopLead::Work work = stage.work_begins();
  std::int64_t turn = 0, mine = 0;
  bool stopped = false;
  // The ranks of a tensor group score together, so they stop together.
  const auto stop = [&] { return any_rank(groups.tensor, "stop of scoring", stage.stop_seen()); };
  for (const Problem& problem : problems) {
    if (done.contains(problem.id) || !by_problem.contains(problem.id)) continue;
    if (turn++ % groups.data.size() != groups.data.rank()) continue;
    const auto scores = score_problem(verifier, build, labels, problem, by_problem.at(problem.id),
                                      settings.tokens_per_micro_batch, stop);
    stopped = scores.empty();
    if (stopped) break;
    if (groups.tensor.rank() == 0) log.append(to_line(problem.id, scores));
    stage.progress().update(before + ++mine, "");
  }
  log.sync();
  stage.progress().end();
  if (any_rank(groups.world, "scoring stopped", stopped)) {
    throw StopRequested(fmt::format("stopped on request in stage '{}'; finished scores are kept", stage.name()));
  }
  return read_scores(stage.work());
}

}  // namespace ft
