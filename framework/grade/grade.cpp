#include "framework/grade/grade.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <optional>
#include <utility>

#include "framework/grade/equivalence.h"
#include "framework/grade/lexer.h"
#include "framework/grade/parser.h"
#include "framework/grade/rung.h"
#include "framework/grade/structure.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// One way to read an answer. The first is the usual one; the others are tried against it and each other.
struct Readings {
  std::vector<Node> nodes;
  std::string trouble;  // why the usual reading failed, where it did
};

// "0,111" and "1000,99": a decimal comma. Short forms such as "2,5" are lists.
std::optional<std::string> decimal_comma(std::string_view text) {
  std::string number(text);
  const std::size_t comma = number.find(',');
  const std::size_t start = number.starts_with('-') ? 1 : 0;
  if (comma == std::string::npos || comma == start) return std::nullopt;
  const auto digits = [&](std::size_t from, std::size_t to) {
    return from < to && std::all_of(number.begin() + static_cast<std::ptrdiff_t>(from),
                                    number.begin() + static_cast<std::ptrdiff_t>(to),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  if (!digits(start, comma) || !digits(comma + 1, number.size())) return std::nullopt;
  const std::size_t whole = comma - start;
  const std::size_t places = number.size() - comma - 1;
  const bool likely = (whole == 1 && number[start] == '0' && places >= 2) || (whole >= 4 && places <= 2);
  if (!likely) return std::nullopt;
  number[comma] = '.';
  return number;
}

Readings read(std::string_view stripped, Budget& budget) {
  Readings readings;
  const auto attempt = [&](std::string_view text, bool thousands) {
    try {
      readings.nodes.push_back(worked_out(without_plus_minus(parse(text, {thousands}, budget)), budget));
    } catch (const Undecided& undecided) {
      if (readings.trouble.empty()) readings.trouble = undecided.reason;
    }
  };
  const auto all_letters = [&](std::size_t longest, auto&& test) {
    return stripped.size() >= 2 && stripped.size() <= longest &&
           std::all_of(stripped.begin(), stripped.end(), [&](unsigned char c) { return test(c) != 0; });
  };
  // "CAB" is an order of letters, not the product of A, B and C.
  if (all_letters(30, [](int c) { return std::isupper(c); })) {
    readings.nodes.emplace_back(Op::words, plain_words(stripped));
    return readings;
  }
  attempt(stripped, true);
  if (readings.nodes.empty()) {
    // "<something unreadable> = 1" still says what it works out to.
    const std::size_t sign = stripped.rfind('=');
    const bool outside =
        sign != std::string_view::npos && stripped.find_first_of("}<>", sign) == std::string_view::npos;
    if (outside) attempt(stripped.substr(sign + 1), true);
    if (!readings.nodes.empty()) readings.trouble.clear();
  }
  if (stripped.find(',') != std::string_view::npos) {
    const bool is_number = readings.nodes.size() == 1 && !readings.nodes[0].is(Op::list);
    if (is_number) attempt(stripped, false);
    if (const auto number = decimal_comma(stripped)) attempt(*number, true);
  }
  if (all_letters(3, [](int c) { return std::isalpha(c); }))
    readings.nodes.emplace_back(Op::words, plain_words(stripped));
  return readings;
}

}  // namespace

Grader::Grader(std::unique_ptr<const Rung> prover, long long step_budget) : step_budget_(step_budget) {
  ladder_.push_back(normal_form_rung());
  if (prover) ladder_.push_back(std::move(prover));
  ladder_.push_back(numeric_rung());
}

Grader::~Grader() = default;

Judgement Grader::equal(std::string_view gold, std::string_view candidate) const {
  const std::string a = strip_delimiters(gold);
  const std::string b = strip_delimiters(candidate);
  if (a == b) return {Verdict::equal, "identical text"};
  if (a.empty() || b.empty()) return {Verdict::different, "an empty answer"};
  try {
    return compared(a, b);
  } catch (const std::exception& error) {  // a fault of ours must not end a run of many hours: it costs one verdict
    return {Verdict::unknown, std::string("internal: ") + error.what()};
  }
}

Judgement Grader::compared(const std::string& a, const std::string& b) const {
  Budget budget(step_budget_);
  const Readings left = read(a, budget);
  const Readings right = read(b, budget);
  if (left.nodes.empty()) return {Verdict::unknown, "unreadable: " + left.trouble};
  if (right.nodes.empty()) return {Verdict::unknown, "unreadable: " + right.trouble};
  std::optional<Judgement> usual;
  for (const Node& x : left.nodes) {
    for (const Node& y : right.nodes) {
      Judgement judgement = Equivalence(ladder_, budget).compare(x, y);
      if (judgement.verdict == Verdict::equal) return judgement;
      if (!usual || (usual->verdict == Verdict::different && judgement.verdict == Verdict::unknown))
        usual = std::move(judgement);
    }
  }
  return *usual;
}

std::string Grader::canonical_key(std::string_view answer) const {
  const std::string stripped = strip_delimiters(answer);
  Budget budget(step_budget_);
  try {
    const Readings readings = read(stripped, budget);
    if (readings.trouble.empty() && !readings.nodes.empty()) {
      return "= " + Equivalence(ladder_, budget).key(readings.nodes.front());
    }
  } catch (const Undecided&) {
    // Falls through to the text itself.
  } catch (const std::exception&) {
    // Likewise.
  }
  return "text " + stripped;
}

Judgement equal(std::string_view gold, std::string_view candidate) {
  static const Grader grader;
  return grader.equal(gold, candidate);
}

std::string canonical_key(std::string_view answer) {
  static const Grader grader;
  return grader.canonical_key(answer);
}

}  // namespace ft::grade
