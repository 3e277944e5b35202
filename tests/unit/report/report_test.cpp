#include "framework/report/report.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/report/html_parts.h"
#include "framework/report/method_tables.h"
#include "framework/report/svg.h"
#include "framework/report/text_table.h"

using namespace ft::report;

namespace {

std::vector<ft::rerank::RankedProblem> some_problems(bool scored) {
  std::vector<ft::rerank::RankedProblem> problems;
  for (int p = 0; p < 40; ++p) {
    ft::rerank::RankedProblem problem;
    problem.id = "toy/" + std::to_string(p);
    problem.level = 1 + p % 5;
    problem.subject = p % 2 == 0 ? "algebra" : "geometry & <b>more</b>";
    for (int i = 0; i < 16; ++i) {
      ft::rerank::Candidate candidate;
      const int answer = (i * i + p * (i % 3)) % 7;
      candidate.answer_found = answer != 6;
      candidate.answer = std::to_string(answer);
      candidate.right = answer == p % 3;
      candidate.log_prob = -3.0 - 0.1 * ((i * 7 + p) % 13);
      candidate.num_tokens = 10 + i % 4;
      if (scored) candidate.score = -0.2 * ((i * 5 + p) % 11) - (candidate.right ? 0 : 0.7);
      problem.candidates.push_back(candidate);
    }
    problem.greedy = problem.candidates[0];
    problems.push_back(problem);
  }
  return problems;
}

ReportInput some_input() {
  ReportInput input;
  input.title = "multitask <&> \"run\"";
  input.summary = "A solver, a verifier, and a solver again.";
  input.stages.push_back({"answers", "16 attempts by solver on test", ft::rerank::evaluate(some_problems(false), {})});
  input.stages.push_back({"ranking", "the same, scored by verifier", ft::rerank::evaluate(some_problems(true), {})});
  LossCurve curve{"solver", "token", {}, {{100, 1.5}, {200, 1.2}}};
  for (int step = 0; step < 1000; ++step) curve.points.emplace_back(step, 1 + std::exp(-step / 200.0));
  curve.points.emplace_back(1000, NAN);
  input.losses.push_back(curve);
  input.settings.push_back({"run", {{"seed", "1"}, {"solver digest", "0123abcd"}}});
  input.execution.push_back({"machine", {{"ranks", "2"}, {"seconds", "12.5"}}});
  input.stages[0].generator = input.stages[1].generator = "solver";
  input.stages[0].training = input.stages[1].training = "solution_sft";
  input.stages[0].problems = input.stages[1].problems = "test";
  input.stages[1].evaluator = "verifier";
  input.stages[1].evaluator_loss = "margin";
  Example example{"toy/3", true, "What is <i>1 + 1</i>?\nThink.", "2", {}, 1};
  example.clusters.push_back({"3", false, 5, 1.5, 0.4, "bad \xFF byte & \x01 control", {"Maj1"}});
  input.examples.push_back(example);
  const std::vector<std::string> train{"What is 1 + 1?", "Find x if 2x = 4."}, ids{"a", "b"};
  input.overlaps.push_back(describe_overlap("train", train, ids, "test", {{"what is 1+1"}}, {{"t"}}));
  input.times.push_back({"solver", "solution_sft", 12.5, 1, "1,000 tokens", 80, "tokens/s", {{0, "10 attempts", 0.5}}});
  return input;
}

}  // namespace

TEST_CASE("the text report is aligned and has every strategy") {
  const std::string text = text_report(some_input());
  for (const char* word : {"Pass@1", "Maj1@16", "Pass@16", "RR.All", "RR.Top-8", "W.RR", "Maj1.Top-16", "pass@k",
                           "maj@k", "unreadable", "AUC", "solver"}) {
    CHECK_MESSAGE(text.find(word) != std::string::npos, word);
  }
  // The headline's columns are three different numbers, each under its own name.
  const auto table_of_attempts = ft::rerank::evaluate(some_problems(false), {});
  const std::string line = text.substr(text.find("  answers"), 140);
  for (const char* name : {"Pass@1", "Maj1@16", "Pass@16"}) {
    const auto& value = *table_of_attempts.find(name)->solver;
    CHECK_MESSAGE(line.find(percent_in(value.mean, value.low, value.high)) != std::string::npos, name);
  }
  TextTable table({"a", "bb"});
  table.add({"\xC3\xA9", "1"});
  table.add({"long", "22"});
  CHECK(table.to_string() == "  a     bb\n  --------\n  \xC3\xA9      1\n  long  22\n");
}

TEST_CASE("report.json: results and execution, equal bytes for equal numbers, exact doubles") {
  const std::string first = json_report(some_input());
  CHECK(first == json_report(some_input()));
  // Written piece by piece, it has the bytes of the whole.
  for (const std::string& text : {first, json_report({})})
    CHECK(nlohmann::ordered_json::parse(text).dump(2) + "\n" == text);
  std::size_t parts = 0, bytes = 0;
  ReportInput many = some_input();
  many.stages[0].table.problems.resize(10'000);
  const std::string whole = json_report(many);
  write_json_report(many, [&](std::string_view part) {
    CHECK(part == std::string_view(whole).substr(bytes, part.size()));
    CHECK(part.size() < 200'000);
    bytes += part.size();
    ++parts;
  });
  CHECK(bytes == whole.size());
  CHECK(parts > 10);
  const auto json = nlohmann::json::parse(first);
  REQUIRE(json.contains("results"));
  CHECK(json["execution"]["machine"]["ranks"] == "2");
  CHECK(json["results"]["settings"]["run"]["seed"] == "1");
  const auto table = ft::rerank::evaluate(some_problems(true), {});
  for (const auto& row : json["results"]["stages"]["ranking"]["strategies"]) {
    if (row["name"] == "RR.All") CHECK(row["verifier"]["mean"].get<double>() == table.find("RR.All")->verifier->mean);
  }
  ReportInput other = some_input();
  other.execution.clear();
  CHECK(nlohmann::json::parse(json_report(other))["results"] == json["results"]);
}

TEST_CASE("the page is self-contained, escaped, and its tables are labelled") {
  const std::string html = html_report(some_input());
  CHECK(html.starts_with("<!doctype html>"));
  for (const char* banned : {"<script", "http:", "https:", "<link", "<img", "@import", "url(", "<i>1", "<b>more"}) {
    CHECK_MESSAGE(html.find(banned) == std::string::npos, banned);
  }
  for (const char* wanted : {"multitask &lt;&amp;&gt; &quot;run&quot;", "<caption>", "scope=\"col\"", "scope=\"row\"",
                             "prefers-color-scheme: dark", "name=\"viewport\"", "role=\"img\"",
                             "bad \xEF\xBF\xBD byte &amp; \xEF\xBF\xBD control", "RR.MajK", "optimiser step"}) {
    CHECK_MESSAGE(html.find(wanted) != std::string::npos, wanted);
  }
  // Every element that is opened is closed.
  for (const char* name : {"table", "tr", "td", "div", "svg", "figure", "details", "ul", "li", "section", "main", "p",
                           "h2", "pre", "thead", "tbody"}) {
    const auto count = [&](const std::string& what) {
      int n = 0;
      for (std::size_t at = html.find(what); at != std::string::npos; at = html.find(what, at + 1)) ++n;
      return n;
    };
    const std::string tag = name;
    CHECK_MESSAGE(count("<" + tag + ">") + count("<" + tag + " ") == count("</" + tag + ">"), tag);
  }
  if (const char* path = std::getenv("FT_REPORT_SAMPLE")) std::ofstream(path) << html;
  CHECK(html_report({}).find("</html>") != std::string::npos);
  CHECK(text_report({}).size() > 0);
}

TEST_CASE("no number depends on the order of a problem's attempts") {
  const auto problems = some_problems(true);
  const auto results = [](const std::vector<ft::rerank::RankedProblem>& all) {
    ReportInput input;
    ft::rerank::RankingOptions options;
    options.bootstrap = 50;
    options.exact_up_to = 12;  // the resampled maj@k, too
    options.resamples = 100;
    input.stages.push_back({"answers", "", ft::rerank::evaluate(all, options)});
    input.examples = ranking_examples(all, 5);
    return json_report(input);
  };
  const std::string expected = results(problems);
  CHECK(rc::check([&] {
    auto turned = problems;
    for (auto& problem : turned) {
      const auto seed = *rc::gen::arbitrary<unsigned>();
      auto& list = problem.candidates;
      for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[(seed * 2654435761U + i * 40503U) % i]);
    }
    RC_ASSERT(results(turned) == expected);
  }));
}

TEST_CASE("the method's tables: a row for each model and ranking, with this run's numbers") {
  const ReportInput input = some_input();
  const auto tables = method_tables(input);
  REQUIRE(tables.size() == 3);
  CHECK(tables[0].number == 2);
  CHECK(tables[0].rows.size() == 1);  // the ranking is of the same attempts
  CHECK(tables[1].number == 3);
  CHECK(tables[2].number == 7);
  CHECK(tables[1].rows[0][5].value->mean == input.stages[1].table.find("RR.All")->verifier->mean);
  const auto& curve = input.stages[1].table.find_curve("W.RR.MajK")->values;
  double best = 0;
  for (const auto& one : curve) best = std::max(best, one.mean);
  CHECK(tables[2].rows[0][5].value->mean == best);

  ReportInput more = input;
  more.stages.push_back(input.stages[0]);
  more.stages.back().generator = "solver_again";
  more.stages.back().training = "solution_sft, verifier_sft (margin), solution_sft";
  more.stages.push_back(input.stages[1]);
  more.stages.back().generator = "solver_again";
  const auto all = method_tables(more);
  REQUIRE(all.size() == 5);
  CHECK(all[2].number == 4);
  CHECK_FALSE(all[2].rows[0][3].difference.has_value());
  CHECK(all[2].rows[1][3].difference->mean == 0);  // the same attempts
  CHECK(all[3].number == 6);
  CHECK(all[3].rows.size() == 2);
  CHECK(method_tables({}).empty());
}

TEST_CASE("examples: problems that ranking saved and lost") {
  using ft::rerank::Candidate;
  const auto problem = [](const std::string& id, bool first_right) {
    ft::rerank::RankedProblem result;
    result.id = id;
    for (int i = 0; i < 5; ++i) {  // three votes for 1 with low scores, two for 2 with high ones
      Candidate candidate;
      candidate.answer = i < 3 ? "1" : "2";
      candidate.answer_found = true;
      candidate.right = (i < 3) == first_right;
      candidate.score = std::log(i < 3 ? 0.1 : 0.8 + 0.01 * i);
      candidate.text = "attempt " + std::to_string(i);
      result.candidates.push_back(candidate);
    }
    return result;
  };
  const auto found =
      ranking_examples(std::vector{problem("lost", true), problem("saved", false), problem("more", false)}, 1);
  REQUIRE(found.size() == 2);
  CHECK(found[0].problem == "saved");
  CHECK(found[0].saved);
  CHECK(found[1].problem == "lost");
  REQUIRE(found[0].clusters.size() == 2);
  CHECK(found[0].clusters[0].chosen_by == std::vector<std::string>{"Maj1"});
  CHECK(found[0].clusters[1].chosen_by == std::vector<std::string>{"W.RR", "RR.All"});
  CHECK(found[0].clusters[1].best_text == "attempt 4");
}

TEST_CASE("charts") {
  CHECK(svg({"t", "x", "y", {}}).empty());
  CHECK(svg({"t", "x", "y", {{"s", {{1, NAN}}}}}).empty());
  const std::string one = svg({"t", "x", "y", {{"s", {{1, 2}}}}});
  CHECK(one.find("nan") == std::string::npos);
  CHECK(one.find("inf") == std::string::npos);
  Series many{"s", {}};
  for (int i = 0; i < 100000; ++i) many.points.emplace_back(i, std::sin(i));
  CHECK(svg({"t", "x", "y", {many}}).size() < 20000);
  CHECK(figure({"t", "x", "y", {{"a<b", {{1, 2}, {2, 3}}}, {"c", {{1, 1}}}}}).find("a&lt;b") != std::string::npos);
  // Names at the ends of lines that meet stand apart.
  const std::string meeting =
      svg({"t", "x", "y", {{"a", {{1, 0}, {2, 1}}}, {"b", {{1, 2}, {2, 1}}}, {"c", {{1, 1}, {2, 1}}}}});
  std::vector<double> heights;
  for (std::size_t at = meeting.find("class=\"name"); at != std::string::npos;
       at = meeting.find("class=\"name", at + 1))
    heights.push_back(std::stod(meeting.substr(meeting.find(" y=\"", at) + 4)));
  REQUIRE(heights.size() == 3);
  CHECK(heights[1] - heights[0] >= 13.9);
  CHECK(heights[2] - heights[1] >= 13.9);
}

TEST_CASE("ticks are round and cover the range") {
  CHECK(ticks(0, 1, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0});
  CHECK(rc::check([] {
    const double low = *rc::gen::inRange(-1000000, 1000000) / 1000.0;
    const double high = low + *rc::gen::inRange(1, 1000000) / 1000.0;
    const auto all = ticks(low, high, 5);
    RC_ASSERT(all.size() >= 2U && all.size() <= 9U);
    RC_ASSERT(all.front() <= low + 1e-6 * (high - low));
    RC_ASSERT(all.back() >= high - 1e-6 * (high - low));
  }));
}

TEST_CASE("escaped text holds no markup and no broken UTF-8") {
  CHECK(rc::check([] {
    const std::string text = escape(*rc::gen::arbitrary<std::string>());
    RC_ASSERT(text.find('<') == std::string::npos && text.find('>') == std::string::npos &&
              text.find('"') == std::string::npos);
    RC_ASSERT(nlohmann::json(text).dump().size() >= 2U);  // throws on what is not UTF-8
  }));
}
