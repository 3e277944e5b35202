#include "framework/problem/records.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace ft;

namespace {

Attempt example() {
  return {.problem = "gsm8k-test-0001",
          .index = 3,
          .text = "2/2=1 \"white\"\n\\boxed{3} \xE2\x88\x9A",
          .finished = true,
          .num_tokens = 17,
          .log_prob = -12.345678901234567};
}

GradeRecord grade() {
  return {.problem = "gsm8k-test-0001",
          .index = 3,
          .grade = {.answer = "3", .answer_found = true, .verdict = Verdict::equal, .reason = "identical text"}};
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same(const Attempt& a, const Attempt& b) {
  return a.problem == b.problem && a.index == b.index && a.text == b.text && a.finished == b.finished &&
         a.num_tokens == b.num_tokens && same_bits(a.log_prob, b.log_prob);
}

bool same(const GradeRecord& a, const GradeRecord& b) {
  return a.problem == b.problem && a.index == b.index && a.grade.answer == b.grade.answer &&
         a.grade.reason == b.grade.reason && a.grade.answer_found == b.grade.answer_found &&
         a.grade.verdict == b.grade.verdict;
}

std::string message_of(std::string_view line) {
  try {
    (void)attempt_from_json(line, {"attempts.jsonl", 7, 0});
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

std::string with(std::string_view from, std::string_view to) {
  std::string line = to_json_line(example());
  const auto at = line.find(from);
  REQUIRE(at != std::string::npos);
  return line.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an attempt's line has the documented form") {
  CHECK(to_json_line(example()) ==
        "{\"problem\":\"gsm8k-test-0001\",\"index\":3,\"text\":\"2/2=1 \\\"white\\\"\\n\\\\boxed{3} \xE2\x88\x9A\","
        "\"finished\":true,\"tokens\":17,\"log_prob\":-12.345678901234567}");
}

TEST_CASE("a grade's line has the documented form, and begins as its attempt's does") {
  CHECK(to_json_line(grade()) ==
        "{\"problem\":\"gsm8k-test-0001\",\"index\":3,\"answer\":\"3\",\"verdict\":\"equal\",\"reason\":\"identical "
        "text\"}");
  for (const std::string& id :
       {std::string("gsm8k-test-0001"), std::string("a \"quoted\"\n\xE2\x88\x9A/\x01"), std::string()}) {
    Attempt attempt = example();
    GradeRecord record = grade();
    attempt.problem = record.problem = id;
    CHECK(to_json_line(attempt).starts_with(problem_prefix(id)));
    CHECK(to_json_line(record).starts_with(problem_prefix(id)));
    CHECK_FALSE(to_json_line(example()).starts_with(problem_prefix("gsm8k-test-000")));
  }
}

TEST_CASE("an attempt that an older program graded in its own line is read as a text") {
  const std::string old =
      "{\"problem\":\"gsm8k-test-0001\",\"index\":3,\"text\":\"2/2=1 \\\"white\\\"\\n\\\\boxed{3} "
      "\xE2\x88\x9A\",\"answer\":\"3\","
      "\"finished\":true,\"tokens\":17,\"log_prob\":-12.345678901234567,\"verdict\":\"equal\",\"reason\":\"identical "
      "text\"}";
  CHECK(same(attempt_from_json(old, {}), example()));
  CHECK(same(grade_from_json(old, {}), grade()));
}

TEST_CASE("attempts come back equal to the last bit") {
  CHECK(same(attempt_from_json(to_json_line(example()), {}), example()));
  const bool holds = rc::check("any double, any printable text", [](std::uint64_t bits, const std::string& raw, int i) {
    Attempt attempt = example();
    attempt.log_prob = std::bit_cast<double>(bits);
    if (std::isnan(attempt.log_prob)) attempt.log_prob = std::numeric_limits<double>::quiet_NaN();
    attempt.text.clear();
    for (char c : raw) attempt.text += static_cast<char>(c & 0x7F);  // control characters included
    attempt.index = std::abs(i % 1000) - 1;
    const std::string line = to_json_line(attempt);
    RC_ASSERT(line.find('\n') == std::string::npos);
    RC_ASSERT(same(attempt_from_json(line, {}), attempt));
    GradeRecord record{.problem = attempt.text, .index = attempt.index, .grade = {}};
    record.grade.verdict = static_cast<Verdict>(bits % 3);
    record.grade.answer_found = bits % 2 == 0;
    if (record.grade.answer_found) record.grade.answer = attempt.text;
    record.grade.reason = attempt.text;
    RC_ASSERT(same(grade_from_json(to_json_line(record), {}), record));
  });
  CHECK(holds);
}

TEST_CASE("an empty answer that was found is not an answer that was not found") {
  GradeRecord record = grade();
  record.grade.answer = "";
  CHECK(grade_from_json(to_json_line(record), {}).grade.answer_found);
  record.grade.answer_found = false;
  CHECK(to_json_line(record).find("\"answer\":null") != std::string::npos);
  CHECK_FALSE(grade_from_json(to_json_line(record), {}).grade.answer_found);
  record.grade.answer = "3";
  CHECK_THROWS_WITH_AS((void)to_json_line(record), doctest::Contains("says that none was found"), Error);
}

TEST_CASE("values that no double of JSON can say come back too") {
  for (double value : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), -0.0, 5e-324,
                       std::numeric_limits<double>::max(), 0.1}) {
    Attempt attempt = example();
    attempt.log_prob = value;
    CHECK(same_bits(attempt_from_json(to_json_line(attempt), {}).log_prob, value));
  }
}

TEST_CASE("a text that is not UTF-8 is refused by name") {
  Attempt attempt = example();
  attempt.text = "ok\xFF";
  CHECK_THROWS_WITH_AS((void)to_json_line(attempt),
                       doctest::Contains("'text' of attempt 3 of problem 'gsm8k-test-0001' is not UTF-8 at byte 2"),
                       Error);
}

TEST_CASE("bad attempts: every message names file, line and field") {
  CHECK(message_of(with("\"index\":3", "\"index\":-2")) ==
        "attempts.jsonl:7: field 'index' is -2, but must be at least -1");
  CHECK(message_of(with("\"index\":3", "\"index\":99999999999")) ==
        "attempts.jsonl:7: field 'index' is 99999999999, but must be at least -1");
  CHECK_THROWS_WITH_AS(
      (void)grade_from_json(R"({"problem":"a","index":0,"answer":"3","verdict":"right"})", {"verdicts.jsonl", 7, 0}),
      "verdicts.jsonl:7: 'right' is not a verdict; verdicts are: different, equal, unknown", UserError);
  CHECK(message_of(with("\"log_prob\":-12.345678901234567", "\"log_prob\":\"low\"")) ==
        "attempts.jsonl:7: field 'log_prob' is not a number but a string");
  CHECK(message_of(with("\"finished\":true", "\"finished\":1")) ==
        "attempts.jsonl:7: field 'finished' is not true or false but an integer");
  CHECK(message_of(with("\"tokens\"", "\"token\"")) ==
        "attempts.jsonl:7: field 'tokens' (an integer) is missing; fields here are: finished, index, log_prob, "
        "problem, text, token; did you mean 'token'?");
}

TEST_CASE("problems come back equal") {
  const std::vector<Problem> problems = {
      {.id = "a",
       .text = "How many?",
       .answer = "3",
       .solutions = {{"1+2=3", "fine"}, {"\\boxed{3}", ""}},
       .dataset = "math",
       .subject = "Algebra",
       .level = 5},
      {.id = "b", .text = "Why?", .answer = "", .solutions = {}, .dataset = "", .subject = "", .level = std::nullopt}};
  std::vector<Problem> read;
  for (const Problem& problem : problems) {
    read.push_back(problem_from_json(to_json_line(problem), {"problems.jsonl"}));
    CHECK(to_json_line(read.back()) == to_json_line(problem));
  }
  CHECK(read[0].solutions[1].text == "\\boxed{3}");
  CHECK(read[0].level == 5);
  CHECK_FALSE(read[1].level);
}
