#include "framework/grade/prm800k.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "framework/grade/node.h"
#include "framework/grade/parser.h"
#include "framework/grade/prm800k_text.h"

namespace ft::grade {
namespace {

bool is_bracket(char c) { return c == '(' || c == ')' || c == '[' || c == ']'; }

// The elements of a tuple or interval without nested brackets; any other text is one element.
std::vector<std::string> elements_of(const std::string& text) {
  const std::string plain = without_thousands_commas(text);
  if (plain.empty()) return {};
  const bool tuple = plain.size() > 2 && is_bracket(plain.front()) && is_bracket(plain.back()) &&
                     std::none_of(plain.begin() + 1, plain.end() - 1, is_bracket);
  if (!tuple) return {plain};
  std::vector<std::string> elements(1);
  for (const char c : std::string_view(plain).substr(1, plain.size() - 2)) {
    if (c == ',')
      elements.emplace_back();
    else
      elements.back().push_back(c);
  }
  return elements;
}

// ^-?[0-9]+.?/0*[1-9][0-9]*.?$
bool is_plain_fraction(std::string_view text) {
  const auto digits = [&text] {
    std::size_t n = 0;
    while (n < text.size() && is_digit(text[n])) ++n;
    text.remove_prefix(n);
    return n;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (digits() == 0) return false;
  if (!text.starts_with('/') && !text.empty()) text.remove_prefix(1);
  if (!text.starts_with('/')) return false;
  text.remove_prefix(1);
  const std::string_view bottom = text;
  const std::size_t length = digits();
  const bool positive = bottom.substr(0, length).find_first_not_of('0') != std::string_view::npos;
  return positive && text.size() <= 1;
}

// Too many letters, or powers that an algebra system could choke on: never compared as expressions.
bool may_be_evaluated(std::string text) {
  for (const std::string_view word : {"sqrt", "frac"}) replace_all(&text, word, "");
  std::set<std::string_view> letters;  // a character of several bytes is one
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    if (is_letter(text[i]) || end > i + 1) letters.insert(std::string_view(text).substr(i, end - i));
    i = end;
  }
  if (letters.size() > 2) return false;
  if (text.find("^{") != std::string::npos || text.find("^(") != std::string::npos) return false;
  for (std::size_t at = text.find('^'); at != std::string::npos; at = text.find('^', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end - at - 1 >= 2 || (end - at - 1 == 1 && end < text.size() && text[end] == '^')) return false;
  }
  return true;
}

Judgement expressions(const std::string& gold, const std::string& candidate, const Grader& grader) {
  if (!may_be_evaluated(gold) || !may_be_evaluated(candidate))
    return {Verdict::different, "prm800k: not to be evaluated", "prm800k"};
  const auto is_expression = [](const std::string& text) {
    // What the original's algebra stops at: bars, brackets, primes, subscripts, signs outside ASCII but Greek letters,
    // and powers of decimal numbers, which it rounds.
    if (text.find_first_of("|[]'_") != std::string::npos) return false;
    if (text.find('^') != std::string::npos && text.find('.') != std::string::npos) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte >= 0xC0 && byte != 0xCE && byte != 0xCF) return false;
    }
    try {
      Budget budget(50'000);
      return parse(text, {}, budget).is_scalar();
    } catch (const Undecided&) {
      return false;
    }
  };
  if (!is_expression(gold) || !is_expression(candidate))
    return {Verdict::different, "prm800k: no expression", "prm800k"};
  // There i and j are letters like others.
  if ((gold.find('j') == std::string::npos) != (candidate.find('j') == std::string::npos))
    return {Verdict::different, "prm800k: other letters", "prm800k"};
  return grader.equal(gold, candidate);
}

Judgement element(const std::string& gold, const std::string& candidate, const Grader& grader) {
  if (is_plain_fraction(gold) && is_plain_fraction(candidate)) {
    if (gold == candidate) return {Verdict::equal, "prm800k: the same fraction", "prm800k"};
    return {Verdict::different, "prm800k: another fraction, or not reduced", "prm800k"};
  }
  if (reads_as_whole(gold) != reads_as_whole(candidate))
    return {Verdict::different, "prm800k: one is a whole number", "prm800k"};
  return expressions(gold, candidate, grader);
}

Judgement compared(std::string_view gold, std::string_view candidate, const Grader& grader) {
  if (candidate.empty()) return {Verdict::different, "prm800k: no answer", "prm800k"};
  if (math_normal_text(gold) == math_normal_text(candidate))
    return {Verdict::equal, "prm800k: the text that MATH compares", "prm800k"};
  const std::string truth = prm800k_normal_text(gold);
  const std::string given = prm800k_normal_text(candidate);
  if (truth == given) return {Verdict::equal, "prm800k: normalised text", "prm800k"};
  if (given.empty()) return {Verdict::different, "prm800k: no answer", "prm800k"};
  const std::vector<std::string> truths = elements_of(truth);
  const std::vector<std::string> givens = elements_of(given);
  if (truths.size() > 1 && (truth.front() != given.front() || truth.back() != given.back()))
    return {Verdict::different, "prm800k: other brackets", "prm800k"};
  if (truths.size() != givens.size()) return {Verdict::different, "prm800k: another number of elements", "prm800k"};
  Judgement result{Verdict::different, "prm800k: nothing to compare", "prm800k"};
  for (std::size_t i = 0; i < truths.size(); ++i) {
    result = element(truths[i], givens[i], grader);
    if (result.verdict != Verdict::equal) break;
  }
  return result;
}

}  // namespace

Judgement prm800k_equal(std::string_view gold, std::string_view candidate, const Grader& grader) {
  constexpr std::size_t kLongest = 20000;
  if (gold.size() > kLongest || candidate.size() > kLongest) return {Verdict::unknown, "answer too long"};
  try {
    return compared(gold, candidate, grader);
  } catch (const std::bad_alloc&) {
    throw;  // says nothing of the answers: another try may have the memory
  } catch (const std::exception& error) {
    return {Verdict::unknown, std::string("internal: ") + error.what()};
  }
}

}  // namespace ft::grade
