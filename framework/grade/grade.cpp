#include "framework/grade/grade.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "framework/grade/characters.h"
#include "framework/grade/delimiters.h"
#include "framework/grade/equivalence.h"
#include "framework/grade/plain_number.h"
#include "framework/grade/readings.h"
#include "framework/grade/rung.h"

namespace ft::grade {

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
  reading->text = strip_delimiters(plain_characters(answer));
  if (reading->text == "\\text{}" || reading->text == "\\mathrm{}") reading->text.clear();  // nothing, in dress
  reading->number = plain_number(reading->text);
  if (reading->number || reading->text.empty()) return Answer(std::move(reading));
  try {
    Budget budget(options_.step_budget / 4);
    reading->readings = read_all(reading->text, budget);
  } catch (const std::bad_alloc&) {
    throw;                                 // says nothing of the answers: another try may have the memory
  } catch (const std::exception& error) {  // a fault of ours must not end a run of many hours: it costs one verdict
    reading->readings = {};
    reading->readings.trouble = std::string("internal: ") + error.what();
  }
  return Answer(std::move(reading));
}

Judgement Grader::equal(const Answer& gold, const Answer& candidate) const {
  const Answer::Reading& a = *gold.reading_;
  const Answer::Reading& b = *candidate.reading_;
  if (a.text.empty() || b.text.empty()) return {Verdict::different, "an empty answer", "text"};
  if (a.text == b.text) return {Verdict::equal, "identical text", "text"};
  if (a.number && b.number) {
    if (a.number->same_value(*b.number)) return {Verdict::equal, "rational", "number"};
    const bool rounded = options_.conventions.tolerance > 0 && (a.number->decimal || b.number->decimal);
    if (!rounded) return {Verdict::different, "rational", "number"};
  }
  try {
    return compared(a, b);
  } catch (const std::bad_alloc&) {
    throw;  // says nothing of the answers: another try may have the memory
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
  return number.dollars ? Node(Op::quantity, "dollar", {std::move(node)}) : node;
}

// Two times of day, of which at least one says which half of the day it means.
std::optional<Judgement> times_compared(const Readings& a, const Readings& b) {
  if (!a.clock || !b.clock || (a.clock->bare && b.clock->bare)) return std::nullopt;
  constexpr int kHalfDay = 12 * 60;
  const int apart = a.clock->minutes - b.clock->minutes;
  const bool bare = a.clock->bare || b.clock->bare;
  const ClockTime& written = a.clock->bare ? *a.clock : *b.clock;
  const bool other_half = bare && written.minutes < kHalfDay + 60 && (apart == kHalfDay || apart == -kHalfDay);
  if (apart == 0 || other_half) return Judgement{Verdict::equal, "the same time of day"};
  return Judgement{Verdict::different, "different times of day"};
}

}  // namespace

Judgement Grader::compared(const Answer::Reading& a, const Answer::Reading& b) const {
  Budget budget(options_.step_budget);
  const auto nodes_of = [](const Answer::Reading& reading) {
    return reading.number ? std::vector<Node>{tree_of(*reading.number)} : reading.readings.nodes;
  };
  std::vector<Node> left = nodes_of(a);
  std::vector<Node> right = nodes_of(b);
  // "27,54": a number, but a list where the other side is one.
  const auto add_list = [&](const Answer::Reading& reading, std::vector<Node>* own, const std::vector<Node>& others) {
    const bool list = std::any_of(others.begin(), others.end(),
                                  [](const Node& node) { return node.is(Op::list) || node.is(Op::set); });
    if (!list || !reading.number || reading.text.find(',') == std::string::npos) return;
    if (auto node = read_as_list(reading.text, budget)) own->push_back(std::move(*node));
  };
  add_list(a, &left, right);
  add_list(b, &right, left);
  if (auto times = times_compared(a.readings, b.readings)) return *times;
  // A measure alone is still one.
  if (left.empty() && a.readings.measure) left.push_back(*a.readings.measure);
  if (right.empty() && b.readings.measure) right.push_back(*b.readings.measure);
  if (left.empty()) return {Verdict::unknown, "unreadable: " + a.readings.trouble};
  if (right.empty()) return {Verdict::unknown, "unreadable: " + b.readings.trouble};
  Equivalence equivalence(ladder_, options_.conventions, budget);
  std::optional<Judgement> usual;
  const auto attempt = [&](const Node& x, const Node& y) {
    Judgement judgement = equivalence.compare(x, y);
    if (judgement.verdict == Verdict::equal || !usual ||
        (usual->verdict == Verdict::different && judgement.verdict == Verdict::unknown))
      usual = std::move(judgement);
    return usual->verdict == Verdict::equal;
  };
  const auto decided = [&] {
    for (const Node& x : left) {
      for (const Node& y : right) {
        if (attempt(x, y)) return true;
      }
    }
    // Letters that may be units count as such against units only.
    const auto& x = a.readings.measure;
    const auto& y = b.readings.measure;
    if (x && y && attempt(*x, *y)) return true;
    const auto meets = [](const Readings& measured, const Node& node) {
      return node.is(Op::quantity) || (measured.measure_apart && node.is(Op::number));
    };
    if (x && meets(a.readings, right.front()) && attempt(*x, right.front())) return true;
    return y && meets(b.readings, left.front()) && attempt(left.front(), *y);
  };
  if (decided() && !a.readings.condition.empty() && !b.readings.condition.empty() &&
      a.readings.condition != b.readings.condition)
    usual = Judgement{Verdict::unknown, "equal under different conditions"};
  usual->rung = equivalence.rung();
  usual->steps = budget.spent();
  return *usual;
}

std::string Grader::canonical_key(std::string_view answer) const {
  const Answer read_answer = read(answer);
  const Answer::Reading& reading = *read_answer.reading_;
  if (const auto& number = reading.number; number && !number->dollars) {
    std::string key = "= " + std::to_string(number->numerator);
    return number->denominator == 1 ? key : key + "/" + std::to_string(number->denominator);
  }
  Budget budget(options_.step_budget);
  try {
    if (reading.number) return "= " + Equivalence(ladder_, options_.conventions, budget).key(tree_of(*reading.number));
    const Readings& readings = reading.readings;
    if (readings.trouble.empty() && readings.condition.empty() && !readings.nodes.empty()) {
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
