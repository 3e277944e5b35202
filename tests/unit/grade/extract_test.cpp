#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "framework/grade/grade.h"

using ft::grade::extract;

namespace {

struct Case {
  std::string text;
  std::string answer;  // empty: none
};

void check_all(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const auto extracted = extract(one.text);
    CHECK_MESSAGE(extracted.found == !one.answer.empty(), one.text, " -> ", extracted.answer, " by ", extracted.how);
    CHECK_MESSAGE(extracted.answer == one.answer, one.text, " by ", extracted.how);
    CHECK(!extracted.how.empty());
  }
}

}  // namespace

TEST_CASE("several boxes: joined ones are one answer") {
  check_all({
      {"\\boxed{1} but then \\boxed{2} and \\boxed{3}", "2, 3"},
      {"$y_1 = \\boxed{x+1}$ and $y_2 = \\boxed{x-1}$", "x+1, y_2 = x-1"},
      {"$g(x)=\\boxed{2x+1}$ or $g(x)=\\boxed{-2x-1}$.", "2x+1, g(x) = -2x-1"},
      {"this yields $\\boxed{-b+2}$, or $\\boxed{2 - b}$", "2 - b"},  // the same value twice
      {"$\\boxed{28}$ or $\\boxed{28}$", "28"},
      {"$\\boxed{12}$ of the $\\boxed{18}$ work", "18"},
      {"\\boxed{\\frac{1}{2}} so \\boxed{unclosed", "\\frac{1}{2}"},
      {"\\boxed{}", ""},
  });
}

TEST_CASE("a conclusion without any mark") {
  check_all({
      {"We add: 5 + 7 = 12. Therefore, she has 12 apples.", "12"},
      {"Half of 8 is 4.\nSo there are 4 pairs in 3 boxes.", "4"},
      {"It must hold that $3x < 9$. Thus $x < 3$.", "x < 3"},
      {"Thus $x <= 2$ is what we get.", "x <= 2"},
      {"We look at triangle $ABC$. The area of $ABC$ is 120.", "120"},
      {"So Tom pays $7.50 for it.", "\\$7.50"},
      {"He has $10 and she has $5. In total they have $15.", "\\$15"},
      {"The error increases by 100%.", "100\\%"},
      {"The probability that she wins is 2/3. <|im_start|>user", "2/3"},
      {"Compute.\n\\[\n x = \\frac{1}{2}\n\\]", "x = \\frac{1}{2}"},
      {"So the total is **36 pens**.", "36"},
      {"It's not A because that is odd, so I think it's B.", "B"},
      {"Because B is valid", "B"},
      {"C. The others are too small", "C"},
      {"The temperature is -5 degrees.", "-5"},
      {"On the 3rd day there were 17 of them.", "17"},
      {"Let x be the number of", ""},              // cut off
      {"First we add 3 and 4. Then we mult", ""},  // cut off in the middle of a sentence
      {"No valid answer here", ""},
      {"I do not know.", ""},
      {"", ""},
  });
}

TEST_CASE("marks win over conclusions, and what they announce may be a sentence") {
  check_all({
      {"The answer is 5. I checked it 3 times.", "5"},
      {"Final Answer: The volume of $ABCDEFGH$ is 120. I hope it is correct.", "120"},
      {"the answer is\nC Cecile", "C"},
      {"(D) Alina", "D"},
      {"#### 42\nThat was 7 steps.", "42"},
      {"# Answer\n\n\\text{Monday}", "\\text{Monday}"},
  });
}
