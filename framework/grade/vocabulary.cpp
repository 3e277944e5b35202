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
      {"binom", "binom"},    {"tg", "tan"},         {"ctg", "cot"},        {"cotg", "cot"},      {"arctg", "arctan"},
      {"cosec", "csc"}};
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

std::string usual_wording(std::string words) {
  const auto drop = [&](std::string_view start, std::string_view end) {
    if (words.size() > start.size() + end.size() && words.starts_with(start) && words.ends_with(end))
      words = words.substr(start.size(), words.size() - start.size() - end.size());
  };
  for (const std::string_view article : {"the ", "a ", "an "}) drop(article, "");
  drop("", " only");
  static const std::map<std::string_view, std::string_view> kSame{{"no solutions", "no solution"},
                                                                  {"there is no solution", "no solution"},
                                                                  {"there are no solutions", "no solution"},
                                                                  {"has no solution", "no solution"},
                                                                  {"no real solutions", "no real solution"},
                                                                  {"dne", "does not exist"},
                                                                  {"doesn't exist", "does not exist"},
                                                                  {"can't be determined", "cannot be determined"},
                                                                  {"can not be determined", "cannot be determined"},
                                                                  {"all reals", "all real numbers"},
                                                                  {"real numbers", "all real numbers"},
                                                                  {"reals", "all real numbers"},
                                                                  {"set of all real numbers", "all real numbers"},
                                                                  {"set of real numbers", "all real numbers"},
                                                                  {"any real number", "all real numbers"},
                                                                  {"every real number", "all real numbers"},
                                                                  {"all real values", "all real numbers"},
                                                                  {"all real x", "all real numbers"},
                                                                  {"infinitely many solutions", "infinitely many"},
                                                                  {"infinite solutions", "infinitely many"},
                                                                  {"infinite number of solutions", "infinitely many"}};
  static const std::map<std::string_view, std::string_view> kDays{
      {"mon", "monday"},    {"tue", "tuesday"},    {"tues", "tuesday"}, {"wed", "wednesday"}, {"thu", "thursday"},
      {"thur", "thursday"}, {"thurs", "thursday"}, {"fri", "friday"},   {"sat", "saturday"},  {"sun", "sunday"}};
  if (const auto day = kDays.find(words); day != kDays.end()) return std::string(day->second);
  const auto found = kSame.find(words);
  return found == kSame.end() ? words : std::string(found->second);
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

}  // namespace ft::grade
