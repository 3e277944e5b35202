#include "framework/recipe/scoring_stage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "framework/base/digest.h"
#include "framework/batching/examples.h"
#include "framework/model/packed_products.h"
#include "framework/problem/problem_places.h"
#include "framework/problem/records.h"
#include "framework/recipe/deal.h"
#include "framework/recipe/dropped_records.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/stage_models.h"
#include "framework/rerank/own_attempts.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStem = "scores";

// "scores", or of some clusters "top8scores0123456789ab": what is in the one is never taken for what belongs into the other.
std::string stem_of(const std::optional<ScoredClusters>& clusters) {
  if (!clusters) return std::string(kStem);
  return fmt::format("top{}scores{}", clusters->top, sha256(clusters->grading).substr(0, 12));
}
constexpr std::int64_t kProblemsAFile = 64, kMostFiles = 1024;  // of what is sealed
// Fewer attempts at a problem are not worth computing the problem once more; and many small runs would make many records.
constexpr std::int64_t kAttemptsAPart = 8, kMostParts = 256, kMostPartsARun = 64;

// {"problem": id, "parts": [first, end, of how many], "scores": [[index, correct, incorrect], ...]}; without "parts" all.
std::string to_line(const std::string& problem, int first, int end, int of,
                    const std::map<int, LabelLogProbs>& scores) {
  Json rows = Json::array();
  for (const auto& [index, score] : scores) rows.push_back({index, score.correct, score.incorrect});
  return Json{{"problem", problem}, {"parts", {first, end, of}}, {"scores", rows}}.dump();
}

std::map<int, LabelLogProbs> scores_of(std::string_view record) {
  const Json json = Json::parse(record);
  std::map<int, LabelLogProbs> scores;
  for (const Json& row : json.at("scores")) scores[row.at(0)] = {row.at(1), row.at(2)};
  return scores;
}

// Which parts a record is of, seen from its first bytes; nothing where parts were others then.
std::optional<std::pair<std::int32_t, std::int32_t>> parts_of(std::string_view record, int parts_each) {
  constexpr std::string_view kKey = "\"parts\":[";
  std::string_view rest = record.substr(problem_part(record).size());
  if (!rest.starts_with(kKey)) return std::pair{0, parts_each};
  rest.remove_prefix(kKey.size());
  std::array<std::int32_t, 3> numbers = {0, 0, 0};
  for (std::int32_t& number : numbers) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || end == rest.data() + rest.size()) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  }
  const auto [first, end, of] = numbers;
  if (of != parts_each || first < 0 || first >= end || end > of) return std::nullopt;
  return std::pair{first, end};
}

// Collective: each rank looks at some of the pieces.
StoredScores find_scores(StageContext& stage, const ProblemPlaces& problems, int parts_each, const std::string& stem) {
  Communicator& world = stage.groups.world;
  using Kept = StoredScores::Kept;
  std::vector<Kept> own;
  RecordFiles files(list_pieces(stage.work.path(), stem), stage.work.owner());
  PieceCounts counts;
  for (std::int64_t piece = world.rank(); piece < std::ssize(files.pieces()); piece += world.size()) {
    const PieceCounts of_piece = files.read_all(piece, [&](std::string_view json, const RecordPlace& record) {
      const auto problem = problems.find(json);
      const auto parts = parts_of(json, parts_each);
      if (problem && parts) own.push_back({*problem, parts->first, parts->second, record});
    });
    add_counts(counts, of_piece);
  }
  tell_dropped(stage.log, counts, kStem);
  std::vector<Kept> all;
  const std::string_view bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(Kept));
  for (const std::string& of_rank : world.all_gather_bytes("scores found", bytes)) {
    const std::size_t before = all.size();
    all.resize(before + of_rank.size() / sizeof(Kept));
    if (!of_rank.empty()) std::memcpy(all.data() + before, of_rank.data(), of_rank.size());
  }
  return {std::move(files), std::move(all), problems.size(), parts_each};
}

// Their ids; and whether every byte of the attempts is one that was sealed, each rank looking at some of the files.
ProblemPlaces look_at(StageContext& stage, const SealedFolder& attempts) {
  ProblemPlaces problems;
  const Communicator& world = stage.groups.world;
  stage.together("looking at the attempts", [&] {
    for_each_line(attempts, kProblemsPrefix,
                  [&](std::string_view line, const Place& place) { problems.add(problem_from_json(line, place).id); });
    problems.finish();
    const std::vector<std::string> pieces = pieces_of(attempts, kAttemptsPrefix);
    for (auto i = static_cast<std::size_t>(world.rank()); i < pieces.size();
         i += static_cast<std::size_t>(world.size())) {
      stage.stop.check();
      attempts.check(pieces[i]);
    }
  });
  return problems;
}

// Decided by the attempts alone, so that a restart on other ranks finds the same parts.
int parts_of_a_problem(const SealedFolder& attempts) {
  const Json summary = Json(attempts.manifest().body).value("summary", Json::object());
  const std::int64_t each = summary.value("per_problem", std::int64_t{0});
  return static_cast<int>(std::clamp<std::int64_t>(each / kAttemptsAPart, 1, kMostParts));
}

// What is not scored yet, in the order of the problems, which is that in which attempts are read. Where products are not
// packed, the bits of scores hang on what is scored together: then a problem is one item, with all its parts.
class MissingScores {
 public:
  MissingScores(const StoredScores& found, bool whole_problems) : found_(found), whole_problems_(whole_problems) {
    begins_.push_back(0);
    for (std::int64_t place = 0; place < found.num_problems(); ++place) {
      std::int64_t missing = 0;
      for (int part = 0; part < found.parts_each(); ++part) missing += found.has(place, part) ? 0 : 1;
      if (missing == 0) continue;
      problems_.push_back(place);
      begins_.push_back(begins_.back() + (whole_problems ? 1 : missing));
    }
  }

  [[nodiscard]] std::int64_t total() const { return begins_.back(); }
  [[nodiscard]] std::int64_t num_problems() const { return std::ssize(problems_); }
  [[nodiscard]] std::int64_t problem_of(std::int64_t item) const { return problems_[index_of(item)]; }
  // Behind the last item of the same problem.
  [[nodiscard]] std::int64_t end_of_problem(std::int64_t item) const { return begins_[index_of(item) + 1]; }
  // The parts that the items from `begin` to `end` of one problem stand for.
  [[nodiscard]] std::vector<int> parts(std::int64_t begin, std::int64_t end) const {
    const std::size_t index = index_of(begin);
    std::vector<int> parts;
    std::int64_t item = begins_[index];
    for (int part = 0; part < found_.parts_each(); ++part) {
      const bool asked = whole_problems_ || (!found_.has(problems_[index], part) && item >= begin && item < end);
      if (!whole_problems_ && !found_.has(problems_[index], part)) ++item;
      if (asked) parts.push_back(part);
    }
    return parts;
  }

 private:
  [[nodiscard]] std::size_t index_of(std::int64_t item) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(begins_, item) - begins_.begin()) - 1;
  }

  const StoredScores& found_;
  bool whole_problems_;
  std::vector<std::int64_t> problems_;
  std::vector<std::int64_t> begins_;  // the first item of each problem, and the end
};

// This rank's work at what is missing.
class Scoring {
 public:
  Scoring(StageContext& stage, LoadedModel& verifier, const SealedFolder& attempts, const StoredScores& found,
          const ScoringSettings& settings, const std::optional<ScoredClusters>& clusters)
      : stage_(stage),
        verifier_(verifier),
        attempts_(attempts),
        settings_(settings),
        clusters_(clusters),
        packed_(*verifier.decoder, compute_dtype(settings.compute)),
        build_(*verifier.tokenizer, stage.run.prompts),
        parts_each_(found.parts_each()),
        missing_(found, !all_packed(*verifier.decoder)),
        before_(found.num_problems() - missing_.num_problems()),
        log_(stage.work.path() / piece_name(stem_of(clusters), stage.groups.world.rank()), stage.work.owner()),
        deal_(stage.groups, "attempts to score", missing_.total(), {.most = kMostPartsARun}) {
    const VerdictTokens verdicts = build_.verdicts();
    labels_ = {verdicts.correct, verdicts.incorrect};
  }

  // Collective. Throws as score_attempts().
  void run() {
    const StopLead::Work work = stage_.stop.work_begins();
    stage_.progress.begin(stage_.plan.name + ": scoring", before_ + missing_.num_problems(), before_);
    bool stopped = false;
    std::string damage;
    try {
      next_run();
      const auto wanted = [&](std::int64_t place) { return is_next(place); };
      if (clusters_) {
        const auto use = [&](const Problem& problem, std::vector<GradedAttempt> attempts) {
          worth_ = in_top_clusters(attempts, *clusters_);
          score(problem, {attempts.begin(), attempts.end()});
        };
        for_each_graded(clusters_->folders, wanted, use);
      } else {
        const auto use = [&](const Problem& problem, std::vector<Attempt> attempts) {
          score(problem, std::move(attempts));
        };
        for_each_problem(attempts_, wanted, use);
      }
    } catch (const StopRequested&) {
      stopped = true;
    } catch (const BrokenFolder& broken) {
      damage = broken.what();
    }
    log_.sync();
    if (stopped || !damage.empty()) deal_.close();
    const BusyRanks busy = deal_.finish();
    stage_.progress.end();
    stage_.together("scoring", [&] {
      if (!damage.empty()) throw BrokenFolder(damage);
      if (stopped)
        throw StopRequested(
            fmt::format("stopped on request in stage '{}'; finished scores are kept", stage_.plan.name));
    });
    if (stage_.groups.data.size() > 1) stage_.log.info("scored; {}", to_text(busy));
  }

 private:
  void next_run() {
    run_ = deal_.next();
    if (run_) item_ = run_->begin;
  }

  // Runs come in the order of the problems, so each attempt is read once.
  bool is_next(std::int64_t place) {
    deal_.serve();
    place_ = place;
    return run_ && missing_.problem_of(item_) == place;
  }

  void score(const Problem& problem, std::vector<Attempt> attempts) {
    std::erase_if(attempts, [](const Attempt& attempt) { return attempt.index == Attempt::kGreedy; });
    while (run_ && missing_.problem_of(item_) == place_) {
      const std::int64_t end = std::min(run_->end, missing_.end_of_problem(item_));
      if (!attempts.empty()) score_parts(problem, attempts, missing_.parts(item_, end));
      item_ = end;
      if (item_ == run_->end) next_run();
      const double part = static_cast<double>(deal_.num_dealt()) / static_cast<double>(missing_.total());
      stage_.progress.update(before_ + std::llround(part * static_cast<double>(missing_.num_problems())), "");
    }
  }

  // `parts` grow. A text belongs to the part of the first attempt that has it.
  void score_parts(const Problem& problem, const std::vector<Attempt>& attempts, const std::vector<int>& parts) {
    std::map<std::string_view, std::size_t> place_of;  // among the prompts
    std::vector<std::vector<TokenId>> prompts;
    std::vector<int> part_of;
    const auto num_attempts = std::ssize(attempts);
    int part = 0;
    for (std::int64_t i = 0; i < num_attempts; ++i) {
      while (i >= (part + 1) * num_attempts / parts_each_) ++part;
      const std::string& text = attempts[static_cast<std::size_t>(i)].text;
      if (!place_of.try_emplace(text, prompts.size()).second) continue;
      prompts.push_back(build_.verifier_prompt(problem.text, text));
      part_of.push_back(part);
    }
    const std::size_t label = std::max(labels_.correct.size(), labels_.incorrect.size());
    for (const auto& prompt : prompts)
      check_length(verifier_.decoder->config(), static_cast<std::int64_t>(prompt.size() + label));
    std::vector<bool> wanted;
    for (const int of_prompt : part_of) wanted.push_back(std::ranges::binary_search(parts, of_prompt) && !clusters_);
    for (const Attempt& attempt : attempts) {  // some of them: the others are never looked at
      const std::size_t prompt = place_of.at(attempt.text);
      if (clusters_ && worth_.contains(attempt.index))
        wanted[prompt] = std::ranges::binary_search(parts, part_of[prompt]);
    }
    const std::vector<LabelLogProbs> of_text = score_prompts(
        *verifier_.decoder, prompts, labels_, settings_.tokens_per_micro_batch, [&] { return stop(); }, wanted);
    if (of_text.empty()) throw StopRequested("scoring");
    for (std::size_t begin = 0; begin < parts.size();) {  // a record for each row of parts
      std::size_t end = begin + 1;
      while (end < parts.size() && parts[end] == parts[end - 1] + 1) ++end;
      std::map<int, LabelLogProbs> scores;
      for (const Attempt& attempt : attempts) {
        const std::size_t prompt = place_of.at(attempt.text);
        const bool is_worth = !clusters_ || worth_.contains(attempt.index);
        if (is_worth && part_of[prompt] >= parts[begin] && part_of[prompt] <= parts[end - 1])
          scores[attempt.index] = of_text[prompt];
      }
      if (stage_.groups.tensor.rank() == 0)
        log_.append(to_line(problem.id, parts[begin], parts[end - 1] + 1, parts_each_, scores));
      begin = end;
    }
  }

  // The ranks of a tensor group score together, so they stop together.
  bool stop() {
    deal_.serve();
    return any_rank(stage_.groups.tensor, "stop of scoring", stage_.stop.seen());
  }

  StageContext& stage_;
  LoadedModel& verifier_;
  const SealedFolder& attempts_;
  const ScoringSettings& settings_;
  const std::optional<ScoredClusters>& clusters_;
  std::set<int> worth_;  // of the problem's attempts, where not all are
  PackedProducts packed_;
  ExampleBuilder build_;
  Labels labels_;
  int parts_each_;
  MissingScores missing_;
  std::int64_t before_;  // problems that are scored already
  AppendLog log_;
  Deal deal_;
  std::optional<Deal::Run> run_;
  std::int64_t item_ = 0;   // of the run, that comes next
  std::int64_t place_ = 0;  // of the problem that is being read
};

}  // namespace

StoredScores::StoredScores(RecordFiles files, std::vector<Kept> kept, std::int64_t num_problems, int parts_each)
    : files_(std::move(files)),
      kept_(std::move(kept)),
      num_problems_(num_problems),
      parts_each_(parts_each),
      is_there_(static_cast<std::size_t>(num_problems * parts_each)) {
  std::ranges::stable_sort(kept_, {}, &Kept::problem);
  for (const Kept& record : kept_) {
    for (int part = record.first; part < record.end; ++part) is_there_[bit(record.problem, part)] = true;
  }
}

std::map<int, LabelLogProbs> StoredScores::scores_at(std::int64_t place) const {
  std::map<int, LabelLogProbs> scores;
  for (const Kept& record : std::ranges::equal_range(kept_, place, {}, &Kept::problem))
    scores.merge(scores_of(files_.read(record.record)));
  return scores;
}

void StoredScores::add_to(std::int64_t place, std::vector<GradedAttempt>& attempts) const {
  const std::map<int, LabelLogProbs> scores = scores_at(place);
  for (GradedAttempt& attempt : attempts) {
    if (const auto found = scores.find(attempt.index); found != scores.end())
      attempt.log_score = found->second.log_score();
  }
}

std::int64_t StoredScores::problems_per_file() const {
  return std::max(kProblemsAFile, (num_problems_ + kMostFiles - 1) / kMostFiles);
}

void StoredScores::write_share(FolderWriter& folder, int rank, int ranks) const {
  const std::int64_t in_a_file = problems_per_file();
  for (std::int64_t file = rank; file * in_a_file < num_problems_; file += ranks) {
    std::string lines;
    const std::int64_t end = std::min(num_problems_, (file + 1) * in_a_file);
    for (std::int64_t place = file * in_a_file; place < end; ++place) {
      const auto records = std::ranges::equal_range(kept_, place, {}, &Kept::problem);
      if (records.empty()) continue;
      const std::string problem = Json::parse(files_.read(records.front().record)).at("problem");
      for (const auto& [index, score] : scores_at(place))
        lines += to_json_line(ScoreRecord{problem, index, score.correct, score.incorrect, score.log_score()}) + "\n";
    }
    folder.write(fmt::format("{}-{:05}.jsonl", kScoresPrefix, file), lines);
  }
}

std::set<int> in_top_clusters(const std::vector<GradedAttempt>& attempts, const ScoredClusters& of) {
  std::vector<rerank::Candidate> candidates;
  std::vector<int> indices;
  for (const GradedAttempt& attempt : attempts) {
    if (attempt.index == Attempt::kGreedy) continue;
    candidates.push_back(rerank::candidate_of(attempt));
    indices.push_back(attempt.index);
  }
  const std::vector<rerank::Cluster> clusters = rerank::cluster_answers(candidates, of.equality);
  std::set<int> worth;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    if (std::cmp_greater_equal(i, of.top) && clusters[i].size() < clusters[static_cast<std::size_t>(of.top) - 1].size())
      break;
    for (const int member : clusters[i].members) worth.insert(indices[static_cast<std::size_t>(member)]);
  }
  return worth;
}

StoredScores score_attempts(StageContext& stage, const std::string& model, const SealedFolder& attempts,
                            const ScoringSettings& settings, const std::optional<ScoredClusters>& clusters) {
  const ProblemPlaces problems = look_at(stage, attempts);
  const int parts_each = parts_of_a_problem(attempts);
  const std::string stem = stem_of(clusters);
  StoredScores found = find_scores(stage, problems, parts_each, stem);
  stage.groups.world.barrier("scores read");
  if (MissingScores(found, true).total() == 0) return found;
  LoadedModel verifier = load_model(stage, model);
  Scoring(stage, verifier, attempts, found, settings, clusters).run();
  StoredScores all = find_scores(stage, problems, parts_each, stem);
  const std::int64_t missing = MissingScores(all, true).total();
  FT_CHECK(missing == 0, "{} of {} problems have attempts without a score, though all were dealt", missing,
           problems.size());
  return all;
}

}  // namespace ft
