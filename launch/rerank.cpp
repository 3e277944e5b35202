// ftrun rerank: every voting and ranking strategy on labelled attempts from a file, without any model.

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "framework/base/reading.h"
#include "framework/grade/cas_client.h"
#include "framework/recipe/sealed_inputs.h"
#include "framework/records/conversation.h"
#include "framework/records/reader.h"
#include "framework/report/effects.h"
#include "framework/report/overlap.h"
#include "framework/report/report.h"
#include "framework/rerank/labelled_file.h"
#include "framework/rerank/own_attempts.h"
#include "launch/commands.h"
#include "launch/conventions.h"
#include "launch/place_check.h"
#include "launch/run_listing.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFieldsGroup = "Fields";

struct Options {
  std::vector<fs::path> files;
  rerank::LabelledFields fields;
  std::vector<std::string> fields_given;  // the options that say something of fields
  grade::Conventions conventions;
  bool cas = false;
  rerank::RankingOptions ranking;
  std::vector<std::string> train;
  std::string json, html;
  double near = 0.8;
  bool compare = false, pool = false;
};

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) fail_user(fmt::format("{}: cannot be written", path));
}

std::string problem_text(const JsonRecord& record) {
  for (const char* field : {"problem", "question", "prompt", "query", "text"})
    if (record.is_text(field)) return record.text(field);
  for (const char* field : {"prompt", "messages", "conversations"}) {
    const auto value = record.value(field);
    if (const auto asked = value ? records::first_turn(*value, records::Speaker::user) : std::nullopt) return *asked;
  }
  return record.text("problem");  // complains, with the fields that are there
}

// The problems of FILE that a training file holds, too, and those that FILE holds twice.
std::vector<report::OverlapFinding> find_leaks(const Options& options,
                                               const std::vector<rerank::RankedProblem>& problems) {
  std::vector<std::string> texts, names;
  for (const rerank::RankedProblem& problem : problems) {
    if (problem.problem_text.empty()) continue;
    texts.push_back(problem.problem_text);
    names.push_back(problem.id);
  }
  if (!options.train.empty() && texts.empty()) fail_user("--train: these attempts do not hold their problems' texts");
  std::vector<report::OverlapFinding> findings;
  if (texts.size() > 1) findings.push_back(report::describe_duplicates("these problems", texts, names, options.near));
  for (const std::string& path : options.train) {
    std::vector<std::string> train_texts, train_names;
    RecordReader reader(path);
    while (const auto record = reader.next()) {
      train_texts.push_back(problem_text(*record));
      train_names.push_back(to_string(record->place()));
    }
    findings.push_back(
        report::describe_overlap(path, train_texts, train_names, "these problems", texts, names, options.near));
  }
  return findings;
}

std::shared_ptr<const grade::Judge> judge_of(const Options& options) {
  refuse_without_effect(options.conventions);
  const auto prover = options.cas ? grade::cas_prover() : nullptr;
  if (options.cas && !prover) fail_user("--cas: there is no helper ftrun-cas beside the program");
  return std::make_shared<grade::Judge>(options.conventions, prover);
}

// Attempts of a run: what was sealed is checked while it is read.
rerank::LabelledAttempts read_own(const Options& options, const fs::path& folder, const grade::Judge& judge) {
  if (!options.fields_given.empty()) {
    fail_user(fmt::format("{}: {} is a folder of attempts as a run makes them, whose fields are known",
                          fmt::join(options.fields_given, ", "), folder.string()));
  }
  if (!SealedFolder::looks_sealed(folder)) {
    return rerank::read_own_attempts(lines_of(files_of(folder, kProblemsPrefix)),
                                     lines_of(files_of(folder, kAttemptsPrefix)), judge);
  }
  if (const std::string why = why_out_of_place(folder); !why.empty()) fail_user(why);
  return read_sealed(SealedFolder::open(folder), [&](const NextLine& problems, const NextLine& attempts) {
    return rerank::read_own_attempts(problems, attempts, judge);
  });
}

// What somebody means who names a part of a run: the output that holds attempts. Other paths are told of when they are read.
fs::path attempts_of(const fs::path& path) {
  if (path == "-") return path;
  const Found::Kind kind = look_through(path).kind;
  const std::optional<fs::path> run = run_around(path);
  if (!run || (kind != Found::Kind::folder && kind != Found::Kind::nothing)) return path;
  if (kind == Found::Kind::folder && rerank::own_attempts_folder(path)) return path;
  std::vector<std::string> with_attempts;
  for (const fs::path& output : sealed_outputs(*run)) {
    const std::string name = (*run / stage_name(output.parent_path())).string();
    if (rerank::own_attempts_folder(output) && std::ranges::find(with_attempts, name) == with_attempts.end())
      with_attempts.push_back(name);
  }
  const std::string instead = with_attempts.empty() ? "no stage of this run has finished attempts"
                                                    : fmt::format("attempts are in {}", fmt::join(with_attempts, ", "));
  if (is_run_folder(path)) fail_user(fmt::format("'{}' is a whole run; {}", path.string(), instead));
  const fs::path output = find_artifact(path);
  if (rerank::own_attempts_folder(output)) return output;
  fail_user(fmt::format("'{}' holds no attempts: {} is {}; {}", path.string(), output.string(),
                        SealedFolder::open(output).manifest().format, instead));
}

// One file, or a folder of a run's attempts.
rerank::LabelledAttempts read_one(const Options& options, const fs::path& file, const grade::Judge& judge) {
  if (const auto own = rerank::own_attempts_folder(file)) return read_own(options, *own, judge);
  return rerank::read_labelled(std::span(&file, 1), options.fields);
}

// Attempts of two runs or two models at one problem are no larger sample of either.
void refuse_shared_problems(const Options& options, const grade::Judge& judge) {
  if (std::ranges::find(options.files, "-") != options.files.end())
    fail_user("standard input beside other files: say --compare or --pool, it can be read only once");
  std::map<std::string, const fs::path*> first;
  for (const fs::path& file : options.files) {
    std::set<std::string> own;
    for (const rerank::RankedProblem& problem : read_one(options, file, judge).problems) own.insert(problem.id);
    for (const std::string& id : own) {
      const auto [known, fresh] = first.try_emplace(id, &file);
      if (fresh) continue;
      fail_user(
          fmt::format("problem '{}' has attempts in {} and in {}: --compare puts the files side by side, --pool takes "
                      "them for attempts of one model",
                      id, known->second->string(), file.string()));
    }
  }
}

// What tells the files apart: their names, or as much of their paths as is needed.
std::vector<std::string> names_of(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.filename().string());
  if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) return names;
  names.clear();
  for (const fs::path& file : files) names.push_back(file.string());
  return names;
}

report::StageTable table_of(const rerank::LabelledAttempts& read, const rerank::RankingOptions& ranking) {
  report::StageTable table;
  table.description = read.notes.front();
  table.table = rerank::evaluate(read.problems, ranking);
  return table;
}

void add_file(const Options& options, const std::string& name, const rerank::LabelledAttempts& read,
              report::ReportInput& input) {
  report::StageTable table = table_of(read, options.ranking);
  table.stage = name;
  input.stages.push_back(std::move(table));
  report::Section how{options.compare ? fmt::format("how {} was read", name) : "how the files were read", {}};
  for (std::size_t i = 0; i < read.notes.size(); ++i)
    how.entries.push_back({fmt::format("note {}", i + 1), read.notes[i]});
  input.settings.push_back(std::move(how));
}

// Each further file against the first one, by every measure that both have.
void compare_files(const std::vector<std::string>& names, report::ReportInput& input) {
  for (std::size_t i = 1; i < names.size(); ++i) {
    for (const char* strategy : {"sampled", "greedy", "Maj1", "RR.All", "W.RR"}) {
      report::Comparison comparison;
      comparison.left = {names[i], strategy, {}};
      comparison.right = {names.front(), strategy, {}};
      input.comparisons.push_back(comparison);
    }
  }
}

ExitCode rerank_command(Options options) {
  const auto judge = judge_of(options);
  for (fs::path& file : options.files) file = attempts_of(file);
  options.fields.judge = judge;
  options.ranking.equality = rerank::equality_of(judge);
  options.ranking.keep_values = true;
  if (options.compare && options.files.size() < 2) fail_user("--compare needs two files or more");
  if (options.compare && options.pool)
    fail_user("--compare keeps the files apart, --pool puts them together: give one");
  if (options.files.size() > 1 && !options.compare && !options.pool) refuse_shared_problems(options, *judge);
  report::ReportInput input;
  input.title = options.files.front().filename().string();
  std::vector<std::string> notes;
  if (options.compare) {
    const std::vector<std::string> names = names_of(options.files);
    input.title = fmt::format("{}", fmt::join(names, ", "));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const rerank::LabelledAttempts read = read_one(options, options.files[i], *judge);
      for (const std::string& note : read.notes) notes.push_back(fmt::format("{}: {}", names[i], note));
      add_file(options, names[i], read, input);
    }
    compare_files(names, input);
  } else {
    const rerank::LabelledAttempts read = options.files.size() == 1
                                              ? read_one(options, options.files.front(), *judge)
                                              : rerank::read_labelled(options.files, options.fields);
    notes.assign(read.notes.begin() + 1, read.notes.end());
    add_file(options, "attempts", read, input);
    input.examples = report::ranking_examples(read.problems, 3, options.ranking.equality);
    input.overlaps = find_leaks(options, read.problems);
  }
  (void)report::add_effects(input);  // of what these files hold
  const bool json_to_terminal = options.json == "-";
  if (!json_to_terminal) {
    fmt::print("{}", report::text_report(input));
    fmt::print("\n");
    for (const std::string& note : notes) fmt::print("note: {}\n", note);
  }
  if (json_to_terminal) fmt::print("{}", report::json_report(input));
  if (!options.json.empty() && !json_to_terminal) write_file(options.json, report::json_report(input));
  if (!options.html.empty()) write_file(options.html, report::html_report(input));
  return ExitCode::done;
}

void add_field_options(CLI::App& command, rerank::LabelledFields& fields) {
  command.add_option("--id", fields.problem_id, "field: which problem an attempt belongs to")->group(kFieldsGroup);
  command.add_option("--attempts", fields.attempts, "field: a problem's list of attempts")->group(kFieldsGroup);
  command.add_option("--text", fields.text, "field: the attempt's text")->group(kFieldsGroup);
  command.add_option("--answer", fields.answer, "field: the attempt's final answer")->group(kFieldsGroup);
  command.add_option("--reference", fields.reference, "field: the reference answer")->group(kFieldsGroup);
  command.add_option("--label", fields.label, "field: right or wrong")->group(kFieldsGroup);
  command.add_option("--score", fields.score, "field: the verifier's or reward model's score; none: no score")
      ->group(kFieldsGroup);
  const std::map<std::string, rerank::ScoreScale> scales{{"probability", rerank::ScoreScale::probability},
                                                         {"log-probability", rerank::ScoreScale::log_probability},
                                                         {"logit", rerank::ScoreScale::logit}};
  command.add_option("--score-is", fields.scale, "what the score is; else found out")
      ->transform(CLI::CheckedTransformer(scales))
      ->option_text("probability|log-probability|logit")
      ->group(kFieldsGroup);
  // By names, as the aggregations below.
  const std::map<std::string, rerank::StepScores> steps{{"last", rerank::StepScores::last},
                                                        {"minimum", rerank::StepScores::minimum},
                                                        {"product", rerank::StepScores::product},
                                                        {"mean", rerank::StepScores::mean}};
  command
      .add_option_function<std::string>(
          "--step-scores", [&fields, steps](const std::string& name) { fields.step_scores = steps.at(name); },
          "what an attempt's score is where the field holds one a step (last)")
      ->check(CLI::IsMember({"last", "minimum", "product", "mean"}))
      ->option_text("last|minimum|product|mean")
      ->group(kFieldsGroup);
  command
      .add_option("--where", fields.where,
                  "only rows like this: FIELD=VALUE, FIELD=VALUE|VALUE, FIELD!=VALUE; several must all hold")
      ->option_text("CONDITION")
      ->group(kFieldsGroup);
  command.add_flag("--grade", fields.grade, "label by this program's grader, even where the file has labels");
  command.add_flag("--skip-wrong-lines", fields.skip_wrong_lines, "leave out what cannot be read instead of stopping");
}

}  // namespace

void add_rerank(CLI::App& app, Subcommand& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("rerank", "vote and rank labelled attempts from a file, without a model");
  command->footer(
      "FILE: JSON lines, a JSON list, CSV (each also as gzip or zstd), or Parquet; a record is a problem with its "
      "attempts\n"
      "(a list of them, or lists of texts, answers, labels and scores of one length), or an attempt. Common field "
      "names\n"
      "are found without being told; what was read as what is printed below the table. A field within another is "
      "named\n"
      "by its path: reward_model.ground_truth, choices[0].text, output[-1].content. A list of references: any is "
      "right.\n"
      "Or a folder of attempts that a run has sealed (an output of a sample stage): graded by the conventions given.");
  command->add_option("FILE", options->files, "labelled attempts; several files are parts of one set of problems")
      ->required();
  command->add_flag("--compare", options->compare,
                    "a table for each file, and the paired differences of the others to the first");
  command->add_flag("--pool", options->pool, "take attempts at the same problem from several files for one model's");
  command->add_option("-K,--clusters", options->ranking.top_clusters, "K of RR.MajK and W.RR.MajK: 8, or a list 1,4,8")
      ->delimiter(',')
      ->check(count_between(1, 1000000));
  command->add_option("-N,--top", options->ranking.top_n, "N of Maj1.TopN: 16, or a list")
      ->delimiter(',')
      ->check(count_between(1, 1000000));
  const std::map<std::string, rerank::Aggregation> aggregations{{"sum", rerank::Aggregation::sum},
                                                                {"mean", rerank::Aggregation::mean},
                                                                {"max", rerank::Aggregation::max},
                                                                {"log-odds", rerank::Aggregation::log_odds}};
  // By names: where libtorch's headers are seen, CLI11 believes that it can print a vector of any enumeration.
  const auto choose = [options, aggregations](const std::vector<std::string>& names) {
    options->ranking.aggregations.clear();
    for (const std::string& name : names) options->ranking.aggregations.push_back(aggregations.at(name));
  };
  command
      ->add_option_function<std::vector<std::string>>("--aggregation", choose,
                                                      "of scores in a cluster: a list; else all")
      ->delimiter(',')
      ->check(CLI::IsMember({"sum", "mean", "max", "log-odds"}))
      ->option_text("sum,mean,max,log-odds");
  command->add_option("--bootstrap", options->ranking.bootstrap, "resamples of the 95 % intervals (1000; 0: none)")
      ->check(count_between(0, 1000000));
  command->add_option("--seed", options->ranking.seed, "of the resamples");
  command->add_option("--json", options->json, "write every number to this file; - for the terminal");
  command->add_option("--html", options->html, "write the report as one page to this file");
  command->add_option("--train", options->train, "problem files that should share no problem with FILE");
  command->add_option("--near", options->near, "how alike problems must be to be named near (0.8)")
      ->check(CLI::Range(0.3, 1.0));
  add_field_options(*command, options->fields);
  add_conventions(*command, options->conventions);
  command->add_flag("--cas", options->cas, "prove identities by computer algebra (ftrun-cas), too")
      ->group("Conventions");
  command->callback([&chosen, options, command] {
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_group() == kFieldsGroup && option->count() > 0)
        options->fields_given.push_back(option->get_name());
    }
    chosen.alone = [options] { return rerank_command(*options); };
  });
}

}  // namespace ft
