#include "framework/records/json.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace ft;
using records::Kind;
using records::Value;

namespace {

// Whether two parsers read the same.
bool same(const Value& ours, const nlohmann::json& theirs) {
  switch (ours.kind) {
    case Kind::null:
      return theirs.is_null();
    case Kind::boolean:
      return theirs.is_boolean() && theirs.get<bool>() == ours.truth;
    case Kind::number:
      return theirs.is_number() && theirs.get<double>() == ours.number();
    case Kind::text:
      return theirs.is_string() && theirs.get<std::string>() == ours.text;
    case Kind::bytes:
      return false;
    case Kind::list:
      if (!theirs.is_array() || theirs.size() != ours.items.size()) return false;
      for (std::size_t i = 0; i < ours.items.size(); ++i) {
        if (!same(ours.items[i], theirs[i])) return false;
      }
      return true;
    case Kind::object:
      if (!theirs.is_object() || theirs.size() != ours.items.size()) return false;
      for (std::size_t i = 0; i < ours.items.size(); ++i) {
        if (!theirs.contains(ours.names[i]) || !same(ours.items[i], theirs[ours.names[i]])) return false;
      }
      return true;
  }
  return false;
}

nlohmann::json any_json(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 8 : 6);
  if (kind == 0) return nullptr;
  if (kind == 1) return *rc::gen::arbitrary<bool>();
  if (kind == 2) return *rc::gen::arbitrary<std::int64_t>();
  if (kind == 3) {
    const double number = *rc::gen::arbitrary<double>() * std::pow(10, *rc::gen::inRange(-300, 280));
    return std::isfinite(number) ? number : 0.0;
  }
  if (kind < 6) {
    std::string text;
    for (int i = *rc::gen::inRange(0, 8); i > 0; --i)
      text +=
          *rc::gen::elementOf(std::vector<std::string>{"a", "\"", "\\", "\n", "\x01", "é", "答", "😀", "/", "{", "]"});
    return text;
  }
  const int count = *rc::gen::inRange(0, 5);
  nlohmann::json value = kind == 6 ? nlohmann::json::array() : nlohmann::json::object();
  for (int i = 0; i < count; ++i) {
    if (kind == 6) value.push_back(any_json(depth - 1));
    if (kind == 7) value["k" + std::to_string(i)] = any_json(depth - 1);
  }
  return value;
}

}  // namespace

TEST_CASE("reads what another parser reads, escapes and blanks included") {
  CHECK(rc::check([] {
    const nlohmann::json value = any_json(3);
    const std::string text = value.dump(*rc::gen::inRange(-1, 3), ' ', *rc::gen::arbitrary<bool>());
    RC_ASSERT(same(records::parse_json(text, {}), value));
  }));
}

TEST_CASE("refuses what another parser refuses, and nothing else: one byte changed, lost or added") {
  CHECK(rc::check([] {
    std::string text = any_json(2).dump();
    const auto at = static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(text.size()) + 1));
    const char byte = *rc::gen::elementOf(std::string("{}[],:\"\\0123456789eE+-.tfnaulsrx /\n\x01\x80\xff"));
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 0) text.insert(at, 1, byte);
    if (kind == 1 && at < text.size()) text[at] = byte;
    if (kind == 2 && at < text.size()) text.erase(at, 1);
    const nlohmann::json theirs = nlohmann::json::parse(text, nullptr, false);
    try {
      const Value ours = records::parse_json(text, {});
      // Theirs refuses numbers that no double holds; ours keeps their digits.
      if (!theirs.is_discarded()) RC_ASSERT(same(ours, theirs));
      if (theirs.is_discarded()) RC_ASSERT(text.find_first_of("eE") != std::string::npos);
    } catch (const UserError& error) {
      RC_ASSERT(theirs.is_discarded() || std::string(error.what()).find("stands twice") != std::string::npos);
    }
  }));
}

TEST_CASE("what Python writes beyond JSON, and what nobody should") {
  CHECK(std::isnan(records::parse_json("NaN", {}).number()));
  CHECK(records::parse_json("[-Infinity]", {}).items[0].number() == -INFINITY);
  CHECK(records::parse_json(R"("a\ud83dz\ude00")", {}).text == "a\xEF\xBF\xBDz\xEF\xBF\xBD");
  CHECK(records::parse_json(R"("\ud83d\ude00")", {}).text == "😀");
  CHECK_THROWS_AS((void)records::parse_json(std::string(100'000, '['), {}), UserError);
  CHECK_THROWS_AS((void)records::parse_json("[01]", {}), UserError);
  CHECK_THROWS_AS((void)records::parse_json("nan", {}), UserError);
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += fmt::format("\"k{}\":1,", i);
  CHECK(records::parse_json(many + "\"x\":1}", {}).items.size() == 101);
  CHECK_THROWS_WITH((void)records::parse_json(many + "\"k7\":1}", {"f", 1, 0}), doctest::Contains("'k7' stands twice"));
}

TEST_CASE("plain digits read back as the same number") {
  CHECK(records::plain_digits(1e16) == "10000000000000000");
  CHECK(records::plain_digits(1e-7) == "0.0000001");
  CHECK(records::plain_digits(-1.25e20) == "-125000000000000000000");
  CHECK(records::plain_digits(0.1F) == "0.1");
  CHECK(records::plain_digits(72.0) == "72");
  CHECK(rc::check([](double mantissa) {
    const double value = mantissa * std::pow(10, *rc::gen::inRange(-300, 290));
    const std::string digits = records::plain_digits(value);
    if (std::isfinite(value))
      RC_ASSERT(records::reads_as_number(digits) && digits.find('e') == std::string::npos &&
                Value::of_number(digits).number() == value);
  }));
}
