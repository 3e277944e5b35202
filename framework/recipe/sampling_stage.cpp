#include "framework/recipe/sampling_stage.h"

#include <algorithm>
#include <map>

#include "framework/base/philox.h"
#include "framework/batching/examples.h"
#include "framework/comm/one_rank.h"
#include "framework/problem/attempt_files.h"
#include "framework/problem/attempt_line.h"
#include "framework/problem/attempt_reader.h"
#include "framework/problem/records.h"
#include "framework/recipe/attempt_pieces.h"
#include "framework/recipe/deal.h"
#include "framework/recipe/missing_attempts.h"
#include "framework/recipe/problem_spool.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/recipe/tokens_left.h"
#include "framework/store/append_log.h"
#include "framework/store/files.h"
#include "framework/text/token_table.h"

namespace ft {
namespace {

constexpr std::string_view kStem = "attempts";
constexpr std::int64_t kShortestRun = 4;  // attempts at one problem that are worth computing its prompt once more

// Index 0 .. per_problem-1, and the greedy one first where it is wanted.
std::vector<int> wanted_indices(const SamplingJob& job) {
  std::vector<int> indices;
  if (job.greedy) indices.push_back(Attempt::kGreedy);
  for (int i = 0; i < job.per_problem; ++i) indices.push_back(i);
  return indices;
}

class Sampling {
 public:
  // `done` must not look again while this lives.
  Sampling(StageContext& stage, LoadedModel& model, const SamplingJob& job, const ProblemSpool& problems,
           const AttemptPieces& done)
      : stage_(stage),
        model_(model),
        job_(job),
        build_(*model.tokenizer, job.prompts),
        stops_(*model.tokenizer, job.stop),
        problems_(problems),
        indices_(wanted_indices(job)),
        missing_(done, problems, indices_.size()) {}

  // What would end the stage when its turn comes is told before anything is made. Each rank looks at a share.
  void check() const {
    const Communicator& world = stage_.groups.world;
    std::vector<std::int64_t> share;
    for (std::int64_t i = world.rank(); i < missing_.num_problems(); i += world.size())
      share.push_back(missing_.problem(i));
    std::ranges::sort(share);
    std::int64_t block = -1;
    std::vector<Problem> of_block;
    for (const std::int64_t place : share) {
      stage_.stop.check();
      if (place >= problems_.end_of(block)) of_block = problems_.read(block = problems_.block_of(place));
      const Problem& problem = of_block[static_cast<std::size_t>(place - problems_.end_of(block - 1))];
      check_length(problem, std::ssize(prompt_of(problem)));
    }
  }

  void run() {
    const Groups groups = stage_.groups;
    tell_end_tokens();
    AppendLog log(stage_.work.path() / piece_name(kStem, groups.world.rank()), stage_.work.owner());
    SamplingSettings settings = job_.settings;
    settings.slots = static_cast<int>(even_rounds(missing_.total(), groups.data.size(), settings.slots));
    Generator generator(*model_.decoder, settings, stage_.seed(), model_.end_tokens(), model_.tokenizer->size(),
                        stops_);
    note_batch_sizes(generator);
    const std::int64_t all = std::ssize(indices_) * problems_.num_problems(), before = all - missing_.total();
    stage_.progress.begin(stage_.plan.name, all, before);
    Deal deal(groups, "attempts to make", missing_.total(), {.most = settings.slots, .least = kShortestRun});
    const Stopwatch watch;
    std::int64_t dealt = 0, finished = 0;  // of this rank
    const std::int64_t each = (missing_.total() + groups.data.size() - 1) / groups.data.size();
    TokensLeft left{.num_requests = each, .slots = settings.slots, .most = settings.max_new_tokens};
    const auto more = [&]() -> std::optional<SampleWork> {
      const std::optional<Deal::Run> run = deal.next();
      if (!run) return std::nullopt;
      dealt += run->count();
      return work_of(*run);
    };
    const auto done = [&](const Sampled& sampled) {
      const Attempt attempt = attempt_of(sampled);
      if (groups.tensor.rank() == 0) log.append(to_json_line(attempt));
      ++finished;
      left.finished(std::ssize(sampled.tokens));
      // The others are taken to be as far as this rank: asking would make them wait.
      const std::int64_t by_all = deal.num_dealt() - (dealt - finished) * groups.data.size();
      const double rate = static_cast<double>(generator.num_tokens()) / watch.seconds();
      stage_.progress.update(before + std::max(finished, by_all),
                             fmt::format("{:.0f} tokens/s", rate * groups.data.size()),
                             left.tokens(generator.num_tokens()) / rate);
    };
    bool stopped = false;
    {
      const StopLead::Work work = stage_.stop.work_begins();
      // The ranks of a tensor group decode together, so they stop together.
      generator.run(more, done, [&] {
        deal.serve();
        return stopped = any_rank(groups.tensor, "stop of sampling", stage_.stop.seen());
      });
    }
    log.sync();
    if (stopped) deal.close();
    const BusyRanks busy = deal.finish();
    stage_.progress.end();
    const std::int64_t tokens = sum_over_ranks(groups.data, "sampled tokens", generator.num_tokens());
    if (any_rank(groups.world, "sampling stopped", stopped)) {
      throw StopRequested(
          fmt::format("stopped on request in stage '{}'; finished attempts are kept", stage_.plan.name));
    }
    stage_.log.info("sampled {} attempts, {} tokens, {:.0f} tokens/s{}", missing_.total(), tokens,
                    static_cast<double>(tokens) / watch.seconds(), groups.data.size() > 1 ? "; " + to_text(busy) : "");
  }

 private:
  std::vector<TokenId> prompt_of(const Problem& problem) const {
    try {
      return build_.solver_prompt(problem.text);
    } catch (const UserError& error) {
      fail_user(fmt::format("problem '{}': {}", problem.id, error.what()));
    }
  }

  SampleWork work_of(const Deal::Run& run) {
    SampleWork work;
    for (const MissingAttempts::Part& part : missing_.parts(run.begin, run.end)) {
      const Problem problem = problems_.problem(part.problem);
      const int prompt = static_cast<int>(work.prompts.size());
      for (const std::size_t i : part.indices)
        work.requests.push_back({prompt, name_hash(problem.id), indices_[i], part.problem});
      work.prompts.push_back(prompt_of(problem));
      Begun& begun = begun_[part.problem];
      begun.id = problem.id;
      begun.unfinished += part.indices.size();
    }
    return work;
  }

  void note_batch_sizes(const Generator& generator) const {
    if (job_.settings.slots < 2 || generator.batch_sizes().sizes() != std::vector<int>{1} || !stage_.log.informs())
      return;
    stage_.log.warn(
        "{}: on this processor no number of rows decoded together gives the same bits as one row alone, so that "
        "attempts are decoded one by one: "
        "that is several times slower",
        stage_.plan.name);
  }

  // More than one is worth a word: it is in files that nobody reads.
  void tell_end_tokens() {
    const std::vector<TokenId> ends = model_.end_tokens();
    if (ends.size() == 1) return;
    std::string text;
    for (const TokenId id : ends) {
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", escaped(model_.tokenizer->token_text(id)), id);
      if (model_.tokenizer->decode(std::span(&id, 1)).empty() || !stage_.log.informs()) continue;
      stage_.log.warn(
          "token {} '{}' ends an attempt, since generation_config.json or config.json names it as eos_token_id, but it "
          "is "
          "an ordinary piece of text",
          id, escaped(model_.tokenizer->token_text(id)));
    }
    stage_.log.info("an attempt ends with any of {}", text);
  }

  void check_length(const Problem& problem, std::int64_t prompt) const {
    const std::int64_t longest = model_.decoder->config().max_position;
    const std::int64_t needed = prompt + job_.settings.max_new_tokens;
    if (longest > 0 && needed > longest) {
      fail_user(stage_.plan.place,
                fmt::format("problem '{}' needs {} tokens (prompt {} + max_new_tokens {}), more than the model's {}; "
                            "lower max_new_tokens",
                            problem.id, needed, prompt, job_.settings.max_new_tokens, longest));
    }
  }

  Attempt attempt_of(const Sampled& sampled) {
    Attempt attempt;
    const auto begun = begun_.find(sampled.request.place);
    attempt.problem = begun->second.id;
    if (--begun->second.unfinished == 0) begun_.erase(begun);
    attempt.index = sampled.request.index;
    std::span<const TokenId> text(sampled.tokens);
    if (sampled.finished && !sampled.stopped) text = text.first(text.size() - 1);
    attempt.text = stops_.cut(model_.tokenizer->decode(text));
    attempt.finished = sampled.finished;
    attempt.num_tokens = static_cast<int>(sampled.tokens.size());
    attempt.log_prob = sampled.log_prob;
    return attempt;
  }

  StageContext& stage_;
  LoadedModel& model_;
  const SamplingJob& job_;
  ExampleBuilder build_;
  StopTexts stops_;
  const ProblemSpool& problems_;
  std::vector<int> indices_;  // that are wanted of each problem
  MissingAttempts missing_;
  struct Begun {
    std::string id;
    std::size_t unfinished = 0;
  };
  std::map<std::int64_t, Begun> begun_;  // problems with attempts under way
};

// The sealed files of one stage.
class Sealing {
 public:
  Sealing(StageContext& stage, const SamplingJob& job, const ProblemSpool& problems, const AttemptPieces& attempts)
      : stage_(stage), job_(job), problems_(problems), attempts_(attempts) {}

  // Local: this rank's.
  void write(FolderWriter& folder) {
    const Communicator& world = stage_.groups.world;
    for (std::int64_t block = world.rank(); block < problems_.num_blocks(); block += world.size()) {
      std::string lines;
      attempts_.for_each(problems_.end_of(block - 1), problems_.end_of(block), [&](std::string_view line) {
        const auto attempt = scan_attempt(line);
        FT_CHECK(attempt, "an attempt that is none: {}", line);
        tokens_ += attempt->num_tokens;
        unfinished_ += attempt->finished ? 0 : 1;
        lines.append(line).push_back('\n');
      });
      folder.write(attempts_name(block), lines);
      folder.write(problems_name(block), problems_.lines(block));
    }
  }

  // Collective.
  nlohmann::ordered_json body(const std::vector<TokenId>& end_tokens) const {
    Communicator& world = stage_.groups.world;
    const std::int64_t tokens = sum_over_ranks(world, "tokens of the attempts", tokens_);
    const std::int64_t unfinished = sum_over_ranks(world, "unfinished attempts", unfinished_);
    return {{kProblemsPerFile, problems_.end_of(0)},
            {"summary",
             {{"problems", problems_.num_problems()},
              {"per_problem", job_.per_problem},
              {"greedy", job_.greedy},
              {"attempts", problems_.num_problems() * std::ssize(wanted_indices(job_))},
              {"tokens", tokens},
              {"unfinished", unfinished},
              {"end_tokens", end_tokens}}}};
  }

 private:
  StageContext& stage_;
  const SamplingJob& job_;
  const ProblemSpool& problems_;
  const AttemptPieces& attempts_;
  std::int64_t tokens_ = 0, unfinished_ = 0;
};

ProblemPlaces places_of(StageContext& stage, const ProblemSpool& problems) {
  ProblemPlaces places;
  stage.together("names of the problems", [&] {
    for (std::int64_t block = 0; block < problems.num_blocks(); ++block) {
      for (const Problem& problem : problems.read(block)) places.add(problem.id);
    }
    places.finish();
  });
  return places;
}

}  // namespace

void run_sampling(StageContext& stage, LoadedModel& model, const SamplingJob& job) {
  FT_CHECK(std::holds_alternative<SamplingWork>(stage.plan.work),
           "recipe '{}' samples, but its work() does not say so (recipe/planned_work.h)", stage.plan.recipe_name);
  Communicator& world = stage.groups.world;
  const std::filesystem::path spool = stage.work.path() / ".problems.partial";
  const std::int64_t each = std::max<std::int64_t>(1, std::ssize(wanted_indices(job)));
  const ProblemSpool problems(
      world, spool, [&](std::int64_t count) { return problems_a_file(each, count); }, job.problems);
  const ProblemPlaces places = places_of(stage, problems);
  AttemptPieces attempts(stage, places, wanted_indices(job));
  attempts.look();
  world.barrier("attempts read");  // nobody may add lines while another rank still reads what is missing
  {
    Sampling sampling(stage, model, job, problems, attempts);
    stage.together("prompts", [&] { sampling.check(); });
    sampling.run();
  }
  world.barrier("attempts written");
  attempts.look();
  Sealing sealing(stage, job, problems, attempts);
  stage.output.seal_pieces([&] { return sealing.body(model.end_tokens()); },
                           [&](FolderWriter& folder) { sealing.write(folder); });
  on_rank_zero(world, "end of the problems", [&] {
    remove_leftovers(stage.work.path());
    return std::string();
  });
}

}  // namespace ft
