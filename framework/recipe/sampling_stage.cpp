#include "framework/recipe/sampling_stage.h"

#include <algorithm>
#include <map>
#include <set>

#include "framework/base/philox.h"
#include "framework/batching/examples.h"
#include "framework/problem/attempt_reader.h"
#include "framework/problem/records.h"
#include "framework/recipe/tokens_left.h"
#include "framework/store/append_log.h"
#include "framework/text/token_table.h"

namespace ft {
namespace {

constexpr std::string_view kStem = "attempts";

using DoneSet = std::map<std::string, std::set<int>, std::less<>>;

// Index 0 .. per_problem-1, and the greedy one first where it is wanted.
std::vector<int> wanted_indices(const SamplingJob& job) {
  std::vector<int> indices;
  if (job.greedy) indices.push_back(Attempt::kGreedy);
  for (int i = 0; i < job.per_problem; ++i) indices.push_back(i);
  return indices;
}

DoneSet read_done(const std::filesystem::path& work, Logger& log) {
  DoneSet done;
  const PieceCounts counts = read_pieces(list_pieces(work, kStem), [&](std::string_view line) {
    const Attempt attempt = attempt_from_json(line, {std::string(kStem)});
    done[attempt.problem].insert(attempt.index);
  });
  if (counts.torn > 0) log.info("{} attempts were cut off by the interruption and are made again", counts.torn);
  if (counts.damaged > 0)
    log.warn("{} damaged lines among the attempts are made again, the first at {}", counts.damaged,
             counts.complaints.front());
  return done;
}

// All sampled and greedy attempts of the job's problems, in the order of problems and indices, each once.
std::vector<Attempt> collect(const StageContext& stage, const SamplingJob& job) {
  std::map<std::string, std::map<int, Attempt>, std::less<>> found;
  read_pieces(list_pieces(stage.work(), kStem), [&](std::string_view line) {
    Attempt attempt = attempt_from_json(line, {std::string(kStem)});
    found[attempt.problem].try_emplace(attempt.index, attempt);
  });
  std::vector<Attempt> attempts;
  for (const Problem& problem : job.problems) {
    auto& of_problem = found[problem.id];
    for (const int index : wanted_indices(job)) {
      const auto attempt = of_problem.find(index);
      FT_CHECK(attempt != of_problem.end(), "attempt {} of problem '{}' is missing at the end of stage '{}'", index,
               problem.id, stage.name());
      attempts.push_back(attempt->second);
    }
  }
  return attempts;
}

class Sampling {
 public:
  Sampling(StageContext& stage, LoadedModel& model, const SamplingJob& job)
      : stage_(stage), model_(model), job_(job), build_(*model.tokenizer, stage.prompts()) {}

  // This rank's share of what is missing; problems go round the data ranks.
  void plan(const DoneSet& done) {
    const Communicator& data = stage_.groups().data;
    const std::vector<int> wanted = wanted_indices(job_);
    std::int64_t unfinished = 0;
    for (const Problem& problem : job_.problems) {
      const auto already = done.find(problem.id);
      std::vector<int> missing;
      for (const int index : wanted) {
        if (already == done.end() || !already->second.contains(index)) missing.push_back(index);
      }
      total_missing_ += std::ssize(missing);
      if (missing.empty() || unfinished++ % data.size() != data.rank()) continue;
      stage_.check_stop();
      for (const int index : missing)
        requests_.push_back({static_cast<int>(prompts_.size()), name_hash(problem.id), index});
      try {
        prompts_.push_back(build_.solver_prompt(problem.text));
      } catch (const UserError& error) {
        fail_user(fmt::format("problem '{}': {}", problem.id, error.what()));
      }
      problems_.push_back(&problem);
      check_length(problem);
    }
  }

  void run() {
    const Groups groups = stage_.groups();
    tell_end_tokens();
    AppendLog log(stage_.work() / piece_name(kStem, groups.world.rank()));
    Generator generator(*model_.decoder, job_.settings, stage_.seed(), model_.end_tokens(), model_.tokenizer->size());
    note_batch_sizes(generator);
    const std::int64_t own = std::ssize(requests_), all = std::ssize(wanted_indices(job_)) * std::ssize(job_.problems);
    const bool alone = groups.data.size() == 1;
    // Rank 0 speaks of its own share: how far the others are it does not know, and asking would make them wait.
    const std::string what =
        alone ? stage_.name() : fmt::format("{}: rank 0's share of {} attempts", stage_.name(), all);
    const std::int64_t total = alone ? all : own, before = alone ? all - total_missing_ : 0;
    stage_.progress().begin(what, total, before);
    const Stopwatch watch;
    std::int64_t finished = 0;
    TokensLeft left{.num_requests = own, .slots = job_.settings.slots, .most = job_.settings.max_new_tokens};
    const auto done = [&](const Sampled& sampled) {
      if (groups.tensor.rank() == 0) log.append(to_json_line(attempt_of(sampled)));
      ++finished;
      left.finished(std::ssize(sampled.tokens));
      const double rate = static_cast<double>(generator.num_tokens()) / watch.seconds();
      stage_.progress().update(before + finished, fmt::format("{:.0f} tokens/s", rate * groups.data.size()),
                               left.tokens(generator.num_tokens()) / rate);
    };
    {
      const StopLead::Work work = stage_.work_begins();
      // The ranks of a tensor group decode together, so they stop together.
      generator.run(prompts_, requests_, done,
                    [&] { return any_rank(groups.tensor, "stop of sampling", stage_.stop_seen()); });
    }
    log.sync();
    stage_.progress().end();
    const bool stopped = finished < own;
    if (!alone && !stopped && own > 0)
      stage_.log().info("{}: rank 0 has made its {} attempts and waits for the others", stage_.name(), own);
    const std::int64_t tokens = sum_over_ranks(groups.data, "sampled tokens", generator.num_tokens());
    if (any_rank(groups.world, "sampling stopped", stopped)) {
      throw StopRequested(fmt::format("stopped on request in stage '{}'; finished attempts are kept", stage_.name()));
    }
    stage_.log().info("sampled {} attempts, {} tokens, {:.0f} tokens/s", total_missing_, tokens,
                      static_cast<double>(tokens) / watch.seconds());
  }

 private:
  void note_batch_sizes(const Generator& generator) const {
    if (job_.settings.slots < 2 || generator.batch_sizes().sizes() != std::vector<int>{1} || !stage_.log().informs())
      return;
    stage_.log().warn(
        "{}: on this processor no number of rows decoded together gives the same bits as one row alone, so that "
        "attempts are decoded one by one: "
        "that is several times slower",
        stage_.name());
  }

  // More than one is worth a word: it is in files that nobody reads.
  void tell_end_tokens() {
    const std::vector<TokenId> ends = model_.end_tokens();
    if (ends.size() == 1) return;
    std::string text;
    for (const TokenId id : ends) {
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", escaped(model_.tokenizer->token_text(id)), id);
      if (model_.tokenizer->decode(std::span(&id, 1)).empty() || !stage_.log().informs()) continue;
      stage_.log().warn(
          "token {} '{}' ends an attempt, since generation_config.json or config.json names it as eos_token_id, but it "
          "is "
          "an ordinary piece of text",
          id, escaped(model_.tokenizer->token_text(id)));
    }
    stage_.log().info("an attempt ends with any of {}", text);
  }

  void check_length(const Problem& problem) const {
    const std::int64_t longest = model_.decoder->config().max_position;
    const std::int64_t needed = std::ssize(prompts_.back()) + job_.settings.max_new_tokens;
    if (longest > 0 && needed > longest) {
      fail_user(stage_.plan().place,
                fmt::format("problem '{}' needs {} tokens (prompt {} + max_new_tokens {}), more than the model's {}; "
                            "lower max_new_tokens",
                            problem.id, needed, prompts_.back().size(), job_.settings.max_new_tokens, longest));
    }
  }

  Attempt attempt_of(const Sampled& sampled) const {
    Attempt attempt;
    attempt.problem = problems_[static_cast<std::size_t>(sampled.request.prompt)]->id;
    attempt.index = sampled.request.index;
    std::span<const TokenId> text(sampled.tokens);
    if (sampled.finished) text = text.first(text.size() - 1);
    attempt.text = model_.tokenizer->decode(text);
    attempt.finished = sampled.finished;
    attempt.num_tokens = static_cast<int>(sampled.tokens.size());
    attempt.log_prob = sampled.log_prob;
    return attempt;
  }

  StageContext& stage_;
  LoadedModel& model_;
  const SamplingJob& job_;
  ExampleBuilder build_;
  std::vector<std::vector<TokenId>> prompts_;
  std::vector<const Problem*> problems_;  // of each prompt
  std::vector<SampleRequest> requests_;
  std::int64_t total_missing_ = 0;
};

nlohmann::ordered_json summary(const SamplingJob& job, const LoadedModel& model, const std::vector<Attempt>& attempts) {
  std::int64_t tokens = 0, unfinished = 0;
  for (const Attempt& attempt : attempts) {
    tokens += attempt.num_tokens;
    unfinished += attempt.finished ? 0 : 1;
  }
  return {{"problems", job.problems.size()},
          {"per_problem", job.per_problem},
          {"greedy", job.greedy},
          {"attempts", attempts.size()},
          {"tokens", tokens},
          {"unfinished", unfinished},
          {"end_tokens", model.end_tokens()}};
}

}  // namespace

void run_sampling(StageContext& stage, LoadedModel& model, const SamplingJob& job) {
  Communicator& world = stage.groups().world;
  Sampling sampling(stage, model, job);
  const DoneSet done = read_done(stage.work(), stage.log());
  world.barrier("attempts read");  // nobody may add lines while another rank still reads what is missing
  stage.together("prompts", [&] { sampling.plan(done); });
  sampling.run();
  world.barrier("attempts written");
  std::vector<std::pair<std::string, std::string>> files;
  nlohmann::ordered_json body;
  if (world.rank() == 0) {
    const std::vector<Attempt> attempts = collect(stage, job);
    std::string lines, problems;
    for (const Attempt& attempt : attempts) lines += to_json_line(attempt) + "\n";
    for (const Problem& problem : job.problems) problems += to_json_line(problem) + "\n";
    files = {{kAttemptsFile, std::move(lines)}, {kProblemsFile, std::move(problems)}};
    body["summary"] = summary(job, model, attempts);
  }
  stage.seal(body, files);
}

}  // namespace ft
