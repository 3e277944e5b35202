#include "framework/recipe/report_sources.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "framework/recipe/stage_times.h"
#include "framework/store/append_log.h"
#include "framework/store/sealed_folder.h"
#include "framework/train/standstill.h"
#include "framework/train/step_log.h"

namespace ft {
namespace {

// 2,294,556
std::string grouped(double count) {
  std::string digits = fmt::format("{:.0f}", count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(digits.begin() + static_cast<std::ptrdiff_t>(at), ',');
  }
  return digits;
}

struct Steps {
  report::LossCurve curve;
  double tokens = 0, seconds = 0;
};

// Of the output: the log beside it may know more, of a longer length that the stage was trained for, too.
std::int64_t last_step(const StagePlan& stage) {
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  if (!SealedFolder::looks_sealed(stage.output)) return kAll;
  const auto body = SealedFolder::open(stage.output).manifest().body;
  const auto training = nlohmann::ordered_json::json_pointer("/metadata/training/steps");
  return body.contains(training) ? body.at(training).get<std::int64_t>() : kAll;
}

Steps read_steps(const StagePlan& stage) {
  const std::int64_t last = last_step(stage);
  Steps steps;
  steps.curve.stage = stage.name;
  steps.curve.unit = stage.recipe_name == "solution_sft" ? "token" : "";
  LineReader lines(stage.folder / "steps.jsonl");
  for (std::string line; lines.next(line);) {
    const auto json = read_step_line(line, Owner(stage.identity));
    if (!json) continue;  // torn by a kill, damaged, or not of this training: one point less in a curve
    if (json->at("step").get<std::int64_t>() > last) continue;
    if (json->contains("validation_loss")) {
      steps.curve.validation.emplace_back(json->at("step"), json->at("validation_loss"));
      continue;
    }
    if (!json->contains("skipped")) steps.curve.points.emplace_back(json->at("step"), json->at("loss"));
    steps.curve.learning_rate.emplace_back(json->at("step"), json->at("learning_rate"));
    steps.tokens += json->at("tokens").get<double>();
    steps.seconds += json->at("seconds").get<double>();
  }
  return steps;
}

// How many records each rank kept in its pieces of that name.
void add_ranks(const StagePlan& stage, const char* stem, report::StageTime& time) {
  double all = 0;
  std::vector<double> counts;
  for (const std::filesystem::path& piece : list_pieces(stage.folder / "work", stem)) {
    counts.push_back(static_cast<double>(count_records({piece}, Owner(stage.identity))));
    all += counts.back();
  }
  if (counts.size() < 2 || all == 0) return;
  for (std::size_t i = 0; i < counts.size(); ++i)
    time.ranks.push_back({static_cast<int>(i), grouped(counts[i]) + " " + stem, counts[i] / all});
}

report::StageTime describe_time(const StagePlan& stage) {
  report::StageTime time;
  time.stage = stage.name;
  time.recipe = stage.recipe_name;
  if (const Steps steps = read_steps(stage); steps.tokens > 0) {
    time.done = grouped(steps.tokens) + " tokens";
    time.rate = steps.seconds > 0 ? steps.tokens / steps.seconds : 0;
    time.unit = "tokens/s";
  }
  add_ranks(stage, "attempts", time);
  add_ranks(stage, "scores", time);
  return time;
}

}  // namespace

std::string training_of(const RunPlan& plan, const std::string& model) {
  std::vector<std::string> chain;
  for (const StagePlan* stage = plan.find_stage(model); stage != nullptr;
       stage = plan.find_stage(input_of(*stage, "model"))) {
    const auto* training = std::get_if<TrainingWork>(&stage->work);
    const std::string loss = training == nullptr ? "" : training->loss;
    chain.push_back(loss.empty() ? stage->recipe_name : fmt::format("{} ({})", stage->recipe_name, loss));
  }
  if (chain.empty()) return "as given";
  std::reverse(chain.begin(), chain.end());
  return fmt::format("{}", fmt::join(chain, ", "));
}

std::string standstill_of(const StagePlan& stage) {
  LossWeights weights;
  if (const auto* training = std::get_if<TrainingWork>(&stage.work)) weights.margin = training->margin;
  StandstillWatch watch(weights);
  std::string words;
  LineReader lines(stage.folder / "steps.jsonl");
  for (std::string line; lines.next(line);) {
    const std::optional<StepRecord> record = step_from_json(line, Owner(stage.identity));
    if (!record) continue;
    if (const auto said = watch.step(*record)) words = *said;
  }
  if (const auto said = watch.end()) words = *said;
  return words;
}

report::LossCurve read_loss_curve(const StagePlan& stage) { return read_steps(stage).curve; }

std::vector<report::StageTime> read_times(const RunPlan& plan, const std::vector<const StagePlan*>& stages) {
  std::vector<report::StageTime> times;
  for (const StagePlan* stage : stages) times.push_back(describe_time(*stage));
  const StageTimes known = read_stage_times(plan.run.folder);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const StageTime* time = find_time(known, stages[i]->name, stages[i]->identity);
    if (time == nullptr) continue;
    times[i].seconds = time->seconds;
    times[i].starts = time->starts;
  }
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i]->recipe->output() != ArtifactKind::attempts) continue;
    const auto body = SealedFolder::open(stages[i]->output).manifest().body;
    if (!body.contains("summary") || !body["summary"].contains("tokens")) continue;
    const double tokens = body["summary"]["tokens"];
    times[i].done =
        fmt::format("{} attempts, {} tokens", grouped(body["summary"].value("attempts", 0.0)), grouped(tokens));
    times[i].rate = times[i].seconds > 0 && times[i].starts == 1 ? tokens / times[i].seconds : 0;
    times[i].unit = "tokens/s";
  }
  return times;
}

std::vector<report::OverlapFinding> find_shared_problems(StageContext& context,
                                                         const std::vector<const StagePlan*>& stages,
                                                         const std::vector<std::string>& shown) {
  std::vector<std::string> learnt, tested;  // names of problem sets, in the order of the run file, each once
  const RunPlan& plan = context.run;
  const std::function<void(std::vector<std::string>&, const std::string&)> add = [&](std::vector<std::string>& list,
                                                                                     const std::string& name) {
    if (const auto set = plan.attempt_sets.find(name); set != plan.attempt_sets.end()) {
      const StagePlan* attempts = plan.find_stage(set->second.attempts);
      if (attempts->recipe->output() == ArtifactKind::verdicts)
        attempts = plan.find_stage(input_of(*attempts, "attempts"));
      add(list, input_of(*attempts, "problems"));
      return add(list, set->second.with);
    }
    if (!name.empty() && std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  for (const StagePlan* stage : stages) {
    const StagePlan* attempts = context.run.find_stage(input_of(*stage, "attempts"));
    if (stage->recipe->output() == ArtifactKind::model) {
      add(learnt, input_of(*stage, "problems"));
      add(learnt, input_of(*stage, "validation"));
      for (const StagePlan* read : {attempts, context.run.find_stage(input_of(*stage, "validation_attempts"))}) {
        if (read != nullptr) add(learnt, input_of(*read, "problems"));
      }
    } else if (std::find(shown.begin(), shown.end(), stage->name) != shown.end()) {
      add(tested, input_of(attempts == nullptr ? *stage : *attempts, "problems"));
      add(learnt, input_of(attempts == nullptr ? *stage : *attempts, "demonstrations"));
    }
  }
  struct Texts {
    std::vector<std::string> texts, ids;
    bool is_known = true;
  };
  std::map<std::string, Texts> sets;
  const auto texts_of = [&](const std::string& name) -> const Texts& {
    const auto [found, fresh] = sets.try_emplace(name);
    if (!fresh) return found->second;
    try {  // at the end of days: not for this table alone
      for (const Problem& problem : context.inputs.problems(name)) {
        found->second.texts.push_back(problem.text);
        found->second.ids.push_back(problem.id);
      }
    } catch (const UserError& error) {
      found->second.is_known = false;
      context.log.warn("problems that '{}' shares with other sets are left out of the report: {}", name, error.what());
    }
    return found->second;
  };
  std::vector<report::OverlapFinding> findings;
  for (const std::string& test : tested) {
    const Texts& second = texts_of(test);
    if (!second.is_known) continue;
    findings.push_back(report::describe_duplicates(test, second.texts, second.ids));
    for (const std::string& train : learnt) {
      const Texts& first = texts_of(train);
      if (!first.is_known) continue;
      findings.push_back(report::describe_overlap(train, first.texts, first.ids, test, second.texts, second.ids));
    }
  }
  return findings;
}

}  // namespace ft
