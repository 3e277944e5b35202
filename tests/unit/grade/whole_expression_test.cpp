// Nothing is cut out of a larger expression: every kind of expression in every kind of sentence comes out whole.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "framework/grade/grade.h"

using ft::Verdict;
using ft::grade::equal;
using ft::grade::extract;

namespace {

std::string with(std::string sentence, const std::string& answer) {
  sentence.replace(sentence.find('@'), 1, answer);
  return sentence;
}

void comes_out_whole(const std::vector<std::string>& sentences, const std::vector<std::string>& answers) {
  for (const std::string& sentence : sentences) {
    for (const std::string& answer : answers) {
      const std::string text = with(sentence, answer);
      const auto extracted = extract(text);
      const auto judgement = equal(answer, extracted.answer);
      CHECK_MESSAGE(judgement.verdict == Verdict::equal, text, " -> ", extracted.answer, ": ", judgement.reason);
    }
  }
}

const std::vector<std::string> kMarked{"We add 3.\n\n# Answer\n\n@",
                                       "We add 3.\n#### @",
                                       "We add 3.\nAnswer: @",
                                       "So the answer is @.",
                                       "The final answer is @ because 3 is odd.",
                                       "<answer>@</answer>",
                                       "Thus the final answer is $@$. I hope it is correct.",
                                       "We add 3. Therefore, $x$ is equal to $@$."};

}  // namespace

TEST_CASE("arguments without braces belong to their command") {
  std::vector<std::string> answers;
  for (const std::string sign : {"", "-"}) {
    for (const std::string command : {"\\frac", "\\dfrac", "\\tfrac"}) {
      for (const std::string arguments : {"{15}4", "{15}{4}", "12", "1{40}", " 1{40}", "{17}{ 5}", "\\pi4", "{2\\pi}3"})
        answers.push_back(sign + command + arguments);
    }
    answers.push_back(sign + "\\binom{7}3");
    answers.push_back(sign + "\\sqrt2");
  }
  comes_out_whole(kMarked, answers);
}

TEST_CASE("functions keep their powers, bases and arguments") {
  std::vector<std::string> answers;
  for (const std::string function : {"\\sin", "\\cos", "\\tan", "\\sin^2", "\\cos^{3}", "\\sec", "\\ln"}) {
    for (const std::string argument : {" y", " 2x", "\\theta", "(x+1)", " \\frac{\\pi}{5}"}) {
      answers.push_back(function + argument);
      answers.push_back("2 " + function + argument);
    }
  }
  for (const std::string answer : {"\\log_2 7", "\\log_{10} x", "2 \\sin 5x \\cos x", "3 \\theta"})
    answers.push_back(answer);
  comes_out_whole(kMarked, answers);
}

TEST_CASE("lists come out whole with blanks, thin spaces and words of LaTeX between their members") {
  std::vector<std::string> answers;
  for (const std::string joint : {",", ", ", ",\\,", ", \\; ", "\\text{ and }", " \\text{ or } ", ", \\text{ and } "}) {
    for (const std::string first : {"8", "-1", "\\frac{1}2", "\\sqrt{3}", "2+2i"}) {
      for (const std::string second : {"1", "-8", "16", "-\\sqrt{3}", "2-2i"})
        answers.push_back(first + joint + second);
    }
  }
  for (const std::string answer : {"0,1,2,3,4", "8,1,-1,-8", "1,i,-i", "(-4,27);(2,15)"}) answers.push_back(answer);
  comes_out_whole(kMarked, answers);
}

TEST_CASE("times of day, ratios, polynomials and equations come out whole") {
  comes_out_whole(kMarked, {"4\\!:\\!51", "4\\!:\\!51\\!:\\!06 \\text{ p.m.}", "05:30", "1 : 2", "3:4:5"});
  comes_out_whole(kMarked, {"-12x -3", "-3x^2 +9x -11", "2xy + 10x + 20y + 100", "-4k^5", "2x - y + 3z + 8 = 0",
                            "49x^2 - 42xy + 9y^2 + 603 = 0", "y = -\\frac{5}{2} x - \\frac{29}{4}", "p - q",
                            "\\frac{1}{4} - \\frac{3}{7} i"});
}

TEST_CASE("words, clauses and other values behind an answer are still no part of it") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"The answer is 84, 12 of which are red.", "84"},
      {"The answer is 84 - that is, 12 more than Tom has.", "84"},
      {"The answer is 5 (2 more than 3).", "5"},
      {"Answer: 7, so we are done", "7"},
      {"The answer is $7$ \\quad \\blacksquare", "7"},
      {"The answer is 5. I checked it 3 times.", "5"},
      {"Day 1: 20 apples. Day 2: 22 apples.\nAnswer: 42", "42"},
      {"We get 2x + 3 = 9. So x = 3.", "3"},
      {"The field is 20 m long. Its area is 400 m^2.", "400"},
      {"The answer is 3 x 4 cm", "3 x 4 cm"},
      {"The answer is 10+John's age", "10+John's age"},
      {"so the area is 1,000.99m^{2}", "1000.99"},
      {"So the area is 25m^2.", "25"},
  };
  for (const auto& [text, answer] : cases) {
    const auto extracted = extract(text);
    CHECK_MESSAGE(equal(answer, extracted.answer).verdict == Verdict::equal, text, " -> ", extracted.answer);
  }
}

TEST_CASE("absolute values in an inequality do not end the text, the marks of a chat do") {
  for (const std::string inequality : {"|n|<|n-3|<9", "0<|y+2|<5", "0<|a_{n+3} - a_{n+1}|", "|x|<|y|", "3<|x|"})
    CHECK(extract("From $" + inequality + "$ we get $\\boxed{90}$.").answer == "90");
  for (const std::string mark : {"<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|im_start|>user\n"})
    CHECK(extract("We get \\boxed{90}." + mark + "Next: \\boxed{7}").answer == "90");
  CHECK(extract("We get \\boxed{90}.<|im_e").answer == "90");
}

TEST_CASE("a remark about final answers is no answer") {
  CHECK(
      extract("It gives $\\boxed{80}$.\n\nRounding before arriving at the final answer is a common mistake.").answer ==
      "80");
  CHECK(extract("It gives $\\boxed{80}$. The final answer is Monday.").answer == "Monday");
  CHECK(extract("The sum is $355\\boxed{680}$.").answer == "355680");
}

TEST_CASE("operands in operands without end neither crash nor hang") {
  for (const std::string operand : {"\\sin ", "\\sqrt ", "\\frac", "\\sin^2", "-\\ln ", "1,", "1:", "<|a ", "2xy + "}) {
    std::string text = "The answer is ";
    for (int i = 0; i < 50'000; ++i) text += operand;
    CHECK(equal("5", extract(text).answer).verdict != Verdict::equal);
  }
}
