// What a run has found, in three forms from one description: lines for the terminal, report.json for programs, and one
// self-contained HTML page for people.
//
//   ReportInput input;
//   input.title = "multitask";
//   input.stages.push_back({"answers", "attempts of solver on test", rerank::evaluate(problems, {})});
//   fmt::print("{}", text_report(input));
//   write(json_report(input));                 // "results" has equal bytes for equal numbers; "execution" is the rest
//   write(html_report(input));                 // no network, no scripts
//
// Whoever fills this in decides what is a result: put into `settings` what identifies the run (its digests, its keys),
// and into `execution` what may differ between two runs of the same identity (times, ranks, machines).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "framework/rerank/ranking.h"

namespace ft::report {

struct Entry {
  std::string key;
  std::string value;
};

struct Section {
  std::string title;
  std::vector<Entry> entries;
};

// Attempts at a problem set, with or without verifier scores.
struct StageTable {
  std::string stage;        // its name in the run file
  std::string description;  // "64 attempts by solver on test"; may be empty
  rerank::RankingTable table;
};

// The loss of a training stage.
struct LossCurve {
  std::string stage;
  std::string unit;                                   // what one loss is a mean over: "token", "pair", "item"
  std::vector<std::pair<double, double>> points;      // (step, training loss)
  std::vector<std::pair<double, double>> validation;  // (step, validation loss); may be empty
};

struct Example {
  std::string title;           // "problem gsm8k/12: Maj1 wrong, RR.All right"
  std::vector<Entry> entries;  // "problem", "reference answer", "attempt 3 (chosen)", ...; long texts keep their lines
};

struct ReportInput {
  std::string title;
  std::string summary;  // one or two sentences; may be empty
  std::vector<StageTable> stages;
  std::vector<LossCurve> losses;
  std::vector<Section> settings;
  std::vector<Section> execution;
  std::vector<Example> examples;
};

// Aligned columns, at most about 110 wide, ends with a newline.
[[nodiscard]] std::string text_report(const ReportInput& input);

// UTF-8 JSON, indented, ends with a newline: {"results": {...}, "execution": {...}}. Numbers are written with the
// fewest digits that read back as the same double, so equal results give equal bytes.
[[nodiscard]] std::string json_report(const ReportInput& input);

// A whole HTML document. Every text from the input is escaped; text that is not UTF-8 is shown with replacement signs.
[[nodiscard]] std::string html_report(const ReportInput& input);

}  // namespace ft::report
