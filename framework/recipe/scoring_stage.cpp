#include "framework/recipe/scoring_stage.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "framework/batching/examples.h"
#include "framework/model/packed_products.h"
#include "framework/problem/problem_places.h"
#include "framework/problem/records.h"
#include "framework/recipe/sealed_inputs.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStem = "scores";
constexpr std::int64_t kProblemsAFile = 64, kMostFiles = 1024;  // of what is sealed

// {"problem": id, "scores": [[index, correct, incorrect], ...]}
std::string to_line(const std::string& problem, const std::map<int, LabelLogProbs>& scores) {
  Json rows = Json::array();
  for (const auto& [index, score] : scores) rows.push_back({index, score.correct, score.incorrect});
  return Json{{"problem", problem}, {"scores", rows}}.dump();
}

std::map<int, LabelLogProbs> scores_of(std::string_view record) {
  const Json json = Json::parse(record);
  std::map<int, LabelLogProbs> scores;
  for (const Json& row : json.at("scores")) scores[row.at(0)] = {row.at(1), row.at(2)};
  return scores;
}

// Collective: each rank looks at some of the pieces.
StoredScores find_scores(StageContext& stage, const ProblemPlaces& problems) {
  Communicator& world = stage.groups().world;
  struct Found {
    std::int64_t problem;
    RecordPlace record;
  };
  std::vector<Found> own;
  RecordFiles files(list_pieces(stage.work(), kStem));
  PieceCounts counts;
  for (std::int64_t piece = world.rank(); piece < std::ssize(files.pieces()); piece += world.size()) {
    const PieceCounts of_piece = files.read_all(piece, [&](std::string_view json, const RecordPlace& record) {
      if (const auto problem = problems.find(json)) own.push_back({*problem, record});
    });
    counts.damaged += of_piece.damaged;
    if (counts.complaints.empty()) counts.complaints = of_piece.complaints;
  }
  if (counts.damaged > 0) {
    stage.log().warn("{} damaged lines among the scores are made again, the first at {}", counts.damaged,
                     counts.complaints.front());
  }
  std::vector<RecordPlace> records(static_cast<std::size_t>(problems.size()));
  const std::string_view bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(Found));
  for (const std::string& of_rank : world.all_gather_bytes("scores found", bytes)) {
    for (std::size_t at = 0; at < of_rank.size(); at += sizeof(Found)) {
      Found found;
      std::memcpy(&found, of_rank.data() + at, sizeof found);
      records[static_cast<std::size_t>(found.problem)] = found.record;
    }
  }
  return {std::move(files), std::move(records)};
}

// Their ids; and whether every byte of the attempts is one that was sealed, each rank looking at some of the files.
ProblemPlaces look_at(StageContext& stage, const SealedFolder& attempts) {
  ProblemPlaces problems;
  const Communicator& world = stage.groups().world;
  stage.together("looking at the attempts", [&] {
    for_each_line(attempts, kProblemsPrefix,
                  [&](std::string_view line, const Place& place) { problems.add(problem_from_json(line, place).id); });
    problems.finish();
    const std::vector<std::string> pieces = pieces_of(attempts, kAttemptsPrefix);
    for (auto i = static_cast<std::size_t>(world.rank()); i < pieces.size();
         i += static_cast<std::size_t>(world.size())) {
      stage.check_stop();
      attempts.check(pieces[i]);
    }
  });
  return problems;
}

// The scores of one problem's sampled attempts; equal texts share one forward. Empty where `stop` came first.
std::map<int, LabelLogProbs> score_problem(LoadedModel& verifier, const ExampleBuilder& build, const Labels& labels,
                                           const Problem& problem, const std::vector<Attempt>& attempts,
                                           std::int64_t tokens_per_micro_batch, const std::function<bool()>& stop) {
  std::map<std::string_view, std::size_t> place_of;
  std::vector<std::vector<TokenId>> prompts;
  for (const Attempt& attempt : attempts) {
    if (place_of.try_emplace(attempt.text, prompts.size()).second)
      prompts.push_back(build.verifier_prompt(problem.text, attempt.text));
  }
  const std::size_t label = std::max(labels.correct.size(), labels.incorrect.size());
  for (const auto& prompt : prompts)
    check_length(verifier.decoder->config(), static_cast<std::int64_t>(prompt.size() + label));
  const std::vector<LabelLogProbs> of_text =
      score_prompts(*verifier.decoder, prompts, labels, tokens_per_micro_batch, stop);
  std::map<int, LabelLogProbs> scores;
  if (of_text.empty()) return scores;
  for (const Attempt& attempt : attempts) scores[attempt.index] = of_text[place_of.at(attempt.text)];
  return scores;
}

// This rank's share of what is missing, problem after problem. True where it was asked to stop before the end.
bool score_share(StageContext& stage, LoadedModel& verifier, const SealedFolder& attempts, const WantedProblems& own,
                 std::int64_t before, const ScoringSettings& settings) {
  const Groups groups = stage.groups();
  const PackedProducts packed(*verifier.decoder, compute_dtype(settings.compute));
  const ExampleBuilder build(*verifier.tokenizer, stage.prompts());
  const VerdictTokens verdicts = build.verdicts();
  const Labels labels{verdicts.correct, verdicts.incorrect};
  AppendLog log(stage.work() / piece_name(kStem, groups.world.rank()));
  const StopLead::Work work = stage.work_begins();
  std::int64_t done = 0;
  bool stopped = false;
  // The ranks of a tensor group score together, so they stop together.
  const auto stop = [&] { return any_rank(groups.tensor, "stop of scoring", stage.stop_seen()); };
  try {
    for_each_problem(attempts, own, [&](const Problem& problem, std::vector<Attempt> of_problem) {
      std::erase_if(of_problem, [](const Attempt& attempt) { return attempt.index == Attempt::kGreedy; });
      if (of_problem.empty()) return;
      const auto scores =
          score_problem(verifier, build, labels, problem, of_problem, settings.tokens_per_micro_batch, stop);
      if (scores.empty()) throw StopRequested("scoring");
      if (groups.tensor.rank() == 0) log.append(to_line(problem.id, scores));
      stage.progress().update(before + ++done, "");
    });
  } catch (const StopRequested&) {
    stopped = true;
  }
  log.sync();
  return stopped;
}

}  // namespace

void StoredScores::add_to(std::int64_t place, std::vector<GradedAttempt>& attempts) const {
  const RecordPlace& record = records_.at(static_cast<std::size_t>(place));
  if (record.size == 0) return;
  const std::map<int, LabelLogProbs> scores = scores_of(files_.read(record));
  for (GradedAttempt& attempt : attempts) {
    if (const auto found = scores.find(attempt.index); found != scores.end())
      attempt.log_score = found->second.log_score();
  }
}

std::int64_t StoredScores::problems_per_file() const {
  return std::max(kProblemsAFile, (std::ssize(records_) + kMostFiles - 1) / kMostFiles);
}

void StoredScores::write_share(FolderWriter& folder, int rank, int ranks) const {
  const std::int64_t problems = std::ssize(records_), in_a_file = problems_per_file();
  for (std::int64_t file = rank; file * in_a_file < problems; file += ranks) {
    std::string lines;
    const std::int64_t end = std::min(problems, (file + 1) * in_a_file);
    for (std::int64_t place = file * in_a_file; place < end; ++place) {
      const RecordPlace& record = records_[static_cast<std::size_t>(place)];
      if (record.size == 0) continue;
      const std::string text = files_.read(record);
      const std::string problem = Json::parse(text).at("problem");
      for (const auto& [index, score] : scores_of(text))
        lines += to_json_line(ScoreRecord{problem, index, score.correct, score.incorrect, score.log_score()}) + "\n";
    }
    folder.write(fmt::format("{}-{:05}.jsonl", kScoresPrefix, file), lines);
  }
}

StoredScores score_attempts(StageContext& stage, const std::string& model, const SealedFolder& attempts,
                            const ScoringSettings& settings) {
  const Groups groups = stage.groups();
  const ProblemPlaces problems = look_at(stage, attempts);
  StoredScores found = find_scores(stage, problems);
  groups.world.barrier("scores read");
  std::set<std::int64_t> own;
  std::int64_t missing = 0;
  for (std::int64_t place = 0; place < problems.size(); ++place) {
    if (!found.has(place) && missing++ % groups.data.size() == groups.data.rank()) own.insert(place);
  }
  if (missing == 0) return found;
  LoadedModel verifier = stage.load_model(model);
  const bool alone = groups.data.size() == 1;
  const std::int64_t before = alone ? problems.size() - missing : 0;
  stage.progress().begin(stage.name() + (alone ? ": scoring" : ": scoring, rank 0's share"), before + std::ssize(own),
                         before);
  bool stopped = false;
  std::string damage;
  try {
    stopped = score_share(
        stage, verifier, attempts, [&](std::int64_t place) { return own.contains(place); }, before, settings);
  } catch (const BrokenFolder& broken) {
    damage = broken.what();
  }
  stage.progress().end();
  stage.together("scoring", [&] {
    if (!damage.empty()) throw BrokenFolder(damage);
    if (stopped)
      throw StopRequested(fmt::format("stopped on request in stage '{}'; finished scores are kept", stage.name()));
  });
  return find_scores(stage, problems);
}

}  // namespace ft
