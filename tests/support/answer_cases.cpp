#include "tests/support/answer_cases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace ft {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_whole(const std::string& answer) {
  const std::size_t first = answer.starts_with('-') ? 1 : 0;
  return answer.size() > first && answer.size() < 13 && answer[first] != '0' &&
         std::all_of(answer.begin() + static_cast<std::ptrdiff_t>(first), answer.end(), is_digit);
}

std::string encoded(char32_t code) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  if (code < 0x800) return {byte(0xC0 | code >> 6U), byte(0x80 | (code & 0x3FU))};
  if (code < 0x10000) return {byte(0xE0 | code >> 12U), byte(0x80 | (code >> 6U & 0x3FU)), byte(0x80 | (code & 0x3FU))};
  return {byte(0xF0 | code >> 18U), byte(0x80 | (code >> 12U & 0x3FU)), byte(0x80 | (code >> 6U & 0x3FU)),
          byte(0x80 | (code & 0x3FU))};
}

// "a+b" as "b+a", cut at a plus outside of braces and brackets.
std::optional<std::string> commuted(const std::string& answer) {
  int depth = 0;
  for (std::size_t i = 0; i + 1 < answer.size(); ++i) {
    const char c = answer[i];
    if (c == '(' || c == '{' || c == '[') ++depth;
    if (c == ')' || c == '}' || c == ']') --depth;
    const bool sign = i > 0 && c == '+' && depth == 0 && answer.find('=') == std::string::npos;
    if (sign && answer[0] != '-' && answer.find('-') == std::string::npos)
      return answer.substr(i + 1) + "+" + answer.substr(0, i);
  }
  return std::nullopt;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

}  // namespace

std::vector<std::string> AnswerCases::same(const std::string& answer) {
  std::vector<std::string> cases;
  static constexpr std::pair<const char*, const char*> kDress[] = {{"\\underline{", "}"},
                                                                   {"\\fbox{", "}"},
                                                                   {"\\begin{aligned}", "\\end{aligned}"},
                                                                   {"\\begin{equation*}", "\\end{equation*}"},
                                                                   {"", "\\tag{3}"},
                                                                   {"", "\\qquad"},
                                                                   {"\\hspace{1cm}", ""},
                                                                   {"\\kern 3pt ", ""},
                                                                   {"\\[", "\\]"},
                                                                   {"\\therefore ", ""},
                                                                   {"\\phantom{0}", ""},
                                                                   {"\\bbox[4px]{", "}"},
                                                                   {"\xE2\x81\xA0", ""},
                                                                   {"", "\xC2\xA0"},
                                                                   {"$", "$"},
                                                                   {"\\(", "\\)"},
                                                                   {"\\boxed{", "}"},
                                                                   {"**", "**"},
                                                                   {" ", " "},
                                                                   {"", "."},
                                                                   {"\xE2\x80\x8B", ""},
                                                                   {"\\displaystyle ", ""},
                                                                   {"\\large ", ""},
                                                                   {"\\color{red}", ""},
                                                                   {"\\textcolor{red}{", "}"},
                                                                   {"`", "`"},
                                                                   {"\"", "\""},
                                                                   {"$\\boxed{", "}$"},
                                                                   {"\\left(", "\\right)"},
                                                                   {"{", "}"}};
  const auto& [open, close] = kDress[below(std::size(kDress))];
  cases.push_back(open + answer + close);
  cases.push_back(replaced(answer, "\\frac", below(2) == 0 ? "\\dfrac" : "\\tfrac"));
  cases.push_back(replaced(replaced(answer, "+", " + "), "=", " = "));
  cases.push_back(replaced(answer, "-", "\xE2\x88\x92"));
  // Full-width digits, Arabic ones.
  for (const std::pair<std::string_view, int>& script :
       {std::pair<std::string_view, int>{"\xEF\xBC", 0x90}, {"\xD9", 0xA0}}) {
    std::string text;
    for (const char c : answer) {
      if (std::isdigit(static_cast<unsigned char>(c)) == 0) {
        text.push_back(c);
        continue;
      }
      text += script.first;
      text.push_back(static_cast<char>(script.second + (c - '0')));
    }
    cases.push_back(std::move(text));
  }
  for (const char32_t zero : {U'\u0966', U'\u06F0', char32_t{0x1D7CE}, char32_t{0x1D7F6}}) {
    std::string text;
    for (const char c : answer) {
      if (is_digit(c))
        text += encoded(zero + static_cast<char32_t>(c - '0'));
      else
        text.push_back(c);
    }
    cases.push_back(std::move(text));
  }
  if (is_whole(answer)) {
    const std::size_t first = answer[0] == '-' ? 1 : 0;
    cases.push_back(answer + ".0");
    cases.push_back("00" + answer.substr(first));
    if (first == 1) cases.back().insert(0, 1, '-');
    cases.push_back(first == 1 ? "minus " + answer.substr(1) : "+" + answer);
    cases.push_back("\\frac{" + answer + "}{1}");
    cases.push_back(answer + "\\cdot 10^0");
    if (answer.size() < 7) cases.push_back(answer + "e0");
    std::string grouped = answer;
    for (std::size_t at = grouped.size(); at > first + 3;) grouped.insert(at -= 3, below(2) == 0 ? "," : "\\,");
    if (std::count(grouped.begin(), grouped.end(), ',') < 2 || grouped.find('\\') == std::string::npos)
      cases.push_back(grouped);
  }
  if (const auto sum = commuted(answer)) cases.push_back(*sum);
  // "x^2" with a raised character.
  cases.push_back(replaced(replaced(answer, "^2", "\xC2\xB2"), "^3", "\xC2\xB3"));
  cases.push_back(replaced(replaced(answer, "(", "\\left("), ")", "\\right)"));
  return cases;
}

std::optional<std::string> AnswerCases::changed(const std::string& answer) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < answer.size(); ++i) {
    const char c = answer[i];
    const bool command =
        std::isalpha(static_cast<unsigned char>(c)) != 0 &&
        ((i > 0 && (answer[i - 1] == '\\' || std::isalpha(static_cast<unsigned char>(answer[i - 1])) != 0)) ||
         (i + 1 < answer.size() && std::isalpha(static_cast<unsigned char>(answer[i + 1])) != 0));
    if (!command && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-')) places.push_back(i);
  }
  if (places.empty()) return std::nullopt;
  std::string text = answer;
  char& c = text[places[below(places.size())]];
  if (std::isdigit(static_cast<unsigned char>(c)) != 0)
    c = static_cast<char>('0' + (c - '0' + 1 + static_cast<int>(below(9))) % 10);
  else if (c == '+')
    c = '-';
  else if (c == '-')
    c = '+';
  else
    c = c == 'k' ? 'm' : 'k';
  return text;
}

namespace {

// "@" is the answer.
constexpr auto kEnlarged = std::to_array<const char*>({
    "@ dozen",
    "@ \\text{ dozen}",
    "@ million",
    "@ \\text{ thousand}",
    "@ hundred",
    "@ billion",
    "@ crore",
    "@ Millionen",
    "@ milliards",
    "@ millones",
    "@\xE4\xB8\x87",
    "@ \xE4\xBA\xBF",
    "@ \xD1\x82\xD1\x8B\xD1\x81\xD1\x8F\xD1\x87",
    "@ and a half",
    "@ \\text{ and a half}",
    "@ thirds",
    "@ tenths",
    "@ halves",
    "@ or more",
    "@ \\text{ or more}",
    "@ at most",
    "@ or less",
    "@ to one",
    "@ times as many",
    "@ more than x",
    "@ less than y",
    "@ below zero",
    "@ too few",
    "@ in debt",
    "@ out of 1000003",
    "@ of 1000003",
    "@\\cdot 2",
    "@\\pi",
    "@ \\sqrt{2}",
    "@!!+1",
    "@+1",
    "@-1",
    "2(@)",
    "-(@)",
    "@\\times 10^{3}",
    "@/7",
    "\\frac{@}{3}",
    "(@)i",
    "@ x_9",
    "@ mod 1000003 + 1",
    "\xE2\x88\x92(@)",
    "@ \xE2\x88\x9E",
    "@\xC2\xBD+1",
    "@ \xE5\x80\x8D",
    "@ oder 7000001",
    "@ or 7000001",
    "@, 7000001",
    "(@, 7000001)",
    "[@, 7000001)",
    "x > @",
    "x \\ne @",
    "|@|+1",
    "\\lfloor @ \\rfloor + 1",
    "@ squared plus 1",
    "\\sum_{k=1}^{3} (@)",
    "@ per mille",
    "@ lakh",
    "@ \\ldots",
    "@ ?",
});

constexpr auto kTexts = std::to_array<const char*>({
    "#### @",
    "The answer is @.",
    "The answer is **@**.",
    "**Answer:** @",
    "Answer: **@**",
    "**Final Answer: @**",
    "Final answer: $@$",
    "\\boxed{@}",
    "$\\boxed{@}$.",
    "So the result is $\\boxed{@}$. Done.",
    "The final answer is $@$. I hope it is correct.",
    "Therefore, the answer is $@$.",
    "<answer>@</answer>",
    "### Final Answer\n@",
    "# Answer\n\n@",
    "Answer:\n\n$$@$$",
    "The answer is \\(@\\), as required.",
    "The answer is $@$, which makes sense.",
    "The answer is $@$ because of symmetry.",
    "The answer is $@$.\n\nLet me know if you have questions!",
    "\\boxed{@}\n\nPut your answer in \\boxed{}.",
    "The answer is $@$.<|im_end|>\n<|im_start|>user\nThe answer is 7000001.",
    "#### @\n\nQuestion: and now?\n#### 7000001",
    "\xE7\xAD\x94\xE6\xA1\x88\xE6\x98\xAF$@$\xE3\x80\x82",
    "Die Antwort ist $@$.",
    "La r\xC3\xA9ponse est $@$.",
    "La respuesta es $@$.",
    "Antwort: $@$",
    "Ans. $@$",
    "Result: $@$",
    "Hence, the value equals $@$.",
    "Thus we get $@$.",
    "This simplifies to $@$.",
    "> **Answer:** $@$",
    "| **Total** | **@** |",
    "The correct answer is \\[@\\]",
    "$$\\boxed{@}$$",
    "\\fbox{$@$}",
    "The answer is $@$!",
    "Final Result: $@$",
});

constexpr auto kTextsOfMore = std::to_array<const char*>({
    "The answer is $@$ million.",
    "The answer is $@$ dozen.",
    "The answer is $@$ or more.",
    "The answer is $@$ and a half.",
    "So the area is $@\\pi$.",
    "So the side is $@\\sqrt{2}$.",
    "The answer is $@$ to $7000001$.",
    "The answer is not $@$.",
    "-\\boxed{@}+7000001",
    "\\boxed{@}\\pi",
    "\\boxed{@}/7",
    "\\boxed{@}^{2}+1",
    "\\boxed{@} million",
    "\\boxed{@}\\text{ thousand}",
    "10^{\\boxed{@}}+1",
    "The roots are $@$ and $7000001$.",
    "Therefore $x = @$ or $x = 7000001$.",
    "Hence $x > @$.",
    "Hence the number is greater than $@$.",
    "So it is between $@$ and $7000001$.",
    "It is not true that $x = @$.",
    "We cannot conclude that x is $@$.",
    "Suppose that $n = @$.",
    "Let $x = @$.",
    "What is it if $n = @$?",
    "This contradicts $x = @$.",
    "We reject $x = @$.",
    "The answer cannot be $@$.",
    "So $x \\ne @$.",
    "Thus $x$ is different from $@$.",
    "The ratio is $@$ to $7000001$.",
    "So the point is $(@, 7000001)$.",
    "We find \\boxed{@",
    "So $x = @ +",
    "Determine whether $@$ is a solution.",
    "There are no solutions for $n = @$.",
    "Therefore, the number is at least $@$ but less than $7000001$.",
    "\\frac{1}{\\boxed{@}}+1",
    "The answer is $@$ thirds.",
    "Thus the sum is $@ + 1$.",
    "Thus the sum is $@$ + 1.",
});

}  // namespace

// `count` of the frames, drawn anew for each answer: over many answers every frame meets every kind.
template <typename Frames>
std::vector<std::string> AnswerCases::some_of(const Frames& frames, const std::string& answer, std::size_t count) {
  std::vector<std::string> cases;
  for (std::size_t i = 0; i < count; ++i) cases.push_back(replaced(frames[below(std::size(frames))], "@", answer));
  return cases;
}

std::vector<std::string> AnswerCases::enlarged(const std::string& answer) { return some_of(kEnlarged, answer, 6); }
std::vector<std::string> AnswerCases::texts(const std::string& answer) { return some_of(kTexts, answer, 4); }
std::vector<std::string> AnswerCases::texts_of_more(const std::string& answer) {
  return some_of(kTextsOfMore, answer, 4);
}

}  // namespace ft
