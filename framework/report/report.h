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
// and into `execution` and `times` what may differ between two runs of the same identity (times, ranks, machines).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/report/comparison.h"
#include "framework/report/effect.h"
#include "framework/report/examples.h"
#include "framework/report/overlap.h"
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
  std::string description;  // "attempts of solver on test"; may be empty
  rerank::RankingTable table;
  // Where the attempts come from, for the tables that compare models; empty where it is not known.
  std::string generator{};       // the model that made them
  std::string training{};        // how it was trained: "solution_sft, verifier_sft (margin), solution_sft"
  std::string problems{};        // the problem set
  std::string evaluator{};       // the model that scored them
  std::string evaluator_loss{};  // what that was trained with: "margin"
  std::string evaluator_of{};    // the model whose attempts it learnt to judge
  std::int64_t seed = 1;         // of the run
  std::string first_name{};      // what the stage is called with the run's first seed; empty: its name
  std::string grading{};         // "grader 4, conventions by default": how answers were compared
};

// What a training stage learnt from, or was validated on.
struct DataRow {
  std::string stage;
  std::string role;  // "examples", "validation"
  std::string of;    // a problem set, or a stage of attempts
  std::int64_t examples = 0, tokens = 0, too_long = 0;
};

// What a training stage did, step by step.
struct LossCurve {
  std::string stage;
  std::string unit;                                        // what one loss is a mean over: "token", "pair", "item"
  std::vector<std::pair<double, double>> points;           // (step, training loss)
  std::vector<std::pair<double, double>> validation;       // (step, validation loss); may be empty
  std::vector<std::pair<double, double>> learning_rate{};  // (step, learning rate); may be empty
};

// Where the time of one stage went. No result: it differs between runs.
struct StageTime {
  std::string stage;
  std::string recipe;
  double seconds = 0;  // wall clock of all its starts; of one that was killed, up to its last word in the log
  int starts = 0;      // how often it was begun: more than once after a kill or a stop
  std::string done{};  // "2,294,556 tokens"; empty where nothing is counted
  double rate = 0;     // of these a second; 0 where not known
  std::string unit{};  // of the rate: "tokens/s"
  struct OfRank {
    int rank = 0;
    std::string done;  // "6,500 attempts"
    double share = 0;  // of the stage's work
  };
  std::vector<OfRank> ranks{};  // who did how much, where the stage kept that apart
};

struct ReportInput {
  std::string title;
  std::string summary;                  // one or two sentences; may be empty
  std::vector<StageTable> stages;       // of the first seed
  std::vector<StageTable> other_seeds;  // the same with the others
  std::vector<Comparison> comparisons;  // that were asked for
  std::vector<Effect> effects{};        // add_effects() (effects.h)
  std::vector<SeedRow> over_seeds{};    // likewise; empty with one seed
  std::vector<DataRow> data;
  std::vector<LossCurve> losses;
  std::vector<Section> settings;
  std::vector<Section> execution;
  std::vector<Example> examples;
  std::vector<OverlapFinding> overlaps;
  std::vector<StageTime> times;
};

// Aligned columns, at most about 110 wide, ends with a newline.
[[nodiscard]] std::string text_report(const ReportInput& input);

// UTF-8 JSON, indented, ends with a newline: {"results": {...}, "execution": {...}}. Numbers are written with the
// fewest digits that read back as the same double, so equal results give equal bytes.
[[nodiscard]] std::string json_report(const ReportInput& input);

// The same piece by piece: each problem has a row, so with many problems it is long.
using WriteText = std::function<void(std::string_view part)>;
void write_json_report(const ReportInput& input, const WriteText& write);

// A whole HTML document. Every text from the input is escaped; text that is not UTF-8 is shown with replacement signs.
[[nodiscard]] std::string html_report(const ReportInput& input);

}  // namespace ft::report
