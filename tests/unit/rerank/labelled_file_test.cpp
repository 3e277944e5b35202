#include "framework/rerank/labelled_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "framework/base/error.h"

using namespace ft::rerank;
namespace fs = std::filesystem;

namespace {

class Files {
 public:
  Files() : folder_(fs::temp_directory_path() / ("ft_labelled_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Files() { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name) << content;
    return folder_ / name;
  }

 private:
  fs::path folder_;
};

LabelledAttempts read(const std::vector<fs::path>& files, const LabelledFields& fields = {}) {
  return read_labelled(files, fields);
}

std::string complaint(const std::vector<fs::path>& files, const LabelledFields& fields = {}) {
  try {
    (void)read(files, fields);
    return "";
  } catch (const ft::UserError& error) {
    return error.what();
  }
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a line a problem, with candidates") {
  Files files;
  const auto path = files.write(
      "bon.jsonl",
      R"({"problem_id":"p1","problem":"1+1?","answer":"2","level":"Level 3","subject":"sums","candidates":[{"solution":"so 2","final":"2","label":true},{"solution":"so 3","final":"3","label":false},{"solution":"?","final":null,"label":true}]}
{"problem_id":"p2","problem":"2+2?","answer":"4","candidates":[{"solution":"so 4","final":"4","label":true,"reward_model_score":-2.5}]}
)");
  const auto result = read({path});
  REQUIRE(result.problems.size() == 2);
  const RankedProblem& first = result.problems[0];
  CHECK(first.id == "p1");
  CHECK(first.problem_text == "1+1?");
  CHECK(first.reference_answer == "2");
  CHECK(first.level == 3);
  CHECK(first.subject == "sums");
  REQUIRE(first.candidates.size() == 3);
  CHECK(first.candidates[0].right);
  CHECK_FALSE(first.candidates[1].right);
  CHECK_FALSE(first.candidates[2].answer_found);
  CHECK_FALSE(first.candidates[2].right);  // unreadable: whatever its label says
  CHECK(std::isnan(first.candidates[0].score));
  CHECK(result.problems[1].candidates[0].score == doctest::Approx(-std::log1p(std::exp(2.5))));  // a logit
  bool said = false;
  for (const auto& note : result.notes) said = said || holds(note, "3 of 3 answers");
  CHECK(said);
}

TEST_CASE("a line an attempt: this program's own file, and others'") {
  Files files;
  const auto own = files.write(
      "attempts.jsonl",
      R"({"problem":"a","index":-1,"text":"x","answer":"1","finished":true,"tokens":3,"log_prob":-1.5,"verdict":"equal","reason":""}
{"problem":"a","index":0,"text":"x","answer":null,"finished":true,"tokens":3,"log_prob":-2.5,"verdict":"different","reason":""}
{"problem":"a","index":1,"text":"y","answer":"7","finished":true,"tokens":4,"log_prob":-2.0,"verdict":"unknown","reason":""}
)");
  const auto ours = read({own}).problems;
  REQUIRE(ours.size() == 1);
  REQUIRE(ours[0].greedy.has_value());
  CHECK(ours[0].greedy->right);
  REQUIRE(ours[0].candidates.size() == 2);
  CHECK_FALSE(ours[0].candidates[0].answer_found);
  CHECK(ours[0].candidates[1].unknown);
  CHECK(ours[0].candidates[1].log_prob == -2.0);
  CHECK(ours[0].candidates[1].num_tokens == 4);

  // `answer` is the reference where a problem's lines agree on it, the attempt's own where they do not.
  const auto reference =
      files.write("ref.jsonl", R"({"question_id":1,"completion":"The answer is 4.","answer":"4","p_correct":0.25}
{"question_id":1,"completion":"The answer is 5.","answer":"4","p_correct":0.75}
)");
  const auto graded = read({reference}).problems;
  REQUIRE(graded[0].candidates.size() == 2);
  CHECK(graded[0].candidates[0].right);
  CHECK(graded[0].candidates[1].answer == "5");
  CHECK(graded[0].candidates[1].score == doctest::Approx(std::log(0.75)));
  const auto answers = files.write("own.jsonl", R"({"question_id":1,"completion":"...","answer":"4","correct":1}
{"question_id":1,"completion":"...","answer":"5","correct":0}
)");
  CHECK(read({answers}).problems[0].candidates[1].answer == "5");
}

TEST_CASE("bare texts, and a file a problem") {
  Files files;
  const auto bare = files.write(
      "bare.jsonl", R"({"id":"q","question":"1+1?","gold":"2","samples":["The answer is 2.","The answer is 3."]})");
  const auto result = read({bare}).problems;
  REQUIRE(result[0].candidates.size() == 2);
  CHECK(result[0].candidates[0].right);
  CHECK_FALSE(result[0].candidates[1].right);
  const auto one = files.write("one.jsonl", "{\"final\":\"1\",\"label\":true}\n{\"final\":\"2\",\"label\":false}\n");
  const auto two = files.write("two.jsonl", "{\"final\":\"1\",\"label\":true}\n");
  CHECK(read({one, two}).problems.size() == 2);
  CHECK(holds(complaint({one}), "which problem"));
}

TEST_CASE("wrong lines are named") {
  Files files;
  const auto path = files.write("bad.jsonl",
                                "{\"problem_id\":1,\"final\":\"1\",\"label\":true}\n{\"problem_id\":1,\"final\":\"1\","
                                "\"label\":\"perhaps\"}\nno json\n{\"problem_id\":1,\"final\":\"2\"}\n");
  const std::string json = complaint({path});
  CHECK(holds(json, "bad.jsonl:3"));
  LabelledFields lenient;
  lenient.skip_wrong_lines = true;
  const auto result = read({path}, lenient);
  CHECK(result.problems[0].candidates.size() == 1);
  const auto two = files.write("two.jsonl",
                               "{\"problem_id\":1,\"final\":\"1\",\"label\":\"perhaps\"}\n{\"problem_id\":1,\"final\":"
                               "\"2\"}\n{\"problem_id\":1,\"final\":\"2\",\"label\":false}\n");
  const std::string both = complaint({two});
  CHECK(holds(both, "two.jsonl:1: field 'label' is \"perhaps\""));
  CHECK(holds(both, "two.jsonl:2: field 'label' (right or wrong) is missing"));
  LabelledFields misspelt;
  misspelt.label = "labell";
  CHECK(holds(complaint({two}, misspelt), "did you mean 'label'?"));
  const auto none = files.write("none.jsonl", "{\"problem_id\":1,\"final\":\"1\"}\n");
  CHECK(holds(complaint({none}), "--reference"));
  CHECK(holds(complaint({"/nowhere.jsonl"}), "no such file"));
}
