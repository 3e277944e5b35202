#include "datasets/dataset.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "datasets/gsm8k.h"
#include "framework/config/node.h"
#include "framework/config/print.h"
#include "framework/problem/records.h"

using namespace ft;

namespace {

// A folder of its own, with FT_DATA pointing at it until the end of the test.
class DataFolder {
 public:
  DataFolder() : path_(std::filesystem::temp_directory_path() / fmt::format("ft_datasets_{}", getpid())) {
    std::filesystem::create_directories(path_);
    if (const char* set = std::getenv("FT_DATA")) before_ = set;
    setenv("FT_DATA", path_.c_str(), 1);
  }
  ~DataFolder() {
    std::filesystem::remove_all(path_);
    if (before_) setenv("FT_DATA", before_->c_str(), 1);
    if (!before_) unsetenv("FT_DATA");
  }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  [[nodiscard]] std::string without_folder(std::string text) const {
    for (auto at = text.find(path_.string()); at != std::string::npos; at = text.find(path_.string())) {
      text.replace(at, path_.string().size(), "DATA");
    }
    return text;
  }

 private:
  std::filesystem::path path_;
  std::optional<std::string> before_;
};

std::string message_of(const DataFolder& folder, const ProblemSetSpec& spec) {
  try {
    (void)load_problems(spec);
  } catch (const UserError& error) {
    return folder.without_folder(error.what());
  }
  return "no error";
}

std::string yaml_message(const DataFolder& folder, std::string_view yaml) {
  try {
    (void)read_problem_set(parse_yaml(yaml, "run.yaml"));
  } catch (const UserError& error) {
    return folder.without_folder(error.what());
  }
  return "no error";
}

constexpr std::string_view kGsm = R"({"question":"Two plus three?","answer":"2+3=<<2+3=5>>5\n#### 5"})"
                                  "\n"
                                  R"({"question":"A thousand?","answer":"It is 1,000\n#### 1,000"})"
                                  "\n";

}  // namespace

TEST_CASE("gsm8k as published: ids by line, answers without commas, notes kept or stripped") {
  const DataFolder folder;
  folder.write("gsm8k/train.jsonl", kGsm);
  ProblemSetSpec spec{.dataset = "gsm8k"};
  spec.valid_share = 0;
  auto problems = load_problems(spec);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].id == "gsm8k-train-0000");
  CHECK(problems[0].answer == "5");
  CHECK(problems[0].solutions[0].text == "2+3=<<2+3=5>>5\n#### 5");
  CHECK(problems[0].solutions[0].style == "gsm8k");
  CHECK(problems[1].id == "gsm8k-train-0001");
  CHECK(problems[1].answer == "1000");
  spec.calculator = "strip";
  CHECK(load_problems(spec)[0].solutions[0].text == "2+3=5\n#### 5");
  CHECK(strip_calculator_notes("a<<1>>b<<2\nc<<3>>d<<4") == "ab<<2\ncd<<4");
}

TEST_CASE("a carved-out split is disjoint, complete, and a matter of the text alone") {
  const DataFolder folder;
  std::string lines, reversed;
  for (int i = 0; i < 500; ++i) {
    const std::string line =
        fmt::format("{{\"id\":\"p{}\",\"problem\":\"What is {} + 1?\",\"answer\":{}}}\n", i, i, i + 1);
    lines += line;
    reversed.insert(0, line);
  }
  ProblemSetSpec train{.dataset = "jsonl", .path = folder.write("a.jsonl", lines), .valid_share = 0.2};
  ProblemSetSpec valid = train;
  valid.split = "valid";
  std::set<std::string> ids, valid_ids;
  for (const Problem& problem : load_problems(train)) ids.insert(problem.id);
  for (const Problem& problem : load_problems(valid)) valid_ids.insert(problem.id);
  CHECK(ids.size() + valid_ids.size() == 500);
  CHECK(valid_ids.size() == doctest::Approx(100).epsilon(0.25));
  for (const auto& id : valid_ids) CHECK_FALSE(ids.contains(id));

  valid.path = folder.write("b.jsonl", reversed);
  std::set<std::string> again;
  for (const Problem& problem : load_problems(valid)) again.insert(problem.id);
  CHECK(again == valid_ids);

  valid.valid_seed = 2;
  std::set<std::string> other;
  for (const Problem& problem : load_problems(valid)) other.insert(problem.id);
  CHECK(other != valid_ids);
}

TEST_CASE("a limit keeps the order of the file, and a larger one adds to it") {
  const DataFolder folder;
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += fmt::format("{{\"problem\":\"What is {} + 1?\",\"answer\":{}}}\n", i, i + 1);
  ProblemSetSpec spec{.dataset = "jsonl", .path = folder.write("mine.jsonl", lines)};
  std::set<std::string> before;
  for (int limit : {1, 10, 50, 199, 200, 5000}) {
    spec.limit = limit;
    const auto problems = load_problems(spec);
    CHECK(problems.size() == static_cast<std::size_t>(std::min(limit, 200)));
    std::set<std::string> ids;
    int last = 0;
    for (const Problem& problem : problems) {
      ids.insert(problem.id);
      const int line = std::stoi(problem.id.substr(5));  // "mine-17"
      CHECK(line > last);
      last = line;
      CHECK(problem.answer == std::to_string(line));
    }
    CHECK(std::ranges::includes(ids, before));
    before = ids;
  }
  CHECK(*before.begin() != "mine-0");
}

TEST_CASE("jsonl: field names, solutions lists, numbers as answers, notes on what is missing") {
  const DataFolder folder;
  ProblemSetSpec spec{.dataset = "jsonl"};
  spec.path = folder.write(
      "q.jsonl",
      "{\"q\":\"one\",\"a\":3,\"w\":\"#### 3\",\"level\":2,\"subject\":\"Algebra\"}\n"
      "{\"q\":\"two\",\"a\":0.5}\n"
      "{\"q\":\"three\",\"solutions\":[{\"text\":\"so it goes\",\"style\":\"x\"},{\"text\":\"and on\"}]}\n");
  spec.problem_field = "q";
  spec.answer_field = "a";
  spec.solution_field = "w";
  spec.style = "mine";
  LoadNotes notes;
  const auto problems = load_problems(spec, &notes);
  REQUIRE(problems.size() == 3);
  CHECK(problems[0].id == "q-1");
  CHECK(problems[0].answer == "3");
  CHECK(problems[0].solutions[0].style == "mine");
  CHECK(problems[0].level == 2);
  CHECK(problems[0].subject == "Algebra");
  CHECK(problems[1].answer == "0.5");
  REQUIRE(problems[2].solutions.size() == 2);
  CHECK(problems[2].solutions[0].style == "x");
  CHECK(problems[2].solutions[1].style == "mine");
  REQUIRE(notes.size() == 2);
  CHECK(folder.without_folder(notes[0]) ==
        "DATA/q.jsonl: 1 of 3 problems have no solution (field 'w'): nothing can be learnt from them");
  CHECK(folder.without_folder(notes[1]) ==
        "DATA/q.jsonl: 1 of 3 problems have no answer (field 'a', or at the end of a solution): attempts at them "
        "cannot be graded");
}

TEST_CASE("jsonl: numbers as ids, and an answer that stands in the solution only") {
  const DataFolder folder;
  ProblemSetSpec spec{.dataset = "jsonl"};
  spec.path =
      folder.write("q.jsonl", "{\"id\":17,\"problem\":\"one\",\"answer\":\"2+1=3\\n#### 3\",\"level\":\"Level 5\"}\n");
  spec.solution_field = "answer";
  spec.answer_field = spec.level_field = "";
  const auto problems = load_problems(spec);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].id == "17");
  CHECK(problems[0].answer == "3");
  CHECK(problems[0].solutions[0].text == "2+1=3\n#### 3");
}

TEST_CASE("jsonl: answers are what is written, lists of equal ones, ends of whole solutions") {
  const DataFolder folder;
  ProblemSetSpec spec{.dataset = "jsonl"};
  spec.path =
      folder.write("n.jsonl",
                   "{\"id\":12345678901234567890123,\"problem\":\"a\",\"answer\":1e16}\n"
                   "{\"id\":1.50,\"problem\":\"b\",\"answer\":123456789012345678901234567890,\"level\":\"Level 3\"}\n"
                   "{\"id\":-0,\"problem\":\"c\",\"answer\":0.10,\"level\":\"4\"}\n"
                   "{\"problem\":\"d\",\"answer\":1e400}\n"
                   "{\"problem\":\"e\",\"answer\":[\"\\\\frac12\",0.5,\"\"]}\n"
                   "{\"problem\":\"f\",\"answer\":\"We add 1 and 1, which makes two of them, and so on.\\n#### 2\"}\n"
                   "{\"problem\":\"g\",\"answer\":\" \",\"solution\":\"So \\\\boxed{7}\"}\n"
                   "{\"problem\":\"h\",\"answer\":\"8\",\"solution\":\"So \\\\boxed{7}\"}\n");
  LoadNotes notes;
  const auto problems = load_problems(spec, &notes);
  std::vector<std::string> ids, answers;
  for (const Problem& problem : problems) {
    ids.push_back(problem.id);
    answers.push_back(problem.answer);
  }
  CHECK(ids == std::vector<std::string>{"12345678901234567890123", "1.50", "-0", "n-4", "n-5", "n-6", "n-7", "n-8"});
  CHECK(answers ==
        std::vector<std::string>{"1e16", "123456789012345678901234567890", "0.10", "1e400", "\\frac12", "2", "7", "8"});
  CHECK(problems[1].level == 3);
  CHECK(problems[2].level == 4);
  REQUIRE(notes.size() == 3);
  CHECK(folder.without_folder(notes[0]) ==
        "DATA/n.jsonl: field 'answer' of 1 problems is a whole solution (row 6): the answer at its end counts");
  CHECK(
      folder.without_folder(notes[1]) ==
      "DATA/n.jsonl: 1 problems have another answer than their solution: row 8 ('8', but its solution ends with '7')");
  spec.path = folder.write("two.jsonl", "{\"problem\":\"a\",\"answer\":[\"1\",\"2\"]}");
  CHECK(message_of(folder, spec).find("DATA/two.jsonl:1: field 'answer' holds 2 answers that differ ('1' and '2')") ==
        0);
}

TEST_CASE("jsonl: paths, conversations, Parquet and CSV") {
  const DataFolder folder;
  const std::string parquet = std::string(FT_PROJECT_ROOT) + "/tests/golden/parquet/";
  ProblemSetSpec verl{.dataset = "jsonl", .path = parquet + "verl.parquet"};
  verl.problem_field = "prompt";
  verl.answer_field = "reward_model.ground_truth";
  verl.id_field = "extra_info.index";
  const auto problems = load_problems(verl);
  REQUIRE(problems.size() == 40);
  CHECK(problems[7].id == "7");
  CHECK(problems[7].text == "Ann has 7 pens and buys 9 more. How many has she?");
  CHECK(problems[7].answer == "16");
  ProblemSetSpec gsm{.dataset = "jsonl", .path = parquet + "gsm8k_main.parquet"};
  CHECK(message_of(folder, gsm)
            .find("gsm8k_main.parquet row 1: field 'problem' (the problem's text) is missing; 'question' is there: "
                  "problem_field: question") != std::string::npos);
  gsm.problem_field = "question";
  gsm.solution_field = "answer";
  CHECK(load_problems(gsm)[7].answer == "16");
  CHECK(load_problems(gsm)[7].id == "gsm8k_main-8");
  ProblemSetSpec open{.dataset = "jsonl", .path = parquet + "openr1.parquet"};
  open.solution_field = "generations";
  CHECK(load_problems(open)[3].solutions.size() == 4);
  open.problem_field = open.solution_field = "messages";
  CHECK(load_problems(open)[3].text == problems[3].text);
  CHECK(load_problems(open)[3].solutions.size() == 1);
  ProblemSetSpec chat{.dataset = "jsonl"};
  chat.path = folder.write("chat.csv", "problem,answer,keep\n\"1, 1?\",2,yes\nx,3,no\n");
  CHECK(load_problems(chat)[0].text == "1, 1?");
  chat.path = folder.write(
      "chat.json",
      R"([{"conversations":[{"from":"system","value":"s"},{"from":"human","value":"1+1?"},{"from":"gpt","value":"So \\boxed{2}"}]}])");
  chat.problem_field = chat.solution_field = "conversations";
  CHECK(load_problems(chat)[0].text == "1+1?");
  CHECK(load_problems(chat)[0].answer == "2");
}

TEST_CASE("jsonl: rows by a condition, bad rows, duplicates, names that no row has, folders") {
  const DataFolder folder;
  ProblemSetSpec spec{.dataset = "jsonl"};
  spec.path = folder.write(
      "r.jsonl",
      "{\"problem\":\"a\",\"answer\":\"1\",\"valid\":\"Yes\"}\nno "
      "json\n{\"problem\":\"b\",\"answer\":\"proof\",\"valid\":\"Yes\"}\n"
      "{\"problem\":\" a\",\"answer\":\"1\",\"valid\":\"No\"}\n{\"answer\":\"1\",\"valid\":\"Yes\"}\n{\"problem\":\"a "
      "\",\"answer\":\"1\"}\n");
  CHECK(message_of(folder, spec).find("DATA/r.jsonl:2:1: not valid JSON") == 0);
  spec.on_bad_row = "skip";
  LoadNotes notes;
  CHECK(load_problems(spec, &notes).size() == 4);
  CHECK(folder.without_folder(notes[0]).find("left out (on_bad_row: skip): DATA/r.jsonl:2:1") == 0);
  CHECK(folder.without_folder(notes[2]) == "DATA/r.jsonl: 2 rows cannot be read and were left out (on_bad_row: skip)");
  spec.where = {"answer!=proof|notfound"};
  CHECK(load_problems(spec).size() == 3);
  spec.where = {"valid=Yes", "answer!=proof|notfound"};
  CHECK(load_problems(spec).size() == 1);
  spec.where = {"valdi=Yes"};
  CHECK(message_of(folder, spec) ==
        "DATA/r.jsonl: no row has the field 'valdi', which a condition asks for; fields are: answer, problem, valid; "
        "did you mean 'valid'?");
  spec.where = {"valid"};
  CHECK(message_of(folder, spec).find("where: 'valid' is no condition on rows") != std::string::npos);
  spec.where = {};
  spec.duplicates = "drop";
  notes.clear();
  CHECK(load_problems(spec, &notes).size() == 2);
  spec.answer_field = "anser";
  CHECK(message_of(folder, spec) ==
        "DATA/r.jsonl: no row has the field 'anser' (answer_field); fields are: answer, problem, valid; did you mean "
        "'answer'?");
  spec.path = folder.write("d/x.jsonl", "{}");
  spec.path = std::filesystem::path(spec.path).parent_path().string();
  CHECK(message_of(folder, spec) ==
        "data set 'jsonl' needs a file, but DATA/d is a folder; name a file in it: x.jsonl");
}

TEST_CASE("what the project writes it can read as a problem set") {
  const DataFolder folder;
  const auto before = load_problems(ProblemSetSpec{.dataset = "arithmetic", .limit = 20});
  ProblemSetSpec spec{.dataset = "jsonl"};
  std::string lines;
  for (const Problem& problem : before) lines += to_json_line(problem) + "\n";
  spec.path = folder.write("p.jsonl", lines);
  const auto after = load_problems(spec);
  REQUIRE(after.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(to_json_line(after[i]) == to_json_line(before[i]));
}

TEST_CASE("mixing joins the same problem, renames another one of the same id, and says so") {
  const DataFolder folder;
  ProblemSetSpec a{.dataset = "jsonl"}, b{.dataset = "jsonl"}, c{.dataset = "jsonl"};
  a.path = folder.write("a.jsonl", R"({"id":"1","problem":"P","answer":"5","solution":"s"})"
                                   "\n"
                                   R"({"id":"2","problem":"Q","solution":"s"})");
  b.path = folder.write("b.jsonl", R"({"id":"1","problem":"P","solution":"t"})"
                                   "\n"
                                   R"({"id":"2","problem":"other","solution":"s"})"
                                   "\n"
                                   R"({"id":"3","problem":" Q ","solution":"s"})");
  c.path = folder.write("c.jsonl", R"({"id":"2","problem":"third","solution":"s"})"
                                   "\n"
                                   R"({"id":"1","problem":"P","solution":"s"})");
  LoadNotes notes;
  const std::vector<ProblemSetSpec> specs = {a, b, c};
  const auto problems = load_problems(specs, &notes);
  std::vector<std::string> ids;
  for (const Problem& problem : problems) ids.push_back(problem.id);
  CHECK(ids == std::vector<std::string>{"1", "2", "jsonl/2", "3", "jsonl-2/2"});
  REQUIRE(problems[0].solutions.size() == 2);
  CHECK(problems[0].solutions[1].text == "t");
  std::string all;
  for (const auto& note : notes) all += note + "\n";
  CHECK(all.find("1 problems have the text of another one, white space aside (such as '2' and '3')") !=
        std::string::npos);
  CHECK(all.find("2 problems stand in several sets: their solutions were joined") != std::string::npos);
  CHECK(all.find("2 problems have the id of another one and were renamed, such as 'jsonl/2'") != std::string::npos);
}

TEST_CASE("mixing a set with itself changes nothing") {
  const ProblemSetSpec spec{.dataset = "arithmetic", .split = "test"};
  const std::vector<ProblemSetSpec> twice = {spec, spec};
  const auto once = load_problems(spec), both = load_problems(twice);
  REQUIRE(once.size() == 200);
  REQUIRE(both.size() == 200);
  for (std::size_t i = 0; i < once.size(); ++i) {
    CHECK(both[i].id == once[i].id);
    CHECK(both[i].solutions.size() == once[i].solutions.size());
  }
}

TEST_CASE("prm800k keeps complete and right solutions only, and counts the rest") {
  const DataFolder folder;
  const auto human = [](std::string_view id, std::string_view last, std::string_view label, int first_error) {
    return fmt::format(R"({{"problem_id":"{}","problem":"P {}","answer":"7","steps":["Add.","{}"],"first_error":{},)"
                       R"("label":{}}})"
                       "\n",
                       id, id, last, first_error, label);
  };
  const std::string right = "So 7.\\n\\n# Answer\\n\\n7";
  folder.write("prm800k/human_steps_train.jsonl.gz",  // plain text under a .gz name is read too
               human("m1", right, "true", -1) + human("m1", right, "true", -1) + human("m2", "No.", "null", 1) +
                   human("m3", "So 8.\\n\\n# Answer\\n\\n8", "false", -1) + human("m4", right, "true", 0) +
                   human("m5", "Hm.", "null", -1) + human("m6", "# Answer\\n\\n7", "true", -1));
  const auto bench = [](std::string_view id, std::string_view kind, std::string_view last) {
    return fmt::format(R"({{"problem_id":"{}","problem":"P {}","answer":"7","steps":["Add.","{}"],"first_error":-1,)"
                       R"("kind":"{}"}})"
                       "\n",
                       id, id, last, kind);
  };
  folder.write("prm800k/prmbench_train.jsonl.gz", bench("m1", "original", "That is $7$.") +
                                                      bench("m7", "circular", "7") + bench("m8", "original", "So 17.") +
                                                      bench("m9", "original", "So 7.5") +
                                                      bench("m10", "original", "It is 7."));
  ProblemSetSpec spec{.dataset = "prm800k", .valid_share = 0};
  LoadNotes notes;
  const auto problems = load_problems(spec, &notes);
  REQUIRE(problems.size() == 3);
  CHECK(problems[0].id == "m1");
  REQUIRE(problems[0].solutions.size() == 2);
  CHECK(problems[0].solutions[0].text == "Add.\nSo 7.\n\n# Answer\n\n7");
  CHECK(problems[0].solutions[1].text == "Add.\nThat is $7$.\n\n# Answer\n\n7");
  CHECK(problems[1].solutions[0].text == "Add.\n\n# Answer\n\n7");
  CHECK(problems[2].id == "m10");
  REQUIRE(notes.size() == 1);
  CHECK(
      notes[0] ==
      "prm800k: 4 right and complete solutions of 3 problems in split 'train'; of the whole files dropped: 2 with a "
      "step marked wrong, 1 with a wrong answer, 1 without an answer, 1 rewritten by another model, 2 whose last steps "
      "do not state the reference answer; 1 doubles");
}

TEST_CASE("attempts of a set stay what they are: beside rows that are left out, and in a mix") {
  const DataFolder folder;
  const std::string problem = R"({"id":"a","problem":"P","answer":"1","solution":")";
  ProblemSetSpec spec{.dataset = "jsonl", .on_bad_row = "skip"};
  spec.path = folder.write("rows.jsonl", problem + "x\",\"level\":\"7\"}\n" + problem + "y\"}\n" + problem + "y\"}\n");
  spec.holds = ProblemSetSpec::Holds::attempts;
  const auto texts = [](const std::vector<Problem>& problems) {
    REQUIRE(problems.size() == 1);
    std::vector<std::string> said;
    for (const Solution& solution : problems[0].solutions) said.push_back(solution.text);
    return said;
  };
  CHECK(texts(load_problems(spec)) == std::vector<std::string>{"y", "y"});
  ProblemSetSpec more = spec;
  more.path = folder.write("more.jsonl", problem + "y\"}\n" + problem + "z\"}\n");
  CHECK(texts(load_problems(std::vector<ProblemSetSpec>{spec, more})) == std::vector<std::string>{"y", "y", "y", "z"});
}

TEST_CASE("math and prm800k as their authors publish them: one problem by its text") {
  const DataFolder folder;
  folder.write(
      "math/train.jsonl",
      R"({"problem":"What is $3+4$?","solution":"It is $\\boxed{7}$.","answer":"7","subject":"Algebra","level":1,)"
      R"("unique_id":"train/algebra/1.json"})"
      "\n"
      R"({"problem":"What is $2+2$?","solution":"$\\boxed{4}$","answer":"4","unique_id":"test/algebra/9.json"})"
      "\n");
  folder.write(
      "math/test.jsonl",
      R"({"problem":"What is $1+1$?","solution":"$\\boxed{2}$","answer":"2","unique_id":"test/algebra/2.json"})"
      "\n");
  const auto step = [](std::string_view text, std::string_view chosen = "0", std::string_view human = "null") {
    return fmt::format(R"({{"completions":[{{"text":"{}","rating":1}},{{"text":"Wrong.","rating":-1}}],)"
                       R"("human_completion":{},"chosen_completion":{}}})",
                       text, human, chosen);
  };
  const auto record = [](std::string_view problem, std::string_view truth, std::string_view steps,
                         std::string_view reason = "solution", std::string_view trial = "false") {
    return fmt::format(R"({{"is_quality_control_question":{},"is_initial_screening_question":false,)"
                       R"("question":{{"problem":"{}","ground_truth_answer":"{}"}},)"
                       R"("label":{{"steps":[{}],"finish_reason":"{}"}}}})"
                       "\n",
                       trial, problem, truth, steps, reason);
  };
  const std::string sum = "What is $3+4$?", last = "So it is 7.\\n\\n# Answer\\n\\n7";
  folder.write("prm800k/phase1_train.jsonl",
               record(sum, "7", step("Add.") + "," + step(last)) +
                   record(sum, "7", step("x", "null", R"({"text":"Count on.","rating":null})") + "," + step(last)) +
                   record(sum, "7", step("Add.") + "," + step(last), "found_error") +
                   record(sum, "7", step("Add.") + "," + step(last), "solution", "true") +
                   record(sum, "8", step("Add.") + "," + step(last)) + record(sum, "7", step("Add.")));
  folder.write("prm800k/phase2_train.jsonl",
               record("What is  $3+4$?", "7", step("Wrong.", "1") + "," + step(last)) +
                   record("Another?", "7", step("Hm.") + "," + step("# Answer\\n\\n7.0")) +
                   record("None?", "7", step("Hm.", "null")));
  ProblemSetSpec prm{.dataset = "prm800k", .valid_share = 0};
  LoadNotes notes;
  const auto alone = load_problems(prm, &notes);
  REQUIRE(notes.size() == 1);
  CHECK(
      notes[0].find("1 trial questions, 1 that were given up or end at a wrong step, 1 with a wrong answer, 2 without "
                    "an answer; 0 doubles") != std::string::npos);
  ProblemSetSpec math{.dataset = "math", .valid_share = 0};
  CHECK(load_problems(math).size() == 2);
  math.split = "test";
  REQUIRE(load_problems(math).size() == 1);
  CHECK(load_problems(math)[0].id == "test/algebra/2.json");
  math.split = "train";
  for (const bool math_first : {true, false}) {
    std::vector<ProblemSetSpec> specs = {math, prm};
    if (!math_first) std::swap(specs[0], specs[1]);
    const auto mixed = load_problems(specs);
    REQUIRE(mixed.size() == 3);
    const auto joined = std::ranges::find(mixed, "train/algebra/1.json", &Problem::id);
    REQUIRE(joined != mixed.end());
    std::set<std::string> texts;
    for (const Solution& solution : joined->solutions) texts.insert(solution.text);
    CHECK(texts == std::set<std::string>{"It is $\\boxed{7}$.", "Add.\nSo it is 7.\n\n# Answer\n\n7",
                                         "Count on.\nSo it is 7.\n\n# Answer\n\n7",
                                         "Wrong.\nSo it is 7.\n\n# Answer\n\n7"});
  }
}

TEST_CASE("bad data files: each message says which file, which line, what is wrong") {
  const DataFolder folder;
  ProblemSetSpec gsm{.dataset = "gsm8k"};
  const auto gsm_message = [&](std::string_view line) {
    folder.write("gsm8k/train.jsonl", line);
    return message_of(folder, gsm);
  };
  CHECK(gsm_message(R"({"qestion":"a","answer":"#### 5"})") ==
        "DATA/gsm8k/train.jsonl:1: field 'question' (a string) is missing; fields here are: answer, qestion; did you "
        "mean 'qestion'?");
  CHECK(gsm_message(R"({"question":"a","answer":"5"})") ==
        "DATA/gsm8k/train.jsonl:1: field 'answer' does not end with '#### <number>', as GSM8K's solutions do");
  CHECK(gsm_message(R"({"question":"a","answer":"#### 5","final":"6"})") ==
        "DATA/gsm8k/train.jsonl:1: field 'final' is '6', but the solution ends with '#### 5'");
  CHECK(gsm_message(R"({"question":["a"],"answer":"#### 5"})") ==
        "DATA/gsm8k/train.jsonl:1: field 'question' is not a string but a list");
  CHECK(gsm_message("").find("DATA/gsm8k/train.jsonl: the file is empty") == 0);
  CHECK(gsm_message(R"({"question":"  ","answer":"#### 5"})") ==
        "problem 'gsm8k-train-0000' of data set 'gsm8k' has an empty text");
  ProblemSetSpec math{.dataset = "math"};
  folder.write("math/train.jsonl", R"({"id":"a","problem":"p","answer":"1","solution":"s","level":7})");
  CHECK(message_of(folder, math) == "DATA/math/train.jsonl:1: field 'level' is 7, but must be from 1 to 5");
  folder.write("math/train.jsonl", R"({"id":"a","problem":"p","answer":1,"solution":"s"})");
  CHECK(message_of(folder, math) == "DATA/math/train.jsonl:1: field 'answer' is not a string but an integer");
  ProblemSetSpec mine{.dataset = "jsonl"};
  mine.path = folder.write("m.jsonl", "{\"id\":\"a\",\"problem\":\"p\"}\n\n{\"id\":\"a\",\"problem\":\"q\"}\n");
  CHECK(message_of(folder, mine) == "DATA/m.jsonl:3: the id 'a' stands in line 1 already; ids must differ");
  mine.path = folder.write("m.jsonl", "{\"problem\":\"p\",\"solution\":\" \"}");
  CHECK(message_of(folder, mine) == "DATA/m.jsonl:1: a solution is empty");
  mine.path = folder.write("m.jsonl", "{\"problem\":\"p\",\"level\":\"hard\"}");
  CHECK(message_of(folder, mine) ==
        "DATA/m.jsonl:1: field 'level' is 'hard', but must be from 1 to 5, or Level 1 to Level 5; if it is no level of "
        "difficulty, set level_field to \"\"");
}

TEST_CASE("mistakes in the run file: found before anything is read, with their place") {
  const DataFolder folder;
  folder.write("gsm8k/train.jsonl", kGsm);
  CHECK(yaml_message(folder, "{dataset: gms8k}")
            .find("run.yaml:1:11: there is no data set 'gms8k'; data sets are: "
                  "arithmetic, gsm8k, math, prm800k, jsonl; did you mean 'gsm8k'?") == 0);
  CHECK(yaml_message(folder, "{dataset: gsm8k, split: dev}").find("run.yaml:1:25") == 0);
  CHECK(yaml_message(folder, "{dataset: gsm8k, seed: 3}").find("seed") != std::string::npos);  // a key of arithmetic
  CHECK(yaml_message(folder, "{dataset: arithmetic, swap_probabilty: 0}").find("swap_probability") !=
        std::string::npos);
  CHECK(yaml_message(folder, "{dataset: arithmetic, swap_probability: 1.5}").find("run.yaml:1:41") == 0);
  CHECK(yaml_message(folder, "{dataset: arithmetic, limit: -1}").find("run.yaml:1:30") == 0);
  CHECK(yaml_message(folder, "{split: train}").find("dataset") != std::string::npos);
  CHECK(yaml_message(folder, "[]") == "run.yaml:1:1: the list of data sets is empty; write e.g. {dataset: arithmetic}");
  CHECK(yaml_message(folder, "gsm8k") == "run.yaml:1:1: a problem set is a map such as {dataset: gsm8k}, not 'gsm8k'");
  CHECK(yaml_message(folder, "{dataset: jsonl}") == "run.yaml:1:11: data set 'jsonl' needs a `path`: the file to read");
  CHECK(yaml_message(folder, "{dataset: jsonl, path: none.jsonl}")
            .find("run.yaml:1:11: data set 'jsonl' needs the file none.jsonl, which does not exist; relative names "
                  "count from the current folder, ") == 0);
  CHECK(
      yaml_message(folder, "{dataset: gsm8k, split: test}") ==
      "run.yaml:1:11: data set 'gsm8k' needs the file DATA/gsm8k/test.jsonl, which does not exist; set FT_DATA to the "
      "folder that holds gsm8k/test.jsonl (it is DATA now), or give this set a `path`");
  CHECK(yaml_message(folder, "{dataset: math, path: /none}") ==
        "run.yaml:1:11: data set 'math' needs the file /none/train.jsonl, which does not exist; `path` must name the "
        "folder that holds train.jsonl");
  CHECK(yaml_message(folder, "{dataset: prm800k, split: test}").find("no split 'test'; test on {dataset: math") !=
        std::string::npos);
  CHECK(yaml_message(folder, "{dataset: gsm8k, split: valid, valid_share: 0}").find("valid_share is 0") !=
        std::string::npos);
  CHECK(yaml_message(folder, "[{dataset: gsm8k}, {dataset: arithmetic, people: 3, most_total: 20}]") ==
        "run.yaml:1:30: 3 people with at least 10 each have more than most_total (20)");
  unsetenv("FT_DATA");
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path("/");
  const std::string unset = yaml_message(folder, "{dataset: math}");
  std::filesystem::current_path(here);
  CHECK(unset.find("(it is not set, its default is ../shared/data)") != std::string::npos);
}

TEST_CASE("a good entry of the run file, alone and in a list") {
  const DataFolder folder;
  folder.write("gsm8k/train.jsonl", kGsm);
  auto specs = read_problem_set(parse_yaml("{dataset: arithmetic, split: test, limit: 50, people: 4}", "run.yaml"));
  REQUIRE(specs.size() == 1);
  CHECK(specs[0].arithmetic.people == 4);
  CHECK(load_problems(specs).size() == 50);
  CHECK(input_files(specs[0]).empty());
  specs =
      read_problem_set(parse_yaml("[{dataset: gsm8k, calculator: strip, valid_share: 0}, {dataset: arithmetic, "
                                  "limit: 3}]",
                                  "run.yaml"));
  REQUIRE(specs.size() == 2);
  CHECK(load_problems(specs).size() == 5);
  REQUIRE(input_files(specs[0]).size() == 1);
  CHECK(folder.without_folder(input_files(specs[0])[0].string()) == "DATA/gsm8k/train.jsonl");
}

TEST_CASE("what counts for the identity: not the limit, not where a file lies, only the set's own keys") {
  const ProblemSetSpec spec{.dataset = "gsm8k"};
  ProblemSetSpec moved = spec;
  moved.path = "/elsewhere";
  moved.limit = 10;
  CHECK(identity_text(spec) == identity_text(moved));
  CHECK(extends_text(spec) != extends_text(moved));
  moved.calculator = "strip";
  CHECK(identity_text(spec) != identity_text(moved));
  CHECK(identity_text(spec).find("swap_probability") == std::string::npos);
  std::set<std::string> keys;
  for (const KeyInfo& key : explain<ProblemSetSpec>()) keys.insert(key.key.name);
  for (const char* key :
       {"dataset", "split", "limit", "path", "calculator", "problem_field", "swap_probability", "seed"}) {
    CHECK(keys.contains(key));
  }
}

TEST_CASE("every data set says its licence") {
  for (const std::string& name : dataset_names()) {
    const DatasetInfo info = dataset_info(name);
    CHECK(info.name == name);
    CHECK_FALSE(info.licence.empty());
    CHECK_FALSE(info.answer_format.empty());
  }
  CHECK_THROWS_WITH_AS((void)dataset_info("maths"), doctest::Contains("did you mean 'math'?"), UserError);
}
