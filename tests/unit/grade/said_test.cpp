// Answers said in words rather than written in signs: calculations, times, remarks around a number, characters that
// count, and the sentences that texts end with.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <utility>
#include <vector>

#include "framework/grade/grade.h"
#include "framework/grade/remarks.h"
#include "framework/grade/spoken.h"
#include "framework/grade/wide_numerals.h"
#include "tests/support/answer_tables.h"

using ft::Verdict;
using ft::grade::equal;
using ft::testing::check_pairs;
using ft::testing::check_texts;

TEST_CASE("calculations in words have the value of those in signs") {
  check_pairs(
      {
          {"125", "5 to the power of 3"},
          {"16", "two to the fourth power"},
          {"10^7", "10 to the 7th"},
          {"2^{n}", "2 to the nth power"},
          {"\\sqrt{11}", "the square root of 11"},
          {"\\sqrt[3]{9}", "cube root of 9"},
          {"6\\sqrt{2}", "6 times the square root of 2"},
          {"35", "5 times 7"},
          {"7/9", "7 out of 9"},
          {"1/20", "1 in 20"},
          {"x+4", "4 more than x"},
          {"x-4", "4 less than x"},
          {"2x+1", "2x plus 1"},
          {"21", "7 choose 2"},
          {"720", "six factorial"},
          {"x^{2}", "x squared"},
          {"10", "20% of 50"},
          {"6", "half of 12"},
          {"1400000", "1 million 400 thousand"},
          {"6", "half a dozen"},
          {"70", "7 tens"},
      },
      true);
  check_pairs(
      {
          {"5", "5 to the power of 3"},
          {"11", "the square root of 11"},
          {"6", "6 times the square root of 2"},
          {"7", "7 out of 9"},
          {"1", "1 in 20"},
          {"4", "4 more than x"},
          {"4", "4 less than x"},
          {"7", "7 choose 2"},
          {"7", "7 tens"},
          {"1", "1 million 400 thousand"},
          {"2", "2\\mathbf{v}"},
          {"3", "3\\text{x}"},
      },
      false);
}

TEST_CASE("spoken calculations of any numbers") {
  const auto spoken = [](const std::string& text) { return ft::grade::spoken_mathematics(text).value_or(""); };
  rc::check("words and signs agree, and neighbours do not", [&] {
    const auto a = *rc::gen::inRange(2, 40);
    const auto b = *rc::gen::inRange(2, 40);
    const auto c = *rc::gen::inRange(2, 6);
    const std::string x = std::to_string(a);
    const std::string y = std::to_string(b);
    const std::string z = std::to_string(c);
    const std::vector<std::pair<std::string, long long>> cases{
        {x + " plus " + y, a + b},
        {x + " minus " + y, a - b},
        {x + " times " + y, a * b},
        {x + " multiplied by " + y + " plus " + z, a * b + c},
        {x + " plus " + y + " times " + z, a + b * c},
        {std::to_string(a * b) + " divided by " + y, a},
        {x + " squared", a * a},
        {x + " squared plus " + y + " squared", a * a + b * b},
        {"the square root of " + std::to_string(a * a), a},
        {"twice " + x, 2 * a},
    };
    for (const auto& [text, value] : cases) {
      RC_ASSERT(!spoken(text).empty());
      RC_ASSERT(equal(std::to_string(value), text).verdict == Verdict::equal);
      RC_ASSERT(equal(std::to_string(value + 1), text).verdict != Verdict::equal);
    }
  });
}

TEST_CASE("words that do not calculate are no calculation") {
  for (const char* text : {"5 apples", "twenty-one", "3 to 4", "7 under par", "10 times as many", "x", "5 or more",
                           "just under 50", "5 plus", "the square root", "out of 5", "2 to", "a"})
    CHECK_MESSAGE(!ft::grade::spoken_mathematics(text), text);
}

TEST_CASE("numbers in Chinese characters") {
  using ft::grade::wide_number;
  CHECK(wide_number("十二") == "12");
  CHECK(wide_number("二十") == "20");
  CHECK(wide_number("三百零五") == "305");
  CHECK(wide_number("一千二百") == "1200");
  CHECK(wide_number("四万三千") == "43000");
  CHECK(wide_number("二〇二六") == "2026");
  CHECK(wide_number("五分之二") == "2/5");
  CHECK(wide_number("负七") == "-7");
  CHECK(wide_number("三点一四") == "3.14");
  for (const char* text : {"十二个", "万", "分之二", "三点", "亿亿", "二三十", ""})
    CHECK_MESSAGE(!wide_number(text), text);
}

TEST_CASE("remarks around a number, and what is none") {
  using ft::grade::without_remarks;
  check_pairs({{"8", "approximately 8"},
               {"8.25", "approx. 8.25"},
               {"8", "8 (exact)"},
               {"8", "8 (units)"},
               {"8 cm", "8 (cm)"},
               {"8", "it is 8"},
               {"8", "y is 8"},
               {"8", "8 is the answer"},
               {"-8", "exactly -8"}},
              true);
  check_pairs({{"8", "just under 8"},
               {"8", "about 8 or 9"},
               {"8", "8 (mod x)"},
               {"8", "only 8 squared"},
               {"8 m", "8 (cm)"},
               {"8", "y is 80"}},
              false);
  CHECK(!without_remarks("8 apples"));
  CHECK(!without_remarks("about"));
}

TEST_CASE("times of day in words") {
  check_pairs({{"4:00", "4 o'clock"},
               {"4:15", "quarter past four"},
               {"4:30", "half past 4"},
               {"3:45", "a quarter to four"},
               {"4:10", "ten minutes past four"},
               {"12:50", "10 minutes to 1"},
               {"4:00 PM", "4 p.m."},
               {"4:00 p.m.", "16:00"}},
              true);
  check_pairs({{"4:15", "quarter to four"}, {"4:30", "half past 5"}, {"4:00 PM", "4 a.m."}, {"3/5", "3 to 5 o'clock"}},
              false);
}

TEST_CASE("units of more systems, and money of more countries") {
  check_pairs({{"40.5^\\circ", "40^\\circ 30'"},
               {"2 \\text{ micrometers}", "2 \xCE\xBCm"},
               {"3 \\text{ m/s}", "3\\,\\frac{\\text{m}}{\\text{s}}"},
               {"3\\times10^8 \\text{ m/s}", "300000 km/s"},
               {"50 J", "50 N\xC2\xB7m"},
               {"6 kWh", "6 kilowatt-hours"},
               {"7 \xC2\xB0\x43", "7 degrees C"},
               {"30 mph", "30 miles an hour"},
               {"2 terawatts", "2000 gigawatts"},
               {"250", "250 N"},
               {"12 yuan", "12\xE5\x85\x83"},
               {"9 US dollars", "$9"},
               {"16 square units", "16 \\text{ units}^2"},
               {"16 square units", "16 \\text{ cm}^2"},
               {"$6 per hour", "6 dollars an hour"},
               {"$6 per hour", "$6/hr"},
               {"$6", "$6 per hour"},
               {"\xE2\x82\xAC\x33.50", "3,50 \xE2\x82\xAC"},
               {"70 minutes", "one hour and ten minutes"},
               {"30000", "3 myriad"}},
              true);
  check_pairs({{"9 Canadian dollars", "$9"},
               {"9 Australian dollars", "9 US dollars"},
               {"16 cubic units", "16 square units"},
               {"16 cubic units", "16 \\text{ cm}^2"},
               {"2 milligrams", "2 micrograms"},
               {"$6 per hour", "$6 per day"},
               {"3", "3 myriad"}},
              false);
}

TEST_CASE("structures: joined choices, renamed parameters, cases, lists that are none") {
  check_pairs({{"A, C, D", "ACD"},
               {"k\\pi, k\\in\\mathbb{Z}", "n\\pi, n\\in\\mathbb{Z}"},
               {"a_n=2n-1", "a_n=2n-1, n\\ge 1"},
               {"\\emptyset", "no solution"},
               {"0.\\overline{6}", "0.666\\ldots"},
               {"0.\\overline{36}", "0.3636..."},
               {"\\begin{cases}2,&x\\ge1\\\\5,&x<1\\end{cases}",
                "\\begin{cases}2&\\text{if }x\\ge1\\\\5&\\text{otherwise}\\end{cases}"},
               {"\\binom{n}{3}", "n \\choose 3"},
               {"\\mathbb{Z}^+", "\\mathbb{Z}_{>0}"},
               {"\\vec{AB}", "\\overrightarrow{AB}"},
               {"|z|=4", "4"},
               {"7/2", "3 and 1/2"},
               {"a_n=5n", "a_n=5n\\text{ for }n\\ge1"},
               {"5n", "5n,\\ n\\in\\mathbb{N}"},
               {"A, B", "(A) and (B)"},
               {"8:20 a.m.", "8.20 am"},
               {"10", "5C2"},
               {"6", "2\\*3"},
               {"9", "9 (since x > 0)"},
               {"9", "\\text{about } 9"},
               {"9", "\\begin{array}{c}9\\end{array}"},
               {"\\sin(x)", "\\text{sin}(x)"},
               {"\\mathbb{Z}^+", "\\{n\\in\\mathbb{Z}: n>0\\}"},
               {"\\lnot p", "\xC2\xACp"},
               {"\\emptyset", "\xC3\x98"},
               {"yes", "\xE2\x80\x98yes\xE2\x80\x99"}},
              true);
  check_pairs({{"1,000", "1, 0"},
               {"12,034", "34, 12"},
               {"A, C, D", "AC"},
               {"CA", "AC"},
               {"e", "2.718281828..."},
               {"|x|=4", "4"},
               {"\\begin{cases}2,&x\\ge1\\\\5,&x<1\\end{cases}",
                "\\begin{cases}2&\\text{if }x>1\\\\5&\\text{otherwise}\\end{cases}"}},
              false);
}

TEST_CASE("the last sentence of a text") {
  check_texts({{"18", "In 3 hours she paints 18 doors."},
               {"90", "At 45 mph for 2 hours the bus covers 90 miles."},
               {"64", "After the next week the 32 double to 64."},
               {"7", "The box weighed 9 kg and lost 2 kg, remaining 7 kg."},
               {"12", "Twelve bags use all 60 apples."},
               {"4", "So he waits 4 hours. This is fine since the shop has 10 hours left."},
               {"8 a.m.", "They must leave at 8 a.m., which is 2 hours before 10 a.m."},
               {"0", "There are no coins left."},
               {"0", "He has nothing left."},
               {"160", "He sold 8 lamps at 20 dollars each, earning 160 dollars."},
               {"450", "In 1998 the shop made a profit of $450 in 2003."},
               {"5", "So it takes 5 pens to equal $1."},
               {"6", "He needs 6 in total: 4 red and 2 green."},
               {"C", "It is the third.\n\n| Answer | C |"},
               {"(3)(x-1)", "So:\n\n| **Total** | **(3) (x-1)** |"},
               {"70", "- Ann: 30\n- Ben: 40\n\nTotal: 70"},
               {"70", "The answer isn't 60, it's 70."},
               {"70", "<b>Answer:</b> <b>70</b>"},
               {"70", "I got 70."},
               {"2000", "So the work is 2 \xC3\x97 10^3 J."},
               {"A, D", "The correct options are A and D."},
               {"70", "The answer is \xE2\x86\x92 70"},
               {"70", "The answer is 70, i.e. seventy."},
               {"70", "70\n\nUser: thanks"},
               {"70", "Answer: C. 70"},
               {"70", "La r\xC3\xA9ponse est donc 70."},
               {"70", "Het antwoord is dus 70."},
               {"A, E", "The correct statements are A and E."},
               {"22", "He has 22 pens, 4 more than Ann's 18."},
               {"22", "Ben has 22 pens, which is 4 more than Ann."},
               {"24", "He has two dozen pens left."},
               {"12", "She has a dozen pens left."},
               {"0", "None of the pens are left."},
               {"1", "Only one pen is left."},
               {"22", "Hence b = 22. QED"},
               {"22", "Hence b = 22. $\\blacksquare$"}},
              true);
  check_texts({{"9", "Suppose the answer is 9."},
               {"9", "We are asked to find y when x = 9."},
               {"9", "If the answer is 9, we are done."},
               {"3", "In 3 hours she paints 18 doors."},
               {"60", "Twelve bags use all 60 apples."},
               {"18", "He has 22 pens, 4 more than Ann's 18."},
               {"1", "Only one of them is left."}},
              false);
}

TEST_CASE("marks and sentences of other languages: limits, scales, alternatives, denials") {
  check_texts(
      {
          {"36", "\u6240\u4EE5\u4E00\u5171\u670936\u4E2A\u82F9\u679C\u3002"},
          {"36", "\u7B54\u6848\u662F 36\u3002"},
          {"36", "\u7B54\u3048\u306F36\u3067\u3059\u3002"},
          {"36", "\uC815\uB2F5\uC740 36\uC785\uB2C8\uB2E4."},
          {"2.5", "La r\u00E9ponse est 2,5."},
          {"B", "La bonne r\u00E9ponse est la B."},
          {"360000", "\u7B54\u6848\u662F36\u4E07\u3002"},
      },
      true);
  check_texts(
      {
          {"36", "\u7B54\u6848\u662F36\u4E07\u3002"},                                // 36万
          {"36", "\u7B54\u6848\u4E0D\u662F36\u3002"},                                // 不是36
          {"36", "\u7B54\u6848\u662F36\u621637\u3002"},                              // 36或37
          {"36", "\u7B54\u3048\u306F36\u4EE5\u4E0A\u3067\u3059\u3002"},              // 36以上です
          {"36", "\u7B54\u3048\u306F36\u3067\u306F\u306A\u3044\u3002"},              // 36ではない
          {"36", "\uC815\uB2F5\uC740 36\uAC00 \uC544\uB2D9\uB2C8\uB2E4."},           // 36가 아닙니다
          {"36", "\u5047\u8BBEx=36\u3002"},                                          // 假设x=36
          {"36", "\u5982\u679C\u7B54\u6848\u662F36\uFF0C\u5219\u77DB\u76FE\u3002"},  // 如果答案是36，则矛盾
          {"36", "\u041E\u0442\u0432\u0435\u0442: 36 \u0438\u043B\u0438 37."},       // 36 или 37
          {"36", "Cevap: 36 veya 37."},
          {"36", "Cevap 36 de\u011Fil."},
          {"36", "Jawabannya bukan 36."},
          {"36", "Die Antwort ist 36 hoch 2."},
          {"36", "Die Antwort ist nicht 36."},
          {"36", "La respuesta no es 36."},
      },
      false);
}

TEST_CASE("what a sentence calculates with, gives as an example, or says of several is no answer") {
  check_texts(
      {
          {"18", "Half of 18."},
          {"18", "Twice 18."},
          {"18", "A third of 18 students"},
          {"3/5", "The probability is 3/5 of 10."},
          {"18", "The answer is 18 to the power of 2."},
          {"18", "The result is 18th root of 5."},
          {"18", "For example, 18."},
          {"18", "There are infinitely many solutions, e.g. 18."},
          {"18", "One of the roots is 18."},
          {"18", "Ann has 18 and Bob has 25."},
          {"5", "The value of x is 12, and that of y is 5."},
          {"18", "The answer is 18 for Ann and 25 for Bob."},
          {"18", "Maybe the answer is 18?"},
          {"18", "Let us check whether 18 works. It does not."},
          {"18", "The value x = 18 must be excluded."},
          {"18", "Any number but 18"},
          {"18", "(18) follows from (17)."},
          {"12", "We cannot determine the answer; there were 12 apples."},
          {"12", "So triangle 12 is similar."},
          {"12", "The answer is a dozen and a half."},
          {"B", "Point B lies on the circle."},
          {"B", "Let B be the event that it rains."},
          {"B", "Either A or B."},
          {"C", "C can be ruled out."},
          {"C", "All except C."},
          {"1,4", "The solution set is {-1, 4}."},
          {"Thursday", "It is the day after Thursday."},
      },
      false);
  check_texts(
      {
          {"9", "Half of 18 is 9."},
          {"30", "So 60% of 50 is 30."},
          {"-1,4", "The solution set is {-1, 4}."},
          {"-1,4", "x_1 = -1, x_2 = 4"},
          {"4", "Since x must be positive, we reject x = -1 and take x = 4."},
          {"3/5", "The probability equals 3/5, or 60%."},
          {"12", "So the 3 friends have 12 apples in total."},
          {"y=2x+3", "Hence the line has equation $y = 2x + 3$."},
          {"Thursday", "So it will be a Thursday."},
          {"no", "So, the answer is no, it is not possible."},
          {"C", "C. 12"},
      },
      true);
}

TEST_CASE("formulas of logic, and angles by their letters") {
  check_pairs({{"p\\lor q", "p \\lor q"}, {"\\angle ABC", "\\angle CBA"}, {"\\triangle ABC", "\\triangle BCA"}}, true);
  check_pairs({{"p\\land q", "p\\lor q"},
               {"\\angle ABC", "\\angle ACB"},
               {"\\triangle ABC", "\\triangle ABD"},
               {"18", "18 +/- 2"},
               {"12", "12\uAC00 \uC544\uB2D9\uB2C8\uB2E4"}},
              false);
  check_pairs({{"16, 20", "18 +/- 2"}, {"64", "64 rpm"}}, true);
}

TEST_CASE("what would have been, was thought, or is taken back is no answer") {
  check_texts(
      {
          {"38", "The answer would have been 38."},
          {"38", "You might think that the answer is 38, but it's 40."},
          {"38", "The answer was 38 before, now it is 40."},
          {"38", "One would expect 38."},
          {"38", "Someone claimed 38."},
          {"38", "The answer is 38's double."},
          {"38", "The answer is the 38th prime."},
          {"1/3", "The answer is 1/3 of the total, which is 4."},
          {"45", "Since 45 is odd, we have a problem."},
          {"45", "Given: 45"},
          {"45", "The number is divisible by 45."},
          {"45", "Just under 45."},
          {"45", "45 and above"},
          {"45", "The angle measures 45 degrees more than x."},
          {"45", "Leo has 45 cards more than Mia, who has 20, for a sum of 85."},
          {"45", "Room 45"},
          {"A", "not (A)"},
          {"A", "(A) is false"},
          {"A", "anything but A"},
          {"B", "\u6545\u4E0D\u9009B"},                                // 故不选B
          {"5", "x\u7684\u53D6\u503C\u8303\u56F4\u662Fx<5"},           // x的取值范围是x<5
          {"5", "\u7B54\uFF1A\u5C0F\u660E\u67095\u4E07\u5143\u3002"},  // 答：小明有5万元
          {"24", "\u7B54\u6848\u662F\u5927\u4E8E24\u3002"},            // 答案是大于24
          {"5", "Rezultat: 5 sau 6"},
          {"5", "K\u1EBFt qu\u1EA3: 5 tri\u1EC7u"},
          {"5", "\u0412\u0456\u0434\u043F\u043E\u0432\u0456\u0434\u044C: 5 \u0430\u0431\u043E 6"},
      },
      false);
  check_texts(
      {
          {"5", "\u7B54\uFF1A\u5C0F\u660E\u67095\u4E2A\u82F9\u679C\u3002"},  // 答：小明有5个苹果
          {"4", "The answer is 1/3 of the total, which is 4."},
          {"\\sqrt{5}", "The distance is $\\sqrt{5}\\approx 2.236$."},
          {"45", "He gave away 15 cards and has 45 left."},
          {"90", "Since 45 is odd, the sum is 90."},
          {"3/4", "The answer is 3/4 of a cup."},
          {"A", "Therefore the correct option is (A), 21."},
          {"12", "Hence the minimum value is 12, attained at x = 2."},
      },
      true);
  check_pairs({{"A)21", "21"}, {"A)21", "A"}, {"C_{5}^{2}", "10"}, {"A_5^2", "20"}}, true);
  check_pairs({{"A)21", "B"}, {"C_{5}^{2}", "A_{5}^{2}"}, {"A", "(A) is false"}}, false);
}
