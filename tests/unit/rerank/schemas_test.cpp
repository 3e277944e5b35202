// Files in the layouts of published attempts, written here: each gives its right table, or is refused by name.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "framework/base/error.h"
#include "framework/rerank/labelled_file.h"

using namespace ft::rerank;
namespace fs = std::filesystem;

namespace {

// What came of a file: right, readable and all attempts, problems; or the complaint.
struct Table {
  int problems = 0, attempts = 0, readable = 0, right = 0;
  std::vector<double> scores;  // logarithms, of those that have one
  std::string notes;
  std::string complaint;
  friend bool operator==(const Table& a, const std::vector<int>& b) {
    return a.complaint.empty() && std::vector<int>{a.problems, a.attempts, a.readable, a.right} == b;
  }
};
std::ostream& operator<<(std::ostream& out, const Table& t) {
  return out << t.problems << " problems, " << t.attempts << " attempts, " << t.readable << " readable, " << t.right
             << " right; " << t.complaint << "\n"
             << t.notes;
}

Table table_of(const std::string& content, const LabelledFields& fields = {},
               const std::string& name = "attempts.jsonl") {
  const fs::path folder = fs::temp_directory_path() / ("ft_schemas_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << content;
  Table table;
  try {
    const LabelledAttempts read = read_labelled(std::vector<fs::path>{folder / name}, fields);
    table.problems = static_cast<int>(read.problems.size());
    for (const RankedProblem& problem : read.problems) {
      for (const Candidate& candidate : problem.candidates) {
        ++table.attempts;
        table.readable += candidate.answer_found ? 1 : 0;
        table.right += candidate.right ? 1 : 0;
        if (!std::isnan(candidate.score)) table.scores.push_back(candidate.score);
      }
    }
    for (const std::string& note : read.notes) table.notes += note + "\n";
  } catch (const ft::UserError& error) {
    table.complaint = error.what();
  }
  fs::remove_all(folder);
  return table;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
using Counts = std::vector<int>;

}  // namespace

TEST_CASE("a field `answer` beside an explicit gold is the attempt's, MathArena's completion too") {
  LabelledFields gold;
  gold.reference = "gold";
  for (const LabelledFields& fields : {LabelledFields{}, gold}) {
    CHECK(table_of(R"({"id":"a","answer":"We add. So the answer is 1.","gold":"1","pred":"1"}
{"id":"a","answer":"We add. So the answer is 3.","gold":"1","pred":"3"})",
                   fields) == Counts{1, 2, 2, 1});
    CHECK(table_of(R"({"id":"a","answer":"We add. So the answer is 1.","gold":"1"}
{"id":"b","answer":"We add. So the answer is 3.","gold":"1"})",
                   fields) == Counts{2, 2, 2, 1});
    CHECK(table_of(R"({"id":"a","answer":"1","gold":"1"}
{"id":"a","answer":"3","gold":"1"})",
                   fields) == Counts{1, 2, 2, 1});
  }
  const Table arena = table_of(
      R"({"problem_idx":1,"problem":"1+1?","model_name":"m1","idx_answer":0,"answer":"So \\boxed{2}","parsed_answer":"2","gold_answer":"2","correct":true}
{"problem_idx":1,"problem":"1+1?","model_name":"m2","idx_answer":0,"answer":"So \\boxed{3}","parsed_answer":"3","gold_answer":"2","correct":false}
{"problem_idx":2,"problem":"1+2?","model_name":"m2","idx_answer":0,"answer":"So \\boxed{3}","parsed_answer":"3","gold_answer":"3","correct":true})");
  CHECK(arena == Counts{2, 3, 3, 2});
  CHECK(holds(arena.notes, "2 values of 'model_name'"));
  LabelledFields one;
  one.where = {"model_name=m2"};
  CHECK(table_of(R"({"problem_idx":1,"model_name":"m1","parsed_answer":"2","gold_answer":"2"}
{"problem_idx":1,"model_name":"m2","parsed_answer":"3","gold_answer":"2"})",
                 one) == Counts{1, 1, 1, 0});
}

TEST_CASE("lists in singular fields are attempts: Qwen2.5-Math's pred, evalplus' solution") {
  CHECK(
      table_of(
          R"({"idx":0,"question":"1+1?","gt_cot":"...","gt":"2","code":["So \\boxed{2}.","So \\boxed{3}.","?"],"pred":["2","3",""],"report":[null,null,null],"score":[true,false,false]}
{"idx":1,"question":"1+2?","gt_cot":"...","gt":"3","code":["So \\boxed{3}.","So \\boxed{3}.","So \\boxed{4}."],"pred":["3","3","4"],"report":[null,null,null],"score":[true,true,false]})") ==
      Counts{2, 6, 5, 3});
  CHECK(table_of(R"({"idx":0,"gt":"2","pred":["2","3"]})") == Counts{1, 2, 2, 1});
  const Table evalplus = table_of(R"({"task_id":"t/0","solution":["def f(): return 1","def f(): return 2"]})");
  CHECK(holds(evalplus.complaint, "--reference"));
  CHECK(table_of(R"({"task_id":"t","solution":["The answer is 1.","The answer is 2."],"target":"1"})") ==
        Counts{1, 2, 2, 1});
  CHECK(table_of(R"({"task_id":"t","solution":"The answer is 1.","target":"1"}
{"task_id":"t","solution":["The answer is 1.","The answer is 2."],"target":"1"})") == Counts{1, 3, 3, 2});
}

TEST_CASE("a list of references: any of them is right") {
  CHECK(
      table_of(
          R"({"id":1,"references":["1","\\frac12"],"reference":["1/2","one half"],"samples":["The answer is 0.5.","The answer is 2."]})") ==
      Counts{1, 2, 2, 1});
  CHECK(table_of(R"({"id":1,"pred":"0.5","gold":[2,0.5,""]}
{"id":1,"pred":"3","gold":[2,0.5,""]})") == Counts{1, 2, 2, 1});
  CHECK(holds(table_of(R"({"id":1,"pred":"0.5","gold":[]})").complaint, "missing or empty"));
  CHECK(holds(table_of(R"({"id":1,"pred":"0.5","gold":[["1"]]})").complaint, "of which any is right"));
}

TEST_CASE("ProcessBench: label is the index of the first wrong step, no verdict") {
  const std::string lines =
      R"({"id":"g-0","generator":"m","problem":"1+1?","steps":["One.","So 2."],"final_answer_correct":true,"label":-1}
{"id":"g-1","generator":"m","problem":"1+2?","steps":["One.","The answer is 4."],"final_answer_correct":false,"label":1}
{"id":"g-2","generator":"m","problem":"1+3?","steps":["One.","The answer is 4."],"final_answer_correct":true,"label":0}
)";
  const Table table = table_of(lines);
  CHECK(table == Counts{3, 3, 3, 2});
  CHECK(holds(table.notes, "label 'final_answer_correct'"));
  LabelledFields wrong;
  wrong.label = "label";
  CHECK(holds(table_of(lines, wrong).complaint, "index of the first wrong step"));
  CHECK(holds(table_of(R"({"problem":"p","steps":["The answer is 1."],"label":-1})").complaint,
              "index of the first wrong step"));
  CHECK(holds(table_of(R"({"problem":"p","steps":["The answer is 1."],"label":3})").complaint, "--label"));
  CHECK(table_of(R"({"problem":"p","steps":["The answer is 1."],"label":1})") == Counts{1, 1, 1, 1});
}

TEST_CASE("problems without attempts stay in the denominator; placeholders do not vote") {
  const Table empty = table_of(R"({"id":1,"gold":"2","samples":["The answer is 2."]}
{"id":2,"gold":"2","samples":[]})");
  CHECK(empty == Counts{2, 2, 1, 1});
  CHECK(holds(empty.notes, "1 problems have no attempt"));
  CHECK(table_of(R"({"id":1,"gold":"2","attempts":[]})") == Counts{1, 1, 0, 0});
  const Table words = table_of(R"({"id":1,"gold":"2","pred":["[invalid]","None","N/A","null","nan"," ","2"]})");
  CHECK(words == Counts{1, 7, 1, 1});
  CHECK(holds(words.notes, "6 answers such as '[invalid]'"));
  CHECK(table_of(R"({"id":1,"gold":"None","pred":["None","2"]})") == Counts{1, 2, 2, 1});
}

TEST_CASE("parallel lists: search-and-learn, OpenR1, RLHFlow; scores as texts and by steps") {
  const std::string search =
      R"({"unique_id":"a","problem":"1+1?","solution":"\\boxed{2}","answer":"2","completions":["So \\boxed{2}","So \\boxed{3}"],"scores":[[0.9,0.5,0.25],[0.5,0.5]],"pred":"3","completion_tokens":[3,4],"level":2})";
  Table table = table_of(search);
  CHECK(table == Counts{1, 2, 2, 1});
  CHECK(table.scores == std::vector<double>{std::log(0.25), std::log(0.5)});
  CHECK(holds(table.notes, "an attempt's is the last of them"));
  LabelledFields fields;
  fields.step_scores = StepScores::minimum;
  CHECK(table_of(search, fields).scores[0] == std::log(0.25));
  fields.step_scores = StepScores::product;
  CHECK(table_of(search, fields).scores[0] == doctest::Approx(std::log(0.9 * 0.5 * 0.25)));
  fields.step_scores = StepScores::mean;
  CHECK(table_of(search, fields).scores[0] == doctest::Approx(std::log(0.55)));
  CHECK(
      table_of(
          R"({"id":"a","answer":"2","completions":["So \\boxed{2}","So \\boxed{3}"],"scores":[[0.9],[0.5]],"agg_scores":["0.75","0.5"]})")
          .scores == std::vector<double>{std::log(0.75), std::log(0.5)});
  CHECK(table_of(R"({"id":"a","answer":"2","completions":["So \\boxed{2}","So \\boxed{3}"],"scores":"[0.75, 0.5]"})")
            .scores == std::vector<double>{std::log(0.75), std::log(0.5)});
  const Table open = table_of(
      R"({"problem":"p","answer":"2","uuid":"u","generations":["So \\boxed{2}","So \\boxed{3}"],"correctness_math_verify":[true,false],"correctness_llama":[true,true],"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"x"}]})");
  CHECK(open == Counts{1, 2, 2, 1});
  CHECK(holds(open.notes, "there is also correctness_llama (--label)"));
  CHECK(
      table_of(
          R"({"idx":1,"prompt":"p","answers":["So \\boxed{2}","So \\boxed{3}"],"label":[1,0],"step_scores":[[0.5,0.9],[0.1]]})") ==
      Counts{1, 2, 2, 1});
  CHECK(holds(table_of(R"({"id":"a","gold":"2","completions":["So 2","So 3"],"scores":[0.5]})").complaint,
              "'scores' has 1 entries, but 'completions' has 2"));
  fields.score = "none";
  CHECK(table_of(R"({"id":"a","gold":"2","completions":["So \\boxed{2}","So \\boxed{3}"],"scores":[0.5]})", fields) ==
        Counts{1, 2, 2, 1});
  CHECK(holds(table_of(R"({"id":"a","gold":"2","completions":["So \\boxed{2}"],"scores":[["x"]]})").notes,
              "'scores' holds no number"));
  fields.score = "scores";
  CHECK(holds(table_of(R"({"id":"a","gold":"2","completions":["So \\boxed{2}"],"scores":[["x"]]})", fields).complaint,
              "one number a step"));
}

TEST_CASE("a score that is the label is told") {
  const Table same = table_of(R"({"id":1,"final":"2","label":true,"reward":1.0}
{"id":1,"final":"3","label":false,"reward":0.0})");
  CHECK(holds(same.notes, "equals the label of every attempt"));
  CHECK_FALSE(holds(table_of(R"({"id":1,"final":"2","label":true,"reward":1.0}
{"id":1,"final":"3","label":false,"reward":1.0})")
                        .notes,
                    "equals the label"));
}

TEST_CASE("nested fields, conversations, lm-evaluation-harness, rollouts") {
  CHECK(
      table_of(
          R"({"doc_id":0,"doc":{"problem":"1+1?","answer":"2"},"target":"2","resps":[["So \\boxed{2}"]],"filtered_resps":["2"],"exact_match":1.0}
{"doc_id":1,"doc":{"problem":"1+2?","answer":"3"},"target":"3","resps":[["So \\boxed{2}"]],"filtered_resps":["2"],"exact_match":0.0})") ==
      Counts{2, 2, 2, 1});
  CHECK(table_of(R"({"doc_id":0,"target":"16 - 3 = 13\n#### 13","resps":[["So 13.\n#### 13"],["#### 14"]]})") ==
        Counts{1, 2, 2, 1});
  CHECK(holds(table_of(R"({"doc_id":0,"target":"2","resps":[["So 2"]],"filtered_resps":["2"],"filter":"strict-match"}
{"doc_id":0,"target":"2","resps":[["So 2"]],"filtered_resps":["2"],"filter":"flexible-extract"})")
                  .complaint,
              "--where filter=flexible-extract"));
  CHECK(
      table_of(
          R"({"prompt":[{"role":"user","content":"1+1?"}],"completion":[{"role":"assistant","content":"So \\boxed{2}"}],"reward_model":{"ground_truth":"2"}}
{"prompt":[{"role":"user","content":"1+1?"}],"completion":[{"role":"assistant","content":"So \\boxed{3}"}],"reward_model":{"ground_truth":"2"}})") ==
      Counts{1, 2, 2, 1});
  CHECK(
      table_of(
          R"({"id":1,"gold":"2","choices":[{"message":{"role":"assistant","content":"So \\boxed{2}"}},{"message":{"role":"assistant","content":"So \\boxed{3}"}}]})") ==
      Counts{1, 2, 2, 1});
  CHECK(
      table_of(
          R"({"task_id":1,"expected_answer":"2","response":{"output":[{"type":"reasoning"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"So \\boxed{2}"}]}]},"reward":1.0})")
          .complaint.empty() == false);
  LabelledFields path;
  path.text = "response.output[-1].content[0].text";
  CHECK(
      table_of(
          R"({"task_id":1,"expected_answer":"2","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"So \\boxed{2}"}]}]},"reward":0.5})",
          path) == Counts{1, 1, 1, 1});
  path = {};
  path.reference = "doc.anser";
  CHECK(holds(table_of(R"({"id":1,"doc":{"answer":"2"},"pred":"2"})", path).complaint, "did you mean 'doc.answer'?"));
  CHECK(holds(table_of(R"({"id":1,"pred":"2","reward":1.0})").complaint, "--label reward"));
}

TEST_CASE("CSV and Parquet give the same tables") {
  CHECK(table_of("problem,completion,gold,score\n1+1?,So \\boxed{2},2,0.75\n1+1?,\"So, \\boxed{3}\",2,0.5\n", {},
                 "a.csv") == Counts{1, 2, 2, 1});
  CHECK(table_of("question_id,pred,is_correct\n1,2,True\n1,,False\n2,[invalid],False\n", {}, "a.csv") ==
        Counts{2, 3, 1, 1});
  std::ifstream right(fs::path(FT_PROJECT_ROOT) / "tests/golden/parquet/openr1.right");
  int rights = 0, all = 0;
  right >> rights >> all;
  const LabelledAttempts read =
      read_labelled(std::vector<fs::path>{fs::path(FT_PROJECT_ROOT) / "tests/golden/parquet/openr1.parquet"}, {});
  int found = 0, attempts = 0;
  for (const RankedProblem& problem : read.problems) {
    for (const Candidate& candidate : problem.candidates) {
      found += candidate.right ? 1 : 0;
      ++attempts;
    }
  }
  CHECK(read.problems.size() == 40);
  CHECK(found == rights);
  CHECK(attempts == all);
}
