// What texts say without claiming it, and claims that they take back: numbers of those are not the answer, and what
// stands instead is. Options and words that they state.
#include <doctest/doctest.h>

#include "tests/support/answer_tables.h"

using ft::testing::check_pairs;
using ft::testing::check_texts;

TEST_CASE("what is denied, struck out or taken back is not the answer, and what stands instead is") {
  check_texts(
      {
          {"41", "Deshalb hat sie nicht 35, sondern 41 Punkte."},
          {"41", "Die Antwort ist nicht 35, sondern 41."},
          {"41", "La respuesta no es 35, sino 41."},
          {"41", "La r\u00E9ponse n'est pas 35 mais 41."},
          {"41", "La risposta non \u00E8 35 ma 41."},
          {"41", "A resposta n\u00E3o \u00E9 35, mas 41."},
          {"41", "\u7B54\u6848\u4E0D\u662F35\uFF0C\u800C\u662F41\u3002"},              // 答案不是35，而是41。
          {"41", "\u7B54\u3048\u306F35\u3067\u306F\u306A\u304F41\u3067\u3059\u3002"},  // 答えは35ではなく41です。
          {"41", "\u041E\u0442\u0432\u0435\u0442 \u043D\u0435 35, \u0430 41."},        // Ответ не 35, а 41.
          {"41", "I said 35, but it's actually 41."},
          {"41", "~~35~~ 41"},
          {"41", "Total: <del>35</del> 41"},
          {"41", "Answer: ~~35~~ **41**"},
          {"41", "The answer is 35... no wait, 41."},
          {"41", "The answer is 35 apples, oops, I mean 41."},
          {"41", "The answer is 35. Actually, it's 41."},
          {"41", "The answer is 35. Hmm, that's not right. We get 41."},
          {"35", "The answer is 35. No other value works."},
          {"35", "The answer is 35. Actually, this is the largest such number."},
          {"35", "The least upper bound is 35."},
          {"35", "She gave 5 wrong answers and 35 right ones, so she has 35 points."},
      },
      true);
  check_texts(
      {
          {"35", "Deshalb hat sie nicht 35, sondern 41 Punkte."},
          {"35", "\u7B54\u3048\u306F35\u3067\u306F\u306A\u304F41\u3067\u3059\u3002"},
          {"35", "~~35~~ 41"},
          {"35", "The answer is 35... no wait, 41."},
          {"35", "The answer is 35, oops, I mean 41."},
          {"35", "The answer is 35, which is wrong."},
          {"35", "The answer is 35. Hmm, that's not right."},
          {"35", "The answer is 35? Let me check: no."},
          {"35", "An upper bound is 35."},
          {"35", "So n is bounded above by 35."},
          {"35", "The answer must lie below 35."},
          {"35", "The answer is somewhere around 35."},
          {"35", "The answer has 35 digits."},
          {"35", "35 is the wrong answer."},
          {"35", "It looks like 35, but it isn't."},
      },
      false);
}

TEST_CASE("options, words and results behind a subject that counts are found in sentences") {
  check_texts(
      {
          {"C", "I choose C because B is too small."},
          {"C", "A, B, and D are wrong, so it must be C."},
          {"C", "We can eliminate A, B, D, leaving C."},
          {"A, C", "Both A and C are correct."},
          {"C", "Option C: 24"},
          {"24", "Option C: 24"},
          {"C", "(c)"},
          {"C", "c) 24 apples"},
          {"C", "Ans: (c) 24 cm"},
          {"B", "My answer is B!"},
          {"no solution", "Thus the equation has no solutions."},
          {"no real solutions", "So there are no real solutions."},
          {"yes", "So yes, the triangle is right-angled."},
          {"no", "No, because 9 is not prime."},
          {"even", "So the function is even."},
          {"false", "The statement is false."},
          {"infinitely many", "There are infinitely many solutions."},
          {"12", "Her 3 brothers ate 12 cookies."},
          {"56", "The remaining 4 students scored 56 points."},
          {"120", "Selling 40 cakes brings in 120 dollars."},
          {"14", "Together the 5 friends picked 14 apples."},
          {"0", "After 3 days, there are none left."},
          {"84", "The answer is:\n- 84"},
          {"84, 90", "The answers are:\n- 84\n- 90"},
      },
      true);
  check_texts(
      {
          {"D", "We can eliminate A, B, D, leaving C."},
          {"B", "I choose C because B is too small."},
          {"A", "A, B, and D are wrong, so it must be C."},
          {"A, C", "A and C are not correct."},
          {"yes", "No, it is not possible."},
          {"even", "The function is not even."},
          {"even", "The number may be even."},
          {"true", "If the statement is true."},
          {"3", "Her 3 brothers ate 12 cookies."},
          {"84", "The answers are:\n- 84\n- 90"},
          {"70", "The answer is 70 if x = 2, and 80 otherwise."},
          {"70", "The answer is 70 only when x = 2."},
          {"70", "It is 70 if n is even and 80 otherwise."},
          {"70", "The answer is 70 when x = 1 and 80 when x = 2."},
      },
      false);
  check_pairs({{"C", "(c)"}, {"C", "option c"}, {"b", "(b)"}, {"24", "c) 24"}}, true);
  check_pairs({{"C", "c"}, {"C", "(c) + 2"}, {"D", "(c)"}}, false);
}
