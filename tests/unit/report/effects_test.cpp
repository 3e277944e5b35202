#include "framework/report/effects.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "framework/base/error.h"

using namespace ft::report;
using doctest::Approx;
using ft::rerank::ScoreKind;

namespace {

const std::vector<std::string> kStages{"answers", "answers_again", "ranking"};

// Attempts at 30 problems by a model of that skill, scored by a verifier that sees something.
StageTable table_of(const std::string& stage, std::int64_t seed, double skill, bool scored) {
  std::mt19937_64 random(static_cast<std::uint64_t>(seed) * 1000 + static_cast<std::uint64_t>(100 * skill));
  std::uniform_real_distribution<double> uniform;
  std::vector<ft::rerank::RankedProblem> problems;
  for (int p = 0; p < 30; ++p) {
    ft::rerank::RankedProblem problem;
    problem.id = "p" + std::to_string(p);
    for (int i = 0; i < 8; ++i) {
      ft::rerank::Candidate candidate;
      candidate.right = uniform(random) < skill;
      candidate.answer_found = true;
      candidate.answer = candidate.right ? "1" : std::to_string(2 + static_cast<int>(4 * uniform(random)));
      candidate.log_prob = -3 - uniform(random);
      candidate.num_tokens = 10;
      if (scored) candidate.score = -uniform(random) - (candidate.right ? 0 : 0.3);
      problem.candidates.push_back(candidate);
    }
    problem.greedy = problem.candidates.front();
    problems.push_back(problem);
  }
  ft::rerank::RankingOptions options;
  options.top_clusters = {2};
  options.keep_values = true;
  StageTable table{stage, "", ft::rerank::evaluate(problems, options)};
  table.generator = stage == "answers_again" ? "again" : "solver";
  table.problems = "test";
  table.seed = seed;
  if (scored) table.evaluator = "verifier";
  return table;
}

ReportInput input_of(const std::vector<std::int64_t>& seeds) {
  ReportInput input;
  for (const std::int64_t seed : seeds) {
    const bool first = seed == seeds.front();
    for (StageTable table : {table_of("answers", seed, 0.4, false), table_of("answers_again", seed, 0.5, false),
                             table_of("ranking", seed, 0.4, true)}) {
      table.first_name = table.stage;
      if (!first) table.stage += ".seed" + std::to_string(seed);
      (first ? input.stages : input.other_seeds).push_back(std::move(table));
    }
  }
  return input;
}

std::vector<Effect> effects(ReportInput& input) {
  (void)add_effects(input);
  return input.effects;
}

const Effect& find(const std::vector<Effect>& effects, const std::string& text) {
  for (const Effect& effect : effects)
    if (effect.text == text) return effect;
  FAIL("no difference '" << text << "'");
  return effects.front();
}

std::string refusal(const std::string& text) {
  try {
    (void)read_comparison(text, kStages);
  } catch (const ft::UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a comparison is read as it is written") {
  const Comparison plain = read_comparison("answers_again - answers", kStages);
  CHECK(plain.left.stage == "answers_again");
  CHECK(plain.left.strategy == "sampled");
  CHECK(plain.right.stage == "answers");
  CHECK(plain.right.strategy == "sampled");
  const Comparison ranked = read_comparison("ranking RR.All - RR.All by mean log p", kStages);
  CHECK(ranked.right.stage == "ranking");
  CHECK(ranked.left.by == std::nullopt);
  CHECK(ranked.right.by == ScoreKind::mean_log_prob);
  const Comparison vote = read_comparison("answers_again Maj1 - answers", kStages);
  CHECK(vote.right.strategy == "Maj1");
  CHECK(read_comparison(" ranking W.RR.Top-8 by verifier - Maj1@64 ", kStages).right.strategy == "Maj1@64");
  CHECK(refusal("answers").find("is no difference") != std::string::npos);
  CHECK(refusal("answers_agin - answers").find("did you mean 'answers_again'?") != std::string::npos);
  CHECK(refusal("answers RR.Top-x - Maj1").find("'RR.Top-x' is no strategy") != std::string::npos);
  CHECK(refusal("ranking W.RR by luck - Maj1").find("'luck' is no score") != std::string::npos);
  CHECK(refusal("Maj1 - answers").find("the left side names no stage") != std::string::npos);
  CHECK(refusal("answers - answers sampled").find("both sides are the same") != std::string::npos);
  CHECK(refusal("ranking Maj1 by verifier - W.RR").find("Maj1 chooses by no score") != std::string::npos);
}

TEST_CASE("with one seed: the paired differences of the tables, and nothing is called a gain") {
  ReportInput input = input_of({1});
  const std::vector<Effect> all = effects(input);
  CHECK(all.size() == 5);
  const auto& table = input.stages[2].table;
  for (const auto& [strategy, row] : {std::pair{"W.RR", "W.RR"}, std::pair{"RR.All", "RR.All"}}) {
    const Effect& effect = find(all, std::string("ranking ") + strategy + " - ranking Maj1");
    CHECK(effect.value.mean == Approx(table.find(row)->verifier->difference));
    CHECK(effect.value.standard_error == Approx(table.find(row)->verifier->difference_error));
    CHECK(effect.value.seeds == 1);
  }
  CHECK(find(all, "ranking RR.All - ranking RR.All by mean log p").value.mean ==
        Approx(table.find("RR.All")->verifier->mean - table.find("RR.All")->mean_log_prob->mean));
  CHECK(find(all, "answers_again sampled - answers sampled").value.mean ==
        Approx(input.stages[1].table.right - input.stages[0].table.right));
  for (const Effect& effect : all) {
    CHECK(verdict_of(effect).find("gain") == std::string::npos);
    CHECK(verdict_of(effect).find("loss") == std::string::npos);
  }
  CHECK(input.over_seeds.empty());
}

TEST_CASE("with several seeds: means over them, Holm among what was asked for, a stage that has no other seed") {
  ReportInput input = input_of({1, 2, 3});
  for (const char* text : {"answers_again - answers", "ranking W.RR - Maj1", "ranking RR.All - Maj1"})
    input.comparisons.push_back(read_comparison(text, kStages));
  const std::vector<Effect> all = effects(input);
  CHECK(all.size() == 5);  // what was asked for is not there twice
  double mean = 0;
  for (const auto* list : {&input.stages, &input.other_seeds}) {
    for (const StageTable& table : *list) {
      if (table.first_name == "ranking") mean += table.table.find("W.RR")->verifier->difference / 3;
    }
  }
  const Effect& effect = find(all, "ranking W.RR - ranking Maj1");
  CHECK(effect.asked);
  CHECK(effect.value.mean == Approx(mean));
  CHECK(effect.value.of_seeds.size() == 3);
  CHECK(effect.adjusted_p >= effect.value.p);
  CHECK(find(all, "answers_again sampled - answers sampled").value.seeds == 3);

  const std::vector<SeedRow> rows = input.over_seeds;
  const auto row =
      std::ranges::find_if(rows, [](const SeedRow& r) { return r.stage == "ranking" && r.strategy == "W.RR"; });
  REQUIRE(row != rows.end());
  CHECK(row->value.of_seeds.front() == Approx(input.stages[2].table.find("W.RR")->verifier->mean));

  // What does not depend on the seed has one table, which stands for all of them.
  std::erase_if(input.other_seeds, [](const StageTable& table) { return table.first_name == "answers"; });
  CHECK(find(effects(input), "answers_again sampled - answers sampled").value.seeds == 3);
  for (const std::string& text : {text_report(input), html_report(input)}) {
    CHECK(text.find("between seeds") != std::string::npos);
    CHECK(text.find("ranking W.RR - ranking Maj1") != std::string::npos);
  }
  const auto json = nlohmann::json::parse(json_report(input))["results"];
  CHECK(json["differences"]["ranking W.RR - ranking Maj1"]["seeds"] == 3);
  CHECK(json["over_seeds"]["ranking"]["W.RR"]["of_seeds"].size() == 3);
  CHECK(json["other_seeds"].contains("ranking.seed2"));
}
