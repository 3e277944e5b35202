// report: what the run has found, as one HTML page, report.json and lines for the terminal.
//
//   report: {recipe: report, of: [answers, answers_again, ranking]}       # attempts, verdicts, rankings and models
//
// Attempts are graded by the run file's `grading`; a stage of verdicts (recipes/grade.cpp) shows them graded otherwise, beside
// that. The loss curves of every training stage
// that led to them are shown too, where the time went, and which problems training and test share.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "datasets/dataset.h"
#include "framework/recipe/evaluation.h"
#include "framework/recipe/graded_attempts.h"
#include "framework/recipe/names.h"
#include "framework/recipe/recipe.h"
#include "framework/recipe/report_sources.h"
#include "framework/recipe/stage_check.h"
#include "framework/recipe/verifier_check.h"
#include "framework/report/comparison.h"
#include "framework/report/effects.h"
#include "framework/store/sealed_folder.h"
#include "framework/train/step_log.h"

namespace ft {
namespace {

class Report final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("of", of_, kResultsInput, "stages whose results are shown");
    b.identity("title", title_, "heading of the page; empty = the name of the run folder");
    b.identity("examples", num_examples_, "readable examples of each kind", Range::at_least(0));
    b.identity("bootstrap", options_.bootstrap, "resamples of the 95 % intervals; 0 = none", Range::at_least(0));
    b.identity_unless(
        {}, "compare", compare_,
        "differences to be tested, each as \"STAGE [STRATEGY] [by SCORE] - STAGE [STRATEGY] [by SCORE]\"");
    b.identity("check_overlap", check_overlap_, "look for problems that training and test sets share");
  }

  ArtifactKind output() const override { return ArtifactKind::report; }
  bool uses_prompts() const override { return false; }
  bool uses_seed() const override { return false; }
  bool gathers_seeds() const override { return true; }

  void check_inputs(StageCheck& check) const override {
    if (of_.empty()) check.fail("of", "is empty: name the stages whose results are shown");
    std::set<std::string> seen;
    for (const std::string& name : of_) {
      if (!seen.insert(name).second) check.fail("of", fmt::format("names '{}' twice", name));
      const ArtifactKind kind = check.source(name).recipe->output();
      if (kind == ArtifactKind::report || kind == ArtifactKind::table) {
        check.fail("of",
                   fmt::format("names '{}', which gives a {}: a report shows attempts, verdicts, rankings and models",
                               name, to_string(kind)));
      }
    }
    for (const std::string& text : compare_) check_comparison(check, text);
  }

  void run(StageContext& stage) override {
    report::ReportInput input;
    options_.keep_values = true;
    for (const std::string& text : compare_)
      input.comparisons.push_back(report::read_comparison(text, first_names(stage)));
    for (const std::string& name : of_) {
      const StagePlan& source = stage.inputs.plan(name);
      const ArtifactKind kind = source.recipe->output();
      if (kind == ArtifactKind::attempts || kind == ArtifactKind::verdicts) add_attempts(stage, source, input);
      if (kind == ArtifactKind::ranking) add_ranking(stage, source, input);
    }
    const bool writes = stage.groups.world.rank() == 0;
    if (writes) collect(stage, input);
    stage.output.seal_pieces([] { return nlohmann::ordered_json(); },
                             [&](FolderWriter& folder) {
                               if (!writes) return;
                               folder.write("index.html", report::html_report(input));
                               folder.write("report.json",
                                            [&](const auto& out) { report::write_json_report(input, out); });
                               folder.write("report.txt", report::text_report(input));
                             });
  }

 private:
  // The stages that are shown, by what they are called with the first seed.
  std::vector<std::string> first_names(const StageContext& stage) const {
    std::vector<std::string> names;
    for (const std::string& name : of_) {
      if (stage.inputs.plan(name).copy_of.empty()) names.push_back(name);
    }
    return names;
  }

  void check_comparison(StageCheck& check, const std::string& text) const {
    std::optional<report::Comparison> read;
    try {
      std::vector<std::string> names;
      for (const std::string& name : of_) {
        if (check.source(name).copy_of.empty()) names.push_back(name);
      }
      read = report::read_comparison(text, names);
    } catch (const UserError& error) {
      check.fail("compare", error.what());
    }
    for (const report::ComparedSide& side : {read->left, read->right}) check_side(check, text, side);
    const std::string left = input_of(attempts_of(check, read->left), "problems"),
                      right = input_of(attempts_of(check, read->right), "problems");
    if (left != right) {
      check.fail("compare",
                 fmt::format("'{}': '{}' answers the problems '{}', '{}' the problems '{}': only answers to the "
                             "same ones can be compared",
                             text, read->left.stage, left, read->right.stage, right));
    }
  }

  static const StagePlan& attempts_of(const StageCheck& check, const report::ComparedSide& side) {
    const StagePlan& source = check.source(side.stage);
    return source.recipe->output() == ArtifactKind::attempts ? source : check.source(input_of(source, "attempts"));
  }

  // That the side's stage will have such a row. Keys of recipes that are not known are not looked at.
  void check_side(StageCheck& check, const std::string& text, const report::ComparedSide& side) const {
    const auto refuse = [&](const std::string& why) { check.fail("compare", fmt::format("'{}': {}", text, why)); };
    const StagePlan& source = check.source(side.stage);
    const ArtifactKind kind = source.recipe->output();
    if (kind == ArtifactKind::model) refuse(fmt::format("'{}' gives a model, and no answers", side.stage));
    const StagePlan& attempts = attempts_of(check, side);
    if (side.strategy == "greedy" || side.strategy == "Pass@1") {
      if (const auto* sampling = std::get_if<SamplingWork>(&attempts.work); sampling != nullptr && !sampling->greedy)
        refuse(fmt::format("'{}' makes no greedy attempts (greedy: false)", attempts.name));
      return;
    }
    const auto sampled = sampled_per_problem(attempts);
    if (sampled == 0) refuse(fmt::format("'{}' has no sampled attempts (per_problem: 0)", attempts.name));
    const bool judged = kind == ArtifactKind::ranking && !input_of(source, "verifier").empty();
    const bool by_verifier =
        side.ranks() && side.by.value_or(rerank::ScoreKind::verifier) == rerank::ScoreKind::verifier;
    if (by_verifier && !judged) {
      refuse(fmt::format(
          "{} chooses by a verifier's scores, and '{}' has none; name a stage of rerank, or add by mean log p",
          side.strategy, side.stage));
    }
    const auto only = [&](std::string_view start, std::int64_t number) {
      if (!side.strategy.starts_with(start) || side.strategy == fmt::format("{}{}", start, number)) return;
      refuse(fmt::format("'{}' has {}{}, and no {}", side.stage, start, number, side.strategy));
    };
    const auto* ranking = std::get_if<RankingWork>(&source.work);
    if (sampled) {
      for (const char* start : {"Maj1@", "Pass@"}) only(start, *sampled);
    }
    for (const char* start : {"RR.Top-", "W.RR.Top-"})
      only(start, ranking == nullptr ? options_.top_clusters.front() : ranking->top_clusters);
    only("Maj1.Top-", ranking == nullptr ? options_.top_n.front() : ranking->top_n);
    const bool within = side.strategy.starts_with("RR.Top-") || side.strategy.starts_with("W.RR.Top-");
    if (by_verifier && !within && ranking != nullptr && ranking->scores_top_clusters) {
      refuse(fmt::format("'{}' scores the largest clusters alone (score: top_clusters), and {} needs all scores",
                         side.stage, side.strategy));
    }
  }

  // What rank 0 adds to the tables.
  void collect(StageContext& stage, report::ReportInput& input) const {
    input.title = title_.empty() ? run_name(stage.run.run.folder) : title_;
    const std::vector<const StagePlan*> sources = ancestors(stage);
    for (const StagePlan* source : sources) {
      if (!source->copy_of.empty()) continue;  // of other seeds the page shows results alone
      if (const std::int64_t damaged = count_foreign_lines(source->folder / "steps.jsonl", Owner(source->identity));
          damaged > 0) {
        stage.log.warn(
            "{}: {} lines of steps.jsonl are damaged, of other work or no records of steps: the loss curve lacks them",
            source->name, damaged);
      }
      report::LossCurve curve = read_loss_curve(*source);
      if (!curve.points.empty()) input.losses.push_back(std::move(curve));
      if (const std::string standstill = standstill_of(*source); !standstill.empty()) {
        input.summary += fmt::format("{}Caution: {}: {}.", input.summary.empty() ? "" : " ", source->name, standstill);
      }
      add_settings(*source, input);
      add_data(*source, input);
    }
    if (check_overlap_) input.overlaps = find_shared_problems(stage, sources, of_);
    for (const std::string& missing : report::add_effects(input)) {
      const std::string words = fmt::format("compare: '{}' has no value: its sides have no problem in common", missing);
      stage.log.warn("{}", words);
      input.summary += fmt::format("{}Caution: {}.", input.summary.empty() ? "" : " ", words);
    }
    add_datasets(stage, input);
    input.times = read_times(stage.run, sources);
    input.execution.push_back({"run", {{"ranks", std::to_string(stage.groups.world.size())}, {"made", utc_now()}}});
  }

  // Attempts of a model on problems, with who made them and how they were graded.
  static report::StageTable table_of(const StageContext& stage, const GradedAttempts& graded,
                                     const GradingSettings& grading) {
    const StagePlan& attempts = *graded.attempts;
    report::StageTable table;
    table.grading = to_text(grading);
    table.generator = input_of(attempts, "model");
    table.training = table.generator.empty() ? "made elsewhere" : training_of(stage.run, table.generator);
    if (table.generator.empty()) table.generator = "somebody else";
    if (const std::string shown = input_of(attempts, "demonstrations"); !shown.empty())
      table.training += fmt::format(", few-shot ({})", shown);
    table.problems = input_of(attempts, "problems");
    return table;
  }

  // Collective, as add_ranking().
  void add_attempts(StageContext& stage, const StagePlan& source, report::ReportInput& input) const {
    const GradedAttempts graded = graded_attempts(stage, source.name);
    std::optional<GradedFolders> folders;
    GradingSettings grading;
    std::int64_t problems = 0;
    stage.together("the attempts and their verdicts", [&] {
      folders = graded.open();
      problems = count_problems(folders->attempts);
      grading = graded.grading();
    });
    report::StageTable table = table_of(stage, graded, grading);
    table.stage = source.name;
    table.description = fmt::format("attempts of {} on {}", table.generator, table.problems);
    rerank::RankingOptions options = options_;
    options.equality = rerank::equality_of(make_judge(grading));
    table.table = evaluate_together(stage, problems, read_of(*folders), false, options);
    add_table(source, std::move(table), input);
  }

  static void add_table(const StagePlan& source, report::StageTable table, report::ReportInput& input) {
    table.first_name = source.first_name();
    table.seed = source.seed;  // of a ranking its verifier's, also where all seeds rank the same attempts
    (source.copy_of.empty() ? input.stages : input.other_seeds).push_back(std::move(table));
  }

  void add_ranking(StageContext& stage, const StagePlan& source, report::ReportInput& input) const {
    // By the plan: the ranking knows the names that its inputs had then.
    const GradedAttempts graded{&stage.inputs.plan(input_of(source, "attempts")),
                                &stage.inputs.plan(input_of(source, kVerdictsInput))};
    std::optional<GradedFolders> folders;
    GradingSettings grading;
    std::int64_t problems = 0;
    stage.together("the ranking, its attempts and their verdicts", [&] {
      folders = graded.open();
      problems = count_problems(folders->attempts);
      folders->ranking = SealedFolder::open(source.output);
      grading = graded.grading();
    });
    refuse_older_scores(source, *folders->ranking);
    const auto& body = folders->ranking->manifest().body;
    rerank::RankingOptions options = options_;
    options.top_clusters = {body.at("options").at("top_clusters").get<int>()};
    options.top_n = {body.at("options").at("top_n").get<int>()};
    options.scored_clusters = body.value("scored_clusters", 0);
    options.equality = rerank::equality_of(make_judge(grading));
    report::StageTable table = table_of(stage, graded, grading);
    table.stage = source.name;
    table.evaluator = input_of(source, "verifier");
    table.description = table.evaluator.empty()
                            ? fmt::format("{}, votes alone", graded.attempts->name)
                            : fmt::format("{} ranked by {}", graded.attempts->name, table.evaluator);
    if (const StagePlan* verifier = stage.run.find_stage(table.evaluator)) {
      if (const auto* training = std::get_if<TrainingWork>(&verifier->work)) table.evaluator_loss = training->loss;
      if (const StagePlan* judged = stage.run.find_stage(input_of(*verifier, "attempts")))
        table.evaluator_of = input_of(*judged, "model");
    }
    const ReadGraded read = read_of(*folders);
    table.table = evaluate_together(stage, problems, read, !table.evaluator.empty(), options);
    if (source.copy_of.empty())
      stage.together("examples", [&] {  // the table is rank 0's
        for (report::Example& example : examples_of(table.table, read, num_examples_, options.equality))
          input.examples.push_back(std::move(example));
      });
    add_table(source, std::move(table), input);
  }

  // They are in the order of the problems' names, which nobody can read beside the attempts.
  static void refuse_older_scores(const StagePlan& source, const SealedFolder& ranking) {
    if (ranking.find("scores.jsonl") == nullptr) return;
    fail_user(
        fmt::format("{} was made by an older version, which kept scores in another order. Remove this folder: the same "
                    "command makes it again in seconds, from the scores in {}",
                    source.output.string(), (source.folder / "work").string()));
  }

  // Everything that the shown stages were made from, in the order of the run file.
  std::vector<const StagePlan*> ancestors(const StageContext& stage) const {
    std::set<std::string> names(of_.begin(), of_.end());
    const auto& stages = stage.run.stages;
    std::vector<const StagePlan*> found;
    for (auto candidate = stages.rbegin(); candidate != stages.rend(); ++candidate) {
      if (!names.contains(candidate->name)) continue;
      found.push_back(&*candidate);
      for (const Input& input : candidate->inputs) names.insert(input.names.begin(), input.names.end());
    }
    std::reverse(found.begin(), found.end());
    return found;
  }

  // Where the problems come from, and what a reader of results must know of them.
  static void add_datasets(const StageContext& stage, report::ReportInput& input) {
    std::set<std::string> seen;
    for (const auto& [name, node] : stage.run.problems) {
      for (const ProblemSetSpec& spec : read_problem_set(node)) {
        if (!seen.insert(spec.dataset).second) continue;
        const DatasetInfo info = dataset_info(spec.dataset);
        report::Section section{.title = info.title};
        section.entries = {{"licence", info.licence}, {"source", info.citation}, {"answers", info.answer_format}};
        if (!info.caution.empty()) {
          section.entries.push_back({"caution", info.caution});
          input.summary += fmt::format("{}{}", input.summary.empty() ? "" : " ", info.caution);
        }
        input.settings.push_back(std::move(section));
      }
    }
  }

  static void add_data(const StagePlan& source, report::ReportInput& input) {
    const auto body = SealedFolder::open(source.output).manifest().body;
    const auto data = nlohmann::ordered_json::json_pointer("/metadata/data");
    if (!body.contains(data) || !body.at(data).is_object()) return;
    for (const auto& [role, facts] : body.at(data).items()) {
      if (!facts.is_object() || !facts.contains("count") || !facts.contains("tokens"))
        continue;  // a recipe of somebody's
      input.data.push_back({.stage = source.name,
                            .role = role,
                            .of = facts.value(facts.contains("attempts") ? "attempts" : "problems", std::string()),
                            .examples = facts.at("count").get<std::int64_t>(),
                            .tokens = facts.at("tokens").get<std::int64_t>(),
                            .too_long = facts.value("too_long", std::int64_t{0})});
    }
  }

  static void add_settings(const StagePlan& source, report::ReportInput& input) {
    report::Section section{.title = fmt::format("{} ({})", source.name, source.recipe_name)};
    section.entries.push_back({"identity", source.identity});
    const SealedFolder folder = SealedFolder::open(source.output);
    if (folder.manifest().body.contains("weights_digest"))
      section.entries.push_back({"weights", folder.manifest().body.at("weights_digest")});
    section.entries.push_back({"settings", source.identity_text});
    input.settings.push_back(std::move(section));
  }

  std::vector<std::string> of_, compare_;
  std::string title_;
  int num_examples_ = 3;
  bool check_overlap_ = true;
  rerank::RankingOptions options_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::Report, "report", "4")
