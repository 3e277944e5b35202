#include <nlohmann/json.hpp>

#include "framework/report/method_tables.h"
#include "framework/report/report.h"

namespace ft::report {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const rerank::Interval& interval) { return Json::array({interval.low, interval.high}); }

Json to_json(const rerank::Estimate& estimate) {
  return Json{{"mean", estimate.mean},
              {"interval_95", {estimate.low, estimate.high}},
              {"standard_error", estimate.standard_error},
              {"binomial_error", estimate.binomial_error},
              {"difference_to_maj1", estimate.difference},
              {"difference_error", estimate.difference_error},
              {"difference_interval_95", {estimate.difference_low, estimate.difference_high}}};
}

// A column of a curve; intervals only where there are any.
Json to_json(const std::vector<rerank::Estimate>& estimates) {
  Json means = Json::array();
  Json errors = Json::array();
  Json lows = Json::array();
  Json highs = Json::array();
  bool intervals = false;
  for (const auto& estimate : estimates) {
    means.push_back(estimate.mean);
    errors.push_back(estimate.standard_error);
    lows.push_back(estimate.low);
    highs.push_back(estimate.high);
    intervals = intervals || estimate.low < estimate.high;
  }
  Json json{{"mean", std::move(means)}, {"standard_error", std::move(errors)}};
  if (intervals) {
    json["low"] = std::move(lows);
    json["high"] = std::move(highs);
  }
  return json;
}

Json to_json(const rerank::StrategyRow& row, double oracle) {
  Json json{{"name", row.name}, {"meaning", row.meaning}};
  if (row.solver) json["solver"] = to_json(*row.solver);
  if (row.verifier) json["verifier"] = to_json(*row.verifier);
  if (row.mean_log_prob) json["mean_log_prob"] = to_json(*row.mean_log_prob);
  if (row.sum_log_prob) json["sum_log_prob"] = to_json(*row.sum_log_prob);
  const auto& value = row.solver ? row.solver : row.verifier;
  if (value) json["gap_to_oracle"] = oracle - value->mean;
  json["cost"] = row.cost;
  return json;
}

Json to_json(const rerank::Curve& curve) {
  Json json{{"name", curve.name}, {"axis", curve.axis}, {"at", curve.at}};
  if (!curve.values.empty()) json["values"] = to_json(curve.values);
  if (!curve.baseline.empty()) json["mean_log_prob"] = to_json(curve.baseline);
  if (!curve.cost.empty()) json["cost"] = curve.cost;
  if (!curve.resampling_error.empty()) json["resampling_error"] = curve.resampling_error;
  return json;
}

Json to_json(const rerank::Calibration& calibration) {
  Json bins = Json::array();
  for (const rerank::ReliabilityBin& bin : calibration.bins) {
    Json row{{"low", bin.low}, {"high", bin.high}, {"attempts", bin.count}};
    if (bin.count > 0) {
      row["mean_score"] = bin.mean_score;
      row["right"] = bin.share_right;
      row["right_interval_95"] = to_json(bin.interval);
    }
    bins.push_back(std::move(row));
  }
  return Json{{"attempts", calibration.count},
              {"expected_calibration_error", calibration.ece},
              {"brier", calibration.brier},
              {"brier_of_base_rate", calibration.brier_base},
              {"bins", std::move(bins)}};
}

Json to_json(const rerank::VerifierQuality& quality) {
  Json json = Json::object();
  json["auc_pooled"] = quality.auc_pooled ? Json(*quality.auc_pooled) : Json();
  if (quality.auc_pooled) json["auc_pooled_interval_95"] = to_json(quality.auc_pooled_interval);
  json["auc_within_problem"] = quality.auc_within_problem ? Json(quality.auc_within_problem->mean) : Json();
  if (quality.auc_within_problem) {
    json["auc_within_problem_interval_95"] = {quality.auc_within_problem->low, quality.auc_within_problem->high};
  }
  json["problems_with_both"] = quality.problems_with_both;
  if (quality.calibration) json["calibration"] = to_json(*quality.calibration);
  return json;
}

Json to_json(const rerank::RankingTable& table) {
  Json json{{"problems", table.num_problems},
            {"attempts_per_problem", table.num_attempts},
            {"fewest_attempts", table.fewest_attempts},
            {"bootstrap_resamples", table.bootstrap},
            {"oracle", table.oracle},
            {"right", table.right},
            {"unreadable", table.unreadable},
            {"unknown", table.unknown},
            {"clusters_per_problem", table.mean_clusters},
            {"scored", table.has_scores},
            {"unscored_attempts", table.unscored}};
  json["strategies"] = Json::array();
  for (const auto& row : table.rows) json["strategies"].push_back(to_json(row, table.oracle));
  json["curves"] = Json::array();
  for (const auto& curve : table.curves) json["curves"].push_back(to_json(curve));
  if (table.verifier) json["verifier_quality"] = to_json(*table.verifier);
  if (table.mean_log_prob) json["mean_log_prob_quality"] = to_json(*table.mean_log_prob);
  json["groups"] = Json::array();
  for (const auto& group : table.groups) {
    Json row{{"group", group.group}, {"problems", group.num_problems}};
    for (const auto& [name, estimate] : group.values)
      row[name] = Json{{"mean", estimate.mean},
                       {"interval_95", {estimate.low, estimate.high}},
                       {"standard_error", estimate.standard_error}};
    json["groups"].push_back(std::move(row));
  }
  json["forms"] = Json::array();
  for (const auto& form : table.forms) {
    json["forms"].push_back({{"form", form.form},
                             {"sampled", form.sampled},
                             {"sampled_right", form.sampled_right},
                             {"greedy", form.greedy},
                             {"greedy_right", form.greedy_right}});
  }
  return json;
}

Json to_json(const rerank::ProblemRow& problem) {
  Json row{{"id", problem.id}};
  if (problem.greedy) row["pass@1"] = *problem.greedy;
  row["right"] = problem.sampled;
  row["maj1"] = problem.majority;
  row["any_right"] = problem.oracle;
  return row;
}

Json to_json(const rerank::TwoLevel& value) {
  return Json{{"seeds", value.seeds},
              {"problems", value.problems},
              {"mean", value.mean},
              {"interval_95", {value.low, value.high}},
              {"standard_error", value.standard_error},
              {"between_seeds", value.between_seeds},
              {"of_seeds", value.of_seeds}};
}

Json to_json(const Effect& effect) {
  Json json = to_json(effect.value);
  json["p"] = effect.value.p;
  if (effect.asked) json["holm_p"] = effect.adjusted_p;
  json["verdict"] = verdict_of(effect);
  return json;
}

// The numbers of the method's tables that stand nowhere else: paired changes and points picked after the fact.
Json to_json(const MethodTable& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json json = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const MethodCell& cell = row[i];
      // A column "change" belongs to the one before it.
      const std::string name = table.header[i] == "change" ? table.header[i - 1] + " change" : table.header[i];
      if (cell.value) json[name] = cell.value->mean;
      if (!cell.text.empty()) json[name] = cell.text;
      if (!cell.note.empty()) json[name + " at"] = cell.note;
      if (cell.difference) {
        json[name] =
            Json{{"mean", cell.difference->mean}, {"interval_95", {cell.difference->low, cell.difference->high}}};
      }
    }
    rows.push_back(std::move(json));
  }
  return Json{
      {"as_in_table", table.number}, {"title", table.title}, {"caption", table.caption}, {"rows", std::move(rows)}};
}

Json to_json(const OverlapFinding& finding) {
  Json pairs = Json::array();
  for (const auto* list : {&finding.overlap.exact_pairs, &finding.overlap.near_pairs}) {
    for (const OverlapPair& pair : *list) pairs.push_back({pair.first, pair.second, pair.similarity});
  }
  Json json{{"problems_of", finding.second},          {"also_in", finding.first},
            {"checked", finding.overlap.second_size}, {"against", finding.overlap.first_size},
            {"equal", finding.overlap.exact},         {"near", finding.overlap.near}};
  json["pairs"] = std::move(pairs);  // [place in the other set, place in this one, similarity]
  json["examples"] = Json::array();
  for (const OverlapFinding::Pair& pair : finding.examples)
    json["examples"].push_back({{"id", pair.second_id}, {"like", pair.first_id}, {"similarity", pair.similarity}});
  return json;
}

Json to_json(const Example& example) {
  Json json{{"problem", example.problem}, {"saved", example.saved}, {"reference", example.reference}};
  json["clusters"] = Json::array();
  for (const ExampleCluster& cluster : example.clusters) {
    json["clusters"].push_back({{"answer", cluster.answer},
                                {"right", cluster.right},
                                {"votes", cluster.votes},
                                {"summed_score", cluster.summed_score},
                                {"best_score", cluster.best_score},
                                {"chosen_by", cluster.chosen_by}});
  }
  return json;
}

Json to_json(const StageTime& time) {
  Json json{{"recipe", time.recipe}, {"seconds", time.seconds}, {"starts", time.starts}};
  if (!time.done.empty()) json["done"] = time.done;
  if (time.rate > 0) json[time.unit] = time.rate;
  for (const StageTime::OfRank& rank : time.ranks)
    json["ranks"].push_back({{"rank", rank.rank}, {"done", rank.done}, {"share", rank.share}});
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

// A document that is written while it is made, with the bytes of Json::dump(2).
class JsonStream {
 public:
  explicit JsonStream(const WriteText& out) : out_(out) {}

  // `key`: in an object.
  void begin(char bracket, std::string_view key = {}) {
    if (!ends_.empty()) lead(key);
    text_ += bracket;
    ends_ += bracket == '{' ? '}' : ']';
    empty_ = true;
  }
  void add(const Json& value, std::string_view key = {}) {
    lead(key);
    for (const char c : dump(value)) {
      text_ += c;
      if (c == '\n') text_.append(2 * ends_.size(), ' ');  // within texts it is escaped
    }
    if (text_.size() > kBytesAtOnce) flush();
  }
  void end() {
    const char bracket = ends_.back();
    ends_.pop_back();
    if (!empty_) new_line();
    text_ += bracket;
    empty_ = false;
    if (!ends_.empty()) return;
    text_ += '\n';
    flush();
  }

 private:
  static constexpr std::size_t kBytesAtOnce = 1 << 16;

  static std::string dump(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace); }
  void new_line() { text_.append(1, '\n').append(2 * ends_.size(), ' '); }
  void lead(std::string_view key) {
    if (!empty_) text_ += ',';
    new_line();
    if (ends_.back() == '}') text_ += dump(key) + ": ";
    empty_ = false;
  }
  void flush() {
    out_(text_);
    text_.clear();
  }

  const WriteText& out_;
  std::string text_, ends_;  // what is not written yet; the brackets that are open
  bool empty_ = true;        // nothing is in the last of them
};

void write(JsonStream& out, const StageTable& stage) {
  out.begin('{', stage.stage);
  out.add(stage.seed, "seed");
  out.add(stage.description, "description");
  for (const auto& [key, value] :
       {std::pair{"generator", &stage.generator}, std::pair{"training", &stage.training},
        std::pair{"problem_set", &stage.problems}, std::pair{"evaluator", &stage.evaluator},
        std::pair{"evaluator_loss", &stage.evaluator_loss}, std::pair{"grading", &stage.grading}}) {
    if (!value->empty()) out.add(*value, key);
  }
  const Json table = to_json(stage.table);
  for (const auto& [key, value] : table.items()) out.add(value, key);
  out.begin('[', "per_problem");
  for (const rerank::ProblemRow& problem : stage.table.problems) out.add(to_json(problem));
  out.end();
  out.end();
}

void write_results(JsonStream& out, const ReportInput& input) {
  out.begin('{', "stages");
  for (const StageTable& stage : input.stages) write(out, stage);
  out.end();
  if (!input.other_seeds.empty()) {
    out.begin('{', "other_seeds");
    for (const StageTable& stage : input.other_seeds) write(out, stage);
    out.end();
    Json rows = Json::object();
    for (const SeedRow& row : input.over_seeds) rows[row.stage][row.strategy] = to_json(row.value);
    out.add(rows, "over_seeds");
  }
  Json differences = Json::object();
  for (const Effect& effect : input.effects) differences[effect.text] = to_json(effect);
  if (!differences.empty()) out.add(differences, "differences");
  Json results{{"tables", Json::array()}, {"losses", Json::object()}};
  for (const MethodTable& table : method_tables(input)) results["tables"].push_back(to_json(table));
  for (const LossCurve& curve : input.losses) {
    results["losses"][curve.stage] = Json{{"unit", curve.unit},
                                          {"training", points(curve.points)},
                                          {"validation", points(curve.validation)},
                                          {"learning_rate", points(curve.learning_rate)}};
  }
  results["overlaps"] = Json::array();
  for (const OverlapFinding& finding : input.overlaps) results["overlaps"].push_back(to_json(finding));
  results["examples"] = Json::array();
  for (const Example& example : input.examples) results["examples"].push_back(to_json(example));
  results["settings"] = to_json(input.settings);
  for (const auto& [key, value] : results.items()) out.add(value, key);
}

}  // namespace

void write_json_report(const ReportInput& input, const WriteText& write) {
  JsonStream out(write);
  out.begin('{');
  out.add(input.title, "title");  // often the name of the run folder: no result
  out.begin('{', "results");
  write_results(out, input);
  out.end();
  Json execution = to_json(input.execution);
  for (const StageTime& time : input.times) execution["times"][time.stage] = to_json(time);
  out.add(execution, "execution");
  out.end();
}

std::string json_report(const ReportInput& input) {
  std::string text;
  write_json_report(input, [&](std::string_view part) { text += part; });
  return text;
}

}  // namespace ft::report
