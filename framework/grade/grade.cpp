#include "framework/grade/grade.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <optional>
#include <utility>

#include "framework/grade/equivalence.h"
#include "framework/grade/lexer.h"
#include "framework/grade/parser.h"
#include "framework/grade/plain_number.h"
#include "framework/grade/rung.h"
#include "framework/grade/structure.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

// The ways to read an answer. The first is the usual one; the others are tried against it and each other.
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

Readings read_all(std::string_view stripped, Budget& budget) {
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

// Most answers are plain numbers: these need no trees.
struct Answer::Reading {
  std::string text;
  std::optional<PlainNumber> number;
  Readings readings;  // empty where `number` is set
};

const std::string& Answer::text() const { return reading_->text; }

Grader::Grader(std::shared_ptr<const Rung> prover, const GraderOptions& options) : options_(options) {
  ladder_.push_back(normal_form_rung());
  if (prover) ladder_.push_back(std::move(prover));
  ladder_.push_back(numeric_rung());
}

Grader::~Grader() = default;

Answer Grader::read(std::string_view answer) const {
  auto reading = std::make_shared<Answer::Reading>();
  reading->text = strip_delimiters(answer);
  reading->number = plain_number(reading->text);
  if (reading->number || reading->text.empty()) return Answer(std::move(reading));
  try {
    Budget budget(options_.step_budget);
    reading->readings = read_all(reading->text, budget);
  } catch (const std::exception& error) {  // a fault of ours must not end a run of many hours: it costs one verdict
    reading->readings = {{}, std::string("internal: ") + error.what()};
  }
  return Answer(std::move(reading));
}

Judgement Grader::equal(const Answer& gold, const Answer& candidate) const {
  const Answer::Reading& a = *gold.reading_;
  const Answer::Reading& b = *candidate.reading_;
  if (a.text == b.text) return {Verdict::equal, "identical text", "text"};
  if (a.text.empty() || b.text.empty()) return {Verdict::different, "an empty answer", "text"};
  if (a.number && b.number) {
    if (a.number->same_value(*b.number)) return {Verdict::equal, "rational", "number"};
    const bool rounded = options_.conventions.tolerance > 0 && (a.number->decimal || b.number->decimal);
    if (!rounded) return {Verdict::different, "rational", "number"};
  }
  try {
    return compared(a, b);
  } catch (const std::exception& error) {
    return {Verdict::unknown, std::string("internal: ") + error.what()};
  }
}

Judgement Grader::equal(std::string_view gold, std::string_view candidate) const {
  return equal(read(gold), read(candidate));
}

namespace {

Node tree_of(const PlainNumber& number) {
  Node node(Rational(BigInt(number.numerator), BigInt(number.denominator)));
  if (number.decimal) node.text = kDecimal;
  return node;
}

}  // namespace

Judgement Grader::compared(const Answer::Reading& a, const Answer::Reading& b) const {
  const auto nodes_of = [](const Answer::Reading& reading) {
    return reading.number ? std::vector<Node>{tree_of(*reading.number)} : std::vector<Node>();
  };
  const std::vector<Node> left_number = nodes_of(a);
  const std::vector<Node> right_number = nodes_of(b);
  const std::vector<Node>& left = a.number ? left_number : a.readings.nodes;
  const std::vector<Node>& right = b.number ? right_number : b.readings.nodes;
  if (left.empty()) return {Verdict::unknown, "unreadable: " + a.readings.trouble};
  if (right.empty()) return {Verdict::unknown, "unreadable: " + b.readings.trouble};
  Budget budget(options_.step_budget);
  Equivalence equivalence(ladder_, options_.conventions, budget);
  std::optional<Judgement> usual;
  for (const Node& x : left) {
    for (const Node& y : right) {
      Judgement judgement = equivalence.compare(x, y);
      if (judgement.verdict == Verdict::equal || !usual ||
          (usual->verdict == Verdict::different && judgement.verdict == Verdict::unknown))
        usual = std::move(judgement);
      if (usual->verdict == Verdict::equal) break;
    }
    if (usual->verdict == Verdict::equal) break;
  }
  usual->rung = equivalence.rung();
  return *usual;
}

std::string Grader::canonical_key(std::string_view answer) const {
  const Answer read_answer = read(answer);
  const Answer::Reading& reading = *read_answer.reading_;
  if (const auto& number = reading.number) {
    std::string key = "= " + std::to_string(number->numerator);
    return number->denominator == 1 ? key : key + "/" + std::to_string(number->denominator);
  }
  Budget budget(options_.step_budget);
  try {
    const Readings& readings = reading.readings;
    if (readings.trouble.empty() && !readings.nodes.empty()) {
      return "= " + Equivalence(ladder_, options_.conventions, budget).key(readings.nodes.front());
    }
  } catch (const Undecided&) {
    // Falls through to the text itself.
  } catch (const std::exception&) {
    // Likewise.
  }
  return "text " + reading.text;
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
