// report: what the run has found, as one HTML page, report.json and lines for the terminal.
//
//   report: {recipe: report, of: [answers, answers_again, ranking]}
//
// `of` names attempts, rankings and models. The loss curves of every training stage that led to them are shown too.

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "datasets/dataset.h"
#include "framework/recipe/evaluation.h"
#include "framework/recipe/recipe.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

class Report final : public Recipe {
 public:
  void describe(Binder& b) override {
    b.required_input("of", of_, "stage", "stages whose results are shown");
    b.identity("title", title_, "heading of the page; empty = the name of the run folder");
    b.identity("examples", num_examples_, "readable examples of each kind", Range::at_least(0));
    b.identity("bootstrap", options_.bootstrap, "resamples of the paired intervals; 0 = none", Range::at_least(0));
  }

  ArtifactKind output() const override { return ArtifactKind::report; }
  bool uses_prompts() const override { return false; }

  void run(StageContext& stage) override {
    std::vector<std::pair<std::string, std::string>> files;
    if (stage.groups().world.rank() == 0) {
      const report::ReportInput input = collect(stage);
      files = {{"index.html", report::html_report(input)}, {"report.json", report::json_report(input)}, {"report.txt", report::text_report(input)}};
    }
    stage.seal({}, files);
  }

 private:
  report::ReportInput collect(StageContext& stage) const {
    report::ReportInput input;
    input.title = title_.empty() ? std::filesystem::path(stage.run_plan().run.folder).filename().string() : title_;
    for (const std::string& name : of_) {
      const StagePlan& source = stage.input_plan(name);
      if (source.recipe->output() == ArtifactKind::attempts) add_attempts(source, input);
      if (source.recipe->output() == ArtifactKind::ranking) add_ranking(stage, source, input);
    }
    for (const StagePlan* source : ancestors(stage)) {
      if (source->recipe->output() == ArtifactKind::model) add_loss(*source, input);
      add_settings(*source, input);
    }
    add_datasets(stage, input);
    input.execution.push_back({"run", {{"ranks", std::to_string(stage.groups().world.size())}, {"made", utc_now()}}});
    return input;
  }

  void add_attempts(const StagePlan& source, report::ReportInput& input) const {
    input.stages.push_back({source.name, describe_attempts(source), rerank::evaluate(load_ranked(source.output, {}), options_)});
  }

  void add_ranking(StageContext& stage, const StagePlan& source, report::ReportInput& input) const {
    const auto body = SealedFolder::open(source.output).manifest().body;
    const StagePlan& attempts = stage.input_plan(body.at("attempts"));
    rerank::RankingOptions options = options_;
    options.top_clusters = {body.at("options").at("top_clusters").get<int>()};
    options.top_n = {body.at("options").at("top_n").get<int>()};
    const Scores scores = read_scores_file(source.output / "scores.jsonl");
    const auto ranked = load_ranked(attempts.output, scores);
    input.stages.push_back({source.name, body.at("description"), rerank::evaluate(ranked, options)});
    if (scores.empty()) return;
    for (report::Example& example : ranking_examples(ranked, num_examples_)) input.examples.push_back(std::move(example));
  }

  static std::string describe_attempts(const StagePlan& source) {
    std::string model, problems;
    for (const Input& input : source.inputs) {
      if (input.key == "model") model = input.names.front();
      if (input.key == "problems") problems = input.names.front();
    }
    return fmt::format("attempts of {} on {}", model, problems);
  }

  // Everything that the shown stages were made from, in the order of the run file.
  std::vector<const StagePlan*> ancestors(const StageContext& stage) const {
    std::set<std::string> names(of_.begin(), of_.end());
    const auto& stages = stage.run_plan().stages;
    std::vector<const StagePlan*> found;
    for (auto candidate = stages.rbegin(); candidate != stages.rend(); ++candidate) {
      if (!names.contains(candidate->name)) continue;
      found.push_back(&*candidate);
      for (const Input& input : candidate->inputs) names.insert(input.names.begin(), input.names.end());
    }
    std::reverse(found.begin(), found.end());
    return found;
  }

  static void add_loss(const StagePlan& source, report::ReportInput& input) {
    report::LossCurve curve{.stage = source.name, .unit = "step's unit"};
    std::ifstream lines(source.folder / "steps.jsonl");
    double tokens = 0, seconds = 0;
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.contains("validation_loss")) {
        curve.validation.emplace_back(json.at("step"), json.at("validation_loss"));
      } else {
        curve.points.emplace_back(json.at("step"), json.at("loss"));
        tokens += json.at("tokens").get<double>();
        seconds += json.at("seconds").get<double>();
      }
    }
    if (curve.points.empty()) return;
    input.losses.push_back(std::move(curve));
    input.execution.push_back({source.name, {{"training tokens", fmt::format("{:.0f}", tokens)}, {"training seconds", fmt::format("{:.1f}", seconds)}}});
  }

  // Where the problems come from, and what a reader of results must know of them.
  static void add_datasets(const StageContext& stage, report::ReportInput& input) {
    std::set<std::string> seen;
    for (const auto& [name, node] : stage.run_plan().problems) {
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

  static void add_settings(const StagePlan& source, report::ReportInput& input) {
    report::Section section{.title = fmt::format("{} ({})", source.name, source.recipe_name)};
    section.entries.push_back({"identity", source.identity});
    const SealedFolder folder = SealedFolder::open(source.output);
    if (folder.manifest().body.contains("weights_digest")) section.entries.push_back({"weights", folder.manifest().body.at("weights_digest")});
    section.entries.push_back({"settings", source.identity_text});
    input.settings.push_back(std::move(section));
  }

  std::vector<std::string> of_;
  std::string title_;
  int num_examples_ = 3;
  rerank::RankingOptions options_;
};

}  // namespace
}  // namespace ft

FT_RECIPE(ft::Report, "report", "1")
