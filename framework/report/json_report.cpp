#include <nlohmann/json.hpp>

#include "framework/report/report.h"

namespace ft::report {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const rerank::Estimate& estimate) {
  return Json{{"mean", estimate.mean},
              {"standard_error", estimate.standard_error},
              {"binomial_error", estimate.binomial_error},
              {"difference_to_maj1", estimate.difference},
              {"difference_error", estimate.difference_error},
              {"difference_interval_95", {estimate.difference_low, estimate.difference_high}}};
}

Json to_json(const std::vector<rerank::Estimate>& estimates) {
  Json means = Json::array();
  Json errors = Json::array();
  for (const auto& estimate : estimates) {
    means.push_back(estimate.mean);
    errors.push_back(estimate.standard_error);
  }
  return Json{{"mean", std::move(means)}, {"standard_error", std::move(errors)}};
}

Json to_json(const rerank::StrategyRow& row) {
  Json json{{"name", row.name}, {"meaning", row.meaning}};
  if (row.solver) json["solver"] = to_json(*row.solver);
  if (row.verifier) json["verifier"] = to_json(*row.verifier);
  if (row.mean_log_prob) json["mean_log_prob"] = to_json(*row.mean_log_prob);
  if (row.sum_log_prob) json["sum_log_prob"] = to_json(*row.sum_log_prob);
  json["cost"] = row.cost;
  return json;
}

Json to_json(const rerank::Curve& curve) {
  Json json{{"name", curve.name}, {"axis", curve.axis}, {"at", curve.at}};
  if (!curve.values.empty()) json["values"] = to_json(curve.values);
  if (!curve.baseline.empty()) json["mean_log_prob"] = to_json(curve.baseline);
  if (!curve.cost.empty()) json["cost"] = curve.cost;
  return json;
}

Json to_json(const rerank::VerifierQuality& quality) {
  Json json;
  json["auc_pooled"] = quality.auc_pooled ? Json(*quality.auc_pooled) : Json();
  json["auc_within_problem"] = quality.auc_within_problem ? Json(quality.auc_within_problem->mean) : Json();
  json["problems_with_both"] = quality.problems_with_both;
  return json;
}

Json to_json(const rerank::RankingTable& table) {
  Json json{{"problems", table.num_problems}, {"attempts_per_problem", table.num_attempts},
            {"right", table.right},           {"unreadable", table.unreadable},
            {"unknown", table.unknown},       {"clusters_per_problem", table.mean_clusters},
            {"scored", table.has_scores},     {"unscored_attempts", table.unscored}};
  json["strategies"] = Json::array();
  for (const auto& row : table.rows) json["strategies"].push_back(to_json(row));
  json["curves"] = Json::array();
  for (const auto& curve : table.curves) json["curves"].push_back(to_json(curve));
  if (table.verifier) json["verifier_quality"] = to_json(*table.verifier);
  if (table.mean_log_prob) json["mean_log_prob_quality"] = to_json(*table.mean_log_prob);
  json["groups"] = Json::array();
  for (const auto& group : table.groups) {
    Json row{{"group", group.group}, {"problems", group.num_problems}};
    for (const auto& [name, estimate] : group.values)
      row[name] = Json{{"mean", estimate.mean}, {"standard_error", estimate.standard_error}};
    json["groups"].push_back(std::move(row));
  }
  return json;
}

Json to_json(const std::vector<Section>& sections) {
  Json json = Json::object();
  for (const Section& section : sections) {
    Json& entries = json[section.title];
    if (entries.is_null()) entries = Json::object();
    for (const Entry& entry : section.entries) entries[entry.key] = entry.value;
  }
  return json;
}

Json points(const std::vector<std::pair<double, double>>& pairs) {
  Json json = Json::array();
  for (const auto& [step, loss] : pairs) json.push_back({step, loss});
  return json;
}

}  // namespace

std::string json_report(const ReportInput& input) {
  Json results = Json::object();
  results["stages"] = Json::object();
  for (const StageTable& stage : input.stages) {
    Json json{{"description", stage.description}};
    json.update(to_json(stage.table));
    results["stages"][stage.stage] = std::move(json);
  }
  results["losses"] = Json::object();
  for (const LossCurve& curve : input.losses) {
    results["losses"][curve.stage] =
        Json{{"unit", curve.unit}, {"training", points(curve.points)}, {"validation", points(curve.validation)}};
  }
  results["settings"] = to_json(input.settings);
  // The title is often the name of the run folder: no result.
  const Json report{{"title", input.title}, {"results", std::move(results)}, {"execution", to_json(input.execution)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ft::report
