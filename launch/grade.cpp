// ftrun grade: are two answers equal? One pair from the command line, or a file of pairs with all cores.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>
#include <tuple>

#include "framework/base/error.h"
#include "framework/grade/cas_client.h"
#include "framework/grade/grade.h"
#include "framework/grade/judge.h"
#include "framework/records/reader.h"
#include "framework/records/row_filter.h"
#include "framework/rerank/labelled_values.h"
#include "launch/commands.h"
#include "launch/conventions.h"

namespace ft {
namespace {

using grade::Judgement;

constexpr const char* kHelp = R"(compare final answers

  ftrun grade '\frac{1}{2}' 0.5
  ftrun grade pairs.jsonl            JSON lines, a JSON list, CSV (each also as gzip or zstd), Parquet; "-" is standard input
  ftrun grade -                      a line needs "gold" (or "answer") and one of
                                       "pred"      the answer
                                       "solution"  a text; the answer is looked for in it
                                     and may have "label": true or false, to count agreement, and "id". Other names and
                                     paths (doc.answer, choices[0].text) by the options below. A gold that is a list: any
                                     of them is right; one that is a whole solution: the answer at its end
A verdict is equal, different or unknown (which never counts as right). For a file, one JSON object a line comes out, in
the order of the lines: line, verdict, rung, reason, and what was compared where it was looked for in a text.
Lines that cannot be read are named on standard error and make the exit code 2; the others are graded.)";

struct Options {
  std::string first;
  std::string second;
  grade::Conventions conventions;
  bool cas = true;
  // Names or paths of fields; empty: found.
  std::string gold_field, pred_field, solution_field, label_field, id_field;
  std::vector<std::string> where;
  std::string format;
  bool exit_code = false;
  bool disagreements = false;
  int threads = 0;
};

// The judge, and the prover behind it.
class Judge {
 public:
  explicit Judge(const Options& options)
      : prover_(options.cas ? grade::cas_prover() : nullptr), judge_(options.conventions, prover_) {
    if (options.cas && !prover_)
      fmt::print(stderr, "ftrun: no helper ftrun-cas beside the program: grading without computer algebra\n");
  }

  [[nodiscard]] Judgement equal(const std::string& gold, const std::string& answer) const {
    return judge_.equal(gold, answer);
  }
  [[nodiscard]] grade::CasCounts cas() const { return prover_ ? prover_->counts() : grade::CasCounts{}; }

 private:
  std::shared_ptr<const grade::CasProver> prover_;
  grade::Judge judge_;
};

struct Outcome {
  Judgement judgement;
  std::string gold;
  std::string answer;  // what was compared
  std::string how;     // how it was found in a solution; empty where it was given
  std::optional<std::string> id;
  std::optional<bool> label;
  std::string mistake;  // the line cannot be read: why
  std::int64_t line = 0;

  [[nodiscard]] bool agrees() const { return !label || *label == (judgement.verdict == Verdict::equal); }
};

// Null is there, and says that there was no answer.
bool is_there(const JsonRecord& record, const std::string& field) {
  return record.has(field) || record.object().find(field) != nullptr;
}

// The one that was asked for, else the first of the common ones that is there, else "".
std::string chosen_field(const JsonRecord& record, const std::string& wanted,
                         std::initializer_list<const char*> common) {
  if (!wanted.empty()) return wanted;
  for (const char* name : common) {
    if (is_there(record, name)) return name;
  }
  return "";
}

// A pair to grade, or why it could not be read.
struct Entry {
  std::optional<JsonRecord> record;
  std::int64_t line = 0;
  std::string mistake;
};

[[noreturn]] void fail_without_answer(const JsonRecord& record) {
  std::string meant;
  for (const std::string& field : record.field_names()) {
    const std::vector<std::string> known{"pred", "solution"};
    if (const auto near = nearest(field, known)) meant = fmt::format("; is '{}' meant as '{}'?", field, *near);
  }
  record.fail(
      "a line needs 'pred' (an answer) or 'solution' (a text with an answer in it); others are named with --pred and "
      "--solution" +
      meant);
}

// The best of several golds.
Judgement any_of(const std::vector<std::string>& golds, const std::string& answer, const Judge& judge,
                 std::string& gold) {
  std::optional<Judgement> best;
  for (const std::string& one : golds) {
    const Judgement judgement = judge.equal(one, answer);
    if (!best || judgement.verdict == Verdict::equal ||
        (judgement.verdict == Verdict::unknown && best->verdict == Verdict::different)) {
      best = judgement;
      gold = one;
    }
    if (best->verdict == Verdict::equal) break;
  }
  return *best;
}

void grade_record(const JsonRecord& record, const Options& options, const Judge& judge, Outcome& outcome) {
  const std::string id = chosen_field(record, options.id_field, {"id", "unique_id", "problem_id"});
  if (!id.empty() && !record.is_list(id) && !record.is_object(id)) outcome.id = record.written(id);
  const std::string gold = chosen_field(
      record, options.gold_field,
      {"gold", "reference_answer", "reference", "gold_answer", "ground_truth", "expected_answer", "target", "answer"});
  const std::string pred =
      chosen_field(record, options.pred_field.empty() && !options.solution_field.empty() ? "" : options.pred_field,
                   {"pred", "prediction", "predicted_answer", "extracted_answer"});
  std::string solution = chosen_field(record, options.solution_field, {"solution", "completion", "response"});
  const std::string label = options.label_field.empty() ? "label" : options.label_field;
  if (const auto found = rerank::label_of(record, label); found && !found->unknown) outcome.label = found->right;
  bool from_solution = false;
  std::vector<std::string> golds = rerank::reference_answers(record, gold, from_solution);
  if (golds.empty())
    golds.push_back(record.has(gold) ? ""
                                     : record.text(gold.empty() ? "gold" : gold));  // complains where it is not there
  outcome.gold = golds.front();
  const bool use_solution = !solution.empty() && record.has(solution) && solution != gold &&
                            (!options.solution_field.empty() || !record.has(pred));
  std::string answer_field = pred;
  if (!use_solution && pred.empty() && gold != "answer" && is_there(record, "answer")) answer_field = "answer";
  if (use_solution) {
    const grade::Extracted extracted =
        grade::extract(rerank::flexible_text(record, solution, rerank::Part::attempt).value_or(""));
    outcome.how = extracted.how;
    outcome.answer = extracted.answer;
    if (!extracted.found) {
      outcome.judgement = {Verdict::different, extracted.how};
      return;
    }
  } else if (answer_field.empty()) {
    fail_without_answer(record);
  } else if (const auto answer = record.written(answer_field)) {
    outcome.answer = *answer;
  } else if (is_there(record, answer_field)) {
    outcome.judgement = {Verdict::different, "no answer given"};
    return;
  } else {
    (void)record.text(answer_field);  // complains
  }
  outcome.judgement = any_of(golds, outcome.answer, judge, outcome.gold);
}

Outcome graded(const Entry& entry, const Options& options, const Judge& judge) {
  Outcome outcome;
  outcome.line = entry.line;
  outcome.mistake = entry.mistake;
  if (!entry.record) return outcome;
  try {
    grade_record(*entry.record, options, judge, outcome);
  } catch (const UserError& error) {
    outcome.mistake = error.what();
  }
  return outcome;
}

std::string to_json(const Outcome& outcome) {
  nlohmann::ordered_json json{{"line", outcome.line}};
  if (outcome.id) json["id"] = *outcome.id;
  if (!outcome.mistake.empty()) {
    json["error"] = outcome.mistake;
  } else {
    json["verdict"] = to_string(outcome.judgement.verdict);
    json["rung"] = outcome.judgement.rung;
    json["reason"] = outcome.judgement.reason;
    if (!outcome.how.empty()) {
      json["answer"] = outcome.answer;
      json["found_by"] = outcome.how;
    }
    if (outcome.label) json["agrees"] = outcome.agrees();
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string shortened(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  constexpr std::size_t kWidth = 36;
  if (text.size() <= kWidth) return text;
  std::size_t end = kWidth - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a UTF-8 sign
  return text.substr(0, end) + "...";
}

std::string to_row(const Outcome& outcome) {
  return fmt::format("{:>7}  {:9}  {:9}  {:36}  {:36}  {}{}", outcome.line, to_string(outcome.judgement.verdict),
                     outcome.judgement.rung, shortened(outcome.gold), shortened(outcome.answer),
                     outcome.judgement.reason, outcome.agrees() ? "" : "  DISAGREES with the label");
}

// What the whole file came to, for standard error.
struct Summary {
  std::map<Verdict, long long> verdicts;
  std::map<std::string, long long> rungs;
  long long mistakes = 0;
  long long labelled = 0;
  long long wrongly_equal = 0;
  long long wrongly_not = 0;

  void count(const Outcome& outcome) {
    if (!outcome.mistake.empty()) {
      ++mistakes;
      return;
    }
    const Verdict verdict = outcome.judgement.verdict;
    ++verdicts[verdict];
    ++rungs[std::string(outcome.judgement.rung)];
    if (!outcome.label) return;
    ++labelled;
    if (!outcome.agrees()) ++(verdict == Verdict::equal ? wrongly_equal : wrongly_not);
  }

  void print(double seconds, const grade::CasCounts& cas) {
    const long long total = verdicts[Verdict::equal] + verdicts[Verdict::different] + verdicts[Verdict::unknown];
    fmt::print(stderr, "{} pairs: {} equal, {} different, {} unknown; {:.0f} pairs/s\n", total,
               verdicts[Verdict::equal], verdicts[Verdict::different], verdicts[Verdict::unknown],
               static_cast<double>(total) / std::max(seconds, 1e-9));
    std::string by_rung;
    for (const auto& [name, count] : rungs) by_rung += fmt::format("{}{} {}", by_rung.empty() ? "" : ", ", name, count);
    fmt::print(stderr, "decided by: {}\n", by_rung);
    if (labelled > 0) {
      fmt::print(stderr, "labels: {} of {} agree; {} called equal and labelled wrong, {} the other way round\n",
                 labelled - wrongly_equal - wrongly_not, labelled, wrongly_equal, wrongly_not);
    }
    if (cas.asked > 0) {
      fmt::print(stderr,
                 "computer algebra: {} asked, {} proved equal, {} proved different, {} left open, {} at its limits, {} "
                 "deaths\n",
                 cas.asked, cas.equal, cas.different, cas.undecided, cas.out_of_resources, cas.deaths);
    }
    if (mistakes > 0) fmt::print(stderr, "{} lines could not be read\n", mistakes);
  }
};

// All of `lines` on all threads; the outcomes in their order.
std::vector<Outcome> graded_by_all(const std::vector<Entry>& lines, const Options& options, const Judge& judge,
                                   int threads) {
  std::vector<Outcome> outcomes(lines.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(std::max(threads, 1)));
  const auto work = [&](std::exception_ptr& failure) {
    constexpr std::size_t kPiece = 64;
    try {
      for (std::size_t begin = next.fetch_add(kPiece); begin < lines.size(); begin = next.fetch_add(kPiece)) {
        for (std::size_t i = begin; i < std::min(begin + kPiece, lines.size()); ++i)
          outcomes[i] = graded(lines[i], options, judge);
      }
    } catch (...) {
      failure = std::current_exception();
    }
  };
  std::vector<std::jthread> helpers;
  try {
    for (int i = 1; i < threads && lines.size() > 256; ++i)
      helpers.emplace_back(work, std::ref(failures[static_cast<std::size_t>(i)]));
  } catch (const std::system_error&) {  // as many threads as the system gives
  }
  work(failures[0]);
  helpers.clear();  // joins
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return outcomes;
}

ExitCode grade_file(const Options& options, const Judge& judge) {
  const auto start = std::chrono::steady_clock::now();
  RecordReader reader(options.first);
  RowFilter filter(options.where);
  const bool table = options.format == "table";
  if (table) fmt::print("{:>7}  {:9}  {:9}  {:36}  {:36}  {}\n", "line", "verdict", "rung", "gold", "answer", "reason");
  const int threads =
      options.threads > 0 ? options.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  Summary summary;
  std::size_t batch = 64;  // small at first, so that a slow writer on the other end of a pipe sees answers soon
  for (bool more = true; more; batch = std::min<std::size_t>(batch * 4, 16384)) {
    std::vector<Entry> lines;
    while (lines.size() < batch) {
      try {
        auto record = reader.next();
        more = record.has_value();
        if (!more) break;
        if (!filter.keeps(*record)) continue;
        lines.push_back({std::move(record), reader.row(), {}});
      } catch (const UserError& error) {
        lines.push_back({std::nullopt, reader.row(), error.what()});
      }
    }
    for (const Outcome& outcome : graded_by_all(lines, options, judge, threads)) {
      summary.count(outcome);
      if (!outcome.mistake.empty()) fmt::print(stderr, "ftrun: {}\n", outcome.mistake);
      if (options.disagreements && outcome.agrees()) continue;
      if (table && !outcome.mistake.empty()) continue;
      fmt::print("{}\n", table ? to_row(outcome) : to_json(outcome));
    }
    std::fflush(stdout);
  }
  filter.check_fields(options.first);
  filter.check_kept({}, options.first);
  if (!options.label_field.empty() && summary.labelled == 0)
    fail_user(fmt::format("no line has the field '{}' (--label)", options.label_field));
  summary.print(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), judge.cas());
  return summary.mistakes > 0 ? ExitCode::user_mistake : ExitCode::done;
}

ExitCode grade_pair(const Options& options, const Judge& judge) {
  const Judgement judgement = judge.equal(options.first, options.second);
  if (options.format == "json") {
    const nlohmann::ordered_json json{
        {"verdict", to_string(judgement.verdict)}, {"rung", judgement.rung}, {"reason", judgement.reason}};
    fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}: {} (rung: {})\n", to_string(judgement.verdict), judgement.reason, judgement.rung);
  }
  return options.exit_code && judgement.verdict != Verdict::equal ? ExitCode::failure : ExitCode::done;
}

}  // namespace

void add_grade(CLI::App& app, Subcommand& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("grade", "compare final answers: one pair, or a file of pairs");
  command->description(kHelp);
  command->add_option("GOLD", options->first, "the right answer, or a file of pairs, or \"-\"")->required();
  CLI::Option* second = command->add_option("PRED", options->second, "the answer to judge");
  add_conventions(*command, options->conventions);
  command->add_flag("!--no-cas", options->cas, "do without the computer algebra helper (ftrun-cas)");
  command->add_option("--gold", options->gold_field, "field: the right answer, a list of them, or a whole solution")
      ->group("Fields");
  command->add_option("--pred", options->pred_field, "field: the answer to judge")->group("Fields");
  command->add_option("--solution", options->solution_field, "field: a text that holds the answer to judge")
      ->group("Fields");
  command->add_option("--label", options->label_field, "field: right or wrong, to count agreement")->group("Fields");
  command->add_option("--id", options->id_field, "field: a name that comes out again")->group("Fields");
  command
      ->add_option("--where", options->where,
                   "only rows like this: FIELD=VALUE, FIELD=VALUE|VALUE, FIELD!=VALUE; several must all hold")
      ->option_text("CONDITION")
      ->group("Fields");
  command->add_option("--format", options->format, "json (default for files) or table")
      ->check(CLI::IsMember({"json", "table"}))
      ->type_name("json|table");
  command->add_option("--threads", options->threads, "default: all cores")
      ->check(count_between(1, 1024))
      ->type_name("N");
  command->add_flag("--disagreements", options->disagreements,
                    "print only lines whose verdict differs from their label");
  command->add_flag("--exit-code", options->exit_code, "for one pair: exit with 1 unless it is equal");
  command->callback([&chosen, options, second] {
    chosen.alone = [options, is_pair = second->count() > 0] {
      refuse_without_effect(options->conventions);
      const Judge judge(*options);
      return is_pair ? grade_pair(*options, judge) : grade_file(*options, judge);
    };
  });
}

}  // namespace ft
