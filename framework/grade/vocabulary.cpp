#include "framework/grade/vocabulary.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

namespace ft::grade {

std::string function_name(std::string_view word) {
  static const std::map<std::string, std::string, std::less<>> kNames{
      {"sin", "sin"},        {"cos", "cos"},        {"tan", "tan"},        {"cot", "cot"},       {"sec", "sec"},
      {"csc", "csc"},        {"arcsin", "arcsin"},  {"arccos", "arccos"},  {"arctan", "arctan"}, {"asin", "arcsin"},
      {"acos", "arccos"},    {"atan", "arctan"},    {"arccot", "arccot"},  {"arcsec", "arcsec"}, {"arccsc", "arccsc"},
      {"sinh", "sinh"},      {"cosh", "cosh"},      {"tanh", "tanh"},      {"coth", "coth"},     {"sech", "sech"},
      {"csch", "csch"},      {"arsinh", "arsinh"},  {"arcsinh", "arsinh"}, {"arcosh", "arcosh"}, {"arccosh", "arcosh"},
      {"artanh", "artanh"},  {"arctanh", "artanh"}, {"asinh", "arsinh"},   {"acosh", "arcosh"},  {"atanh", "artanh"},
      {"ln", "ln"},          {"log", "log"},        {"exp", "exp"},        {"gcd", "gcd"},       {"lcm", "lcm"},
      {"max", "max"},        {"min", "min"},        {"floor", "floor"},    {"ceil", "ceil"},     {"abs", "abs"},
      {"arccoth", "arcoth"}, {"arcoth", "arcoth"},  {"arcsch", "arcsch"},  {"arsech", "arsech"}, {"lg", "lg"},
      {"binom", "binom"}};
  if (word.starts_with('\\')) word.remove_prefix(1);
  const auto found = kNames.find(word);
  return found == kNames.end() ? std::string() : found->second;
}

std::string constant_name(std::string_view word) {
  if (word.starts_with('\\')) word.remove_prefix(1);
  if (word == "pi") return "pi";
  if (word == "infty" || word == "inf" || word == "infinity" || word == "Infinity" || word == "oo") return "inf";
  if (word == "imath") return "i";
  return {};
}

bool is_separator_word(std::string_view word) {
  std::string_view plain = word;
  while (!plain.empty() && (std::isspace(static_cast<unsigned char>(plain.front())) != 0 || plain.front() == ','))
    plain.remove_prefix(1);
  const std::string words = plain_words(plain);
  return words == "and" || words == "or" || words == "&" || (words.empty() && word.find(',') != std::string_view::npos);
}

std::string plain_words(std::string_view text) {
  std::string out;
  bool space = false;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '~') {
      space = true;
      continue;
    }
    if (c == '.' || c == '\\' || c == '$') continue;
    if (space && !out.empty()) out.push_back(' ');
    space = false;
    out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  while (!out.empty() && (out.back() == ',' || out.back() == ';' || out.back() == ':' || out.back() == '!'))
    out.pop_back();
  return out;
}

namespace {

struct KnownUnit {
  std::string_view name;
  std::string_view dimension;
  long long numerator;
  long long denominator;
};

constexpr auto kUnits = std::to_array<KnownUnit>({
    {"cm", "length", 1, 100},
    {"centimeter", "length", 1, 100},
    {"centimetre", "length", 1, 100},
    {"mm", "length", 1, 1000},
    {"millimeter", "length", 1, 1000},
    {"m", "length", 1, 1},
    {"meter", "length", 1, 1},
    {"metre", "length", 1, 1},
    {"km", "length", 1000, 1},
    {"kilometer", "length", 1000, 1},
    {"kilometre", "length", 1000, 1},
    {"inch", "length", 254, 10000},
    {"inche", "length", 254, 10000},
    {"in", "length", 254, 10000},
    {"foot", "length", 3048, 10000},
    {"feet", "length", 3048, 10000},
    {"ft", "length", 3048, 10000},
    {"yard", "length", 9144, 10000},
    {"yd", "length", 9144, 10000},
    {"mile", "length", 1609344, 1000},
    {"mi", "length", 1609344, 1000},
    {"second", "time", 1, 1},
    {"sec", "time", 1, 1},
    {"s", "time", 1, 1},
    {"minute", "time", 60, 1},
    {"min", "time", 60, 1},
    {"hour", "time", 3600, 1},
    {"hr", "time", 3600, 1},
    {"h", "time", 3600, 1},
    {"day", "time", 86400, 1},
    {"week", "time", 604800, 1},
    {"dollar", "money", 100, 1},
    {"usd", "money", 100, 1},
    {"cent", "money", 1, 1},
    {"gram", "mass", 1, 1},
    {"g", "mass", 1, 1},
    {"kg", "mass", 1000, 1},
    {"kilogram", "mass", 1000, 1},
    {"mg", "mass", 1, 1000},
    {"pound", "weight", 16, 1},
    {"lb", "weight", 16, 1},
    {"ounce", "weight", 1, 1},
    {"oz", "weight", 1, 1},
    {"degree", "angle", 1, 1},
    {"deg", "angle", 1, 1},
    {"liter", "volume", 1000, 1},
    {"litre", "volume", 1000, 1},
    {"l", "volume", 1000, 1},
    {"ml", "volume", 1, 1},
    {"milliliter", "volume", 1, 1},
    {"mph", "miles per hour", 1, 1},
    {"percent", "percent", 1, 1},
    {"percentage", "percent", 1, 1},
    {"pct", "percent", 1, 1},
    {"unit", "", 1, 1},
    {"month", "month", 1, 1},
    {"year", "month", 12, 1},
    {"am", "am", 1, 1},
    {"pm", "pm", 1, 1},
    {"gallon", "gallon", 1, 1},
    {"yuan", "yuan", 1, 1},
});

const KnownUnit* find_unit(std::string_view word) {
  const auto named = [](std::string_view name) {
    const auto* found =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const KnownUnit& unit) { return unit.name == name; });
    return found == kUnits.end() ? nullptr : found;
  };
  if (const KnownUnit* unit = named(word)) return unit;
  if (word.size() > 2 && word.ends_with('s')) return named(word.substr(0, word.size() - 1));
  return nullptr;
}

}  // namespace

bool is_unit_word(std::string_view word) {
  const std::string plain = plain_words(word);
  return plain == "sq" || plain == "cu" || find_unit(plain) != nullptr;
}

std::optional<long long> scale_word(std::string* label) {
  static constexpr auto kScales = std::to_array<std::pair<std::string_view, long long>>(
      {{"thousand", 3}, {"million", 6}, {"billion", 9}, {"trillion", 12}, {"hundred", 2}});
  for (const auto& [word, power] : kScales) {
    if (!label->starts_with(word) || (label->size() > word.size() && (*label)[word.size()] != ' ')) continue;
    label->erase(0, std::min(label->size(), word.size() + 1));
    return power;
  }
  return std::nullopt;
}

Unit unit_of(std::string_view label) {
  std::string words = plain_words(label);
  long long power = 1;
  const auto drop_prefix = [&](std::string_view prefix, long long exponent) {
    if (!words.starts_with(prefix)) return;
    words.erase(0, prefix.size());
    power = exponent;
  };
  for (const std::string_view prefix : {"square ", "sq ", "squared "}) drop_prefix(prefix, 2);
  for (const std::string_view prefix : {"cubic ", "cu "}) drop_prefix(prefix, 3);
  if (const std::size_t caret = words.find('^'); caret != std::string::npos) {
    const std::string exponent = words.substr(caret + 1);
    if (exponent == "2" || exponent == "{2}") power = 2;
    if (exponent == "3" || exponent == "{3}") power = 3;
    words.erase(caret);
    while (!words.empty() && words.back() == ' ') words.pop_back();
  }
  const KnownUnit* unit = find_unit(words);
  if (unit == nullptr) return {"label", 1};
  const Rational factor{BigInt(unit->numerator), BigInt(unit->denominator)};
  if (unit->dimension.empty()) return {"", 1};  // "units" says nothing
  return {std::string(unit->dimension) + (power == 1 ? "" : power == 2 ? "^2" : "^3"), pow(factor, power)};
}

}  // namespace ft::grade
