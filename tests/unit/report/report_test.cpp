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
  input.examples.push_back(
      {"toy/3", {{"problem", "What is <i>1 + 1</i>?\nThink."}, {"attempt", "bad \xFF byte & \x01 control"}}});
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
  const std::string line = text.substr(text.find("  answers"), 120);
  for (const char* name : {"Pass@1", "Maj1@16", "Pass@16"}) {
    const auto& value = *table_of_attempts.find(name)->solver;
    CHECK_MESSAGE(line.find(percent(value.mean, value.standard_error)) != std::string::npos, name);
  }
  TextTable table({"a", "bb"});
  table.add({"\xC3\xA9", "1"});
  table.add({"long", "22"});
  CHECK(table.to_string() == "  a     bb\n  --------\n  \xC3\xA9      1\n  long  22\n");
}

TEST_CASE("report.json: results and execution, equal bytes for equal numbers, exact doubles") {
  const std::string first = json_report(some_input());
  CHECK(first == json_report(some_input()));
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
