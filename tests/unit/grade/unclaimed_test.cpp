// What texts say without claiming it, and claims that they take back: numbers of those are not the answer, and what
// stands instead is.
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
