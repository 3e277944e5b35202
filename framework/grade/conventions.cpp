#include "framework/grade/conventions.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/units.h"

namespace ft::grade {
namespace {

using C = Conventions;
constexpr Verdict kSame = Verdict::equal, kOther = Verdict::different;

// A choice of an enumeration, whose values stand in the order of `choices`.
template <class E>
Convention named(std::string_view name, std::string_view meaning, ConventionExample example, E C::*member,
                 std::vector<Convention::Choice> choices) {
  Convention one{.name = name, .meaning = meaning, .example = example, .choices = std::move(choices)};
  one.get = [choices = one.choices, member](const C& c) {
    return std::string(choices.at(static_cast<std::size_t>(c.*member)).name);
  };
  one.set = [name, choices = one.choices, member](C& c, std::string_view text) {
    const auto found = std::ranges::find(choices, text, &Convention::Choice::name);
    if (found == choices.end()) {
      std::vector<std::string> names;
      for (const Convention::Choice& choice : choices) names.emplace_back(choice.name);
      const auto near = nearest(text, names);
      fail_user(fmt::format("'{}' is no value of {}: {}{}", text, name, fmt::join(names, ", "),
                            near ? fmt::format("; did you mean '{}'?", *near) : ""));
    }
    c.*member = static_cast<E>(found - choices.begin());
  };
  return one;
}

Convention number(std::string_view name, std::string_view meaning, ConventionExample example, double C::*member,
                  std::vector<Convention::Choice> choices) {
  Convention one{
      .name = name, .meaning = meaning, .example = example, .choices = std::move(choices), .is_number = true};
  one.get = [member](const C& c) { return shortest(c.*member); };
  one.set = [name, member](C& c, std::string_view text) {
    double value = -1;
    try {
      value = parse_number(text);
    } catch (const UnitError&) {  // refused below
    }
    if (!(value >= 0 && value <= kLargestTolerance)) {
      fail_user(fmt::format("'{}' is no value of {}: a number from 0 to {}", text, name, kLargestTolerance));
    }
    c.*member = value;
  };
  return one;
}

std::string_view word(Verdict verdict) { return to_string(verdict); }

}  // namespace

const std::vector<Convention>& convention_table() {
  static const std::vector<Convention> table{
      named(
          "rules",
          "whose rules compare two answers: this program's, or those of PRM800K's authors, which the paper grades with",
          {"\\frac{1}{2}", "\\frac{2}{4}"}, &C::rules,
          {{"ftrun", "what is equal is equal", kSame}, {"prm800k", "stricter: fractions must be reduced", kOther}}),
      named("percent", "whether a percent sign only says what is counted, or divides by a hundred", {"28\\%", "0.28"},
            &C::percent,
            {{"number", "28% is 28", kOther}, {"fraction", "28% is 0.28", kSame}, {"either", "28% is both", kSame}}),
      named("units", "whether a unit may be left out; where both sides name one they must agree",
            {"5 \\text{ cm}", "5"}, &C::units,
            {{"optional", "\"5 cm\" equals \"5\"", kSame}, {"required", "it does not", kOther}}),
      named("lists", "whether a list may stand in another order; tuples may not, sets may", {"1, 2", "2, 1"}, &C::lists,
            {{"any-order", "\"1, 2\" equals \"2, 1\"", kSame}, {"in-order", "it does not", kOther}}),
      number("tolerance", "largest relative difference that counts as rounding, where one side has a decimal point",
             {"\\frac{1}{3}", "0.333"}, &C::tolerance,
             {{"0", "numbers are exact", kOther}, {"0.001", "a thousandth", kSame}})};
  return table;
}

const std::vector<SettledConvention>& settled_conventions() {
  static const std::vector<SettledConvention> table{
      {"a missing reference is never right", {"", ""}, kOther},
      {"a name before the answer is no part of it", {"x = 5", "5"}, kSame},
      {"a tuple has an order", {"(1, 2)", "(2, 1)"}, kOther},
      {"a set has none", {"\\{1, 2\\}", "\\{2, 1\\}"}, kSame},
      {"open and closed ends differ", {"(0, 1)", "[0, 1)"}, kOther},
      {"an angle in degrees equals the bare number", {"90^\\circ", "90"}, kSame},
      {"and the angle in radians", {"90^\\circ", "\\frac{\\pi}{2}"}, kSame},
      {"multiples of a unit are the unit", {"10 \\text{ g}", "0.01 \\text{ kg}"}, kSame},
      {"other units are other answers", {"5 \\text{ cm}", "5 \\text{ m}"}, kOther},
      {"words are compared without case", {"\\text{East}", "\\text{east}"}, kSame},
      {"a number in a base equals those digits in that base only", {"12_{9}", "12_{8}"}, kOther},
      {"a decimal is exact", {"0.5", "\\frac{1}{2}"}, kSame}};
  return table;
}

std::string convention_markdown() {
  std::string text = "| option | values, the default first | what it decides | example |\n|---|---|---|---|\n";
  const auto pair = [](const ConventionExample& example) {
    const auto code = [](std::string_view answer) {
      return answer.empty() ? std::string("nothing") : fmt::format("`{}`", answer);
    };
    return fmt::format("{} and {}", code(example.gold), code(example.candidate));
  };
  for (const Convention& one : convention_table()) {
    std::string values, verdicts;
    for (const Convention::Choice& choice : one.choices) {
      values += fmt::format("{}{}", values.empty() ? "" : ", ", choice.name);
      verdicts += fmt::format("{}{} {}", verdicts.empty() ? "" : ", ", choice.name, word(choice.verdict));
    }
    if (one.is_number) values = fmt::format("{} to {}", one.choices.front().name, kLargestTolerance);
    text += fmt::format("| `{}` | {} | {} | {}: {} |\n", one.name, values, one.meaning, pair(one.example), verdicts);
  }
  for (const SettledConvention& one : settled_conventions()) {
    text += fmt::format("| | settled | {} | {}: {} |\n", one.meaning, pair(one.example), word(one.verdict));
  }
  return text;
}

std::string to_text(const Conventions& conventions) {
  const Conventions defaults;
  std::string text;
  for (const Convention& one : convention_table()) {
    const std::string value = one.get(conventions);
    if (value != one.get(defaults)) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", one.name, value);
  }
  return text.empty() ? "by default" : text;
}

std::vector<std::string_view> without_effect(const Conventions& conventions) {
  std::vector<std::string_view> names;
  if (conventions.rules == C::Rules::ftrun) return names;
  const Conventions defaults;
  for (const Convention& one : convention_table()) {
    if (one.name != "rules" && one.get(conventions) != one.get(defaults)) names.push_back(one.name);
  }
  return names;
}

}  // namespace ft::grade
