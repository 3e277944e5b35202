#include "framework/base/units.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>
#include <utility>

#include "framework/base/recompute.h"

using namespace ft;

namespace {

std::string refusal(auto parse, std::string_view text) {
  try {
    (void)parse(text);
  } catch (const UnitError& error) {
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("lengths carry their unit") {
  using U = Length::Unit;
  CHECK(parse_length("200steps") == Length{200, U::steps});
  CHECK(parse_length("1step") == Length{1, U::steps});
  CHECK(parse_length("2ksteps") == Length{2000, U::steps});
  CHECK(parse_length("5Mtokens") == Length{5e6, U::tokens});
  CHECK(parse_length("1.5 M tokens") == Length{1.5e6, U::tokens});
  CHECK(parse_length("0steps") == Length{0, U::steps});
  CHECK(parse_length("2epochs") == Length{2, U::epochs});
  CHECK(parse_length("0.5epochs") == Length{0.5, U::epochs});
  CHECK(parse_length("10min") == Length{600, U::seconds});
  CHECK(parse_length(" 30 s ") == Length{30, U::seconds});
  CHECK(parse_length("1h") == Length{3600, U::seconds});
  CHECK(parse_length("2d") == Length{172800, U::seconds});
  CHECK(parse_length("250ms") == Length{0.25, U::seconds});
  CHECK(parse_length("1e3steps") == Length{1000, U::steps});
}

TEST_CASE("a length without a unit, with a wrong one, negative or broken is refused with what to write") {
  CHECK(has(refusal(parse_length, "200"), "'200' has no unit; write for example 200steps"));
  CHECK(has(refusal(parse_length, "200stpes"), "did you mean 'steps'?"));
  CHECK(has(refusal(parse_length, "10m"), "write min"));
  CHECK(has(refusal(parse_length, "10minutes"), "write min"));
  CHECK(has(refusal(parse_length, "-3steps"), "is negative"));
  CHECK(has(refusal(parse_length, "1.5steps"), "not a whole number"));
  CHECK(has(refusal(parse_length, "1e30tokens"), "too large"));
  CHECK(has(refusal(parse_length, "steps"), "is no number with a unit"));
  CHECK(has(refusal(parse_length, ""), "is no number with a unit"));
  CHECK(has(refusal(parse_length, "infsteps"), "is no number"));
  CHECK(has(refusal(parse_duration, "10steps"), "unknown unit of time 'steps'"));
  CHECK(has(refusal(parse_byte_size, "2gb"), "unknown unit 'gb'"));
  CHECK(has(refusal(parse_byte_size, "2"), "has no unit"));
  CHECK(has(refusal(parse_byte_size, "0.5B"), "not a whole number"));
}

TEST_CASE("what is recomputed is a word or a number of layers") {
  for (const auto& [text, layers] : {std::pair{"none", 0}, {"layers", 1}, {"2", 2}, {"30", 30}}) {
    CHECK(parse_recompute(text) == Recompute{layers});
    CHECK(to_string(Recompute{layers}) == text);
  }
  for (const char* text : {"1", "0", "-2", "2.5", "1e9", "all", ""}) {
    CHECK(has(refusal(parse_recompute, text), "write none, layers, or how many layers at a time, from 2 to 65536"));
  }
  CHECK(has(refusal(parse_recompute, "layer"), "did you mean 'layers'?"));
}

TEST_CASE("durations and sizes") {
  CHECK(parse_duration("10min").seconds == 600);
  CHECK(parse_duration("1.5h").seconds == 5400);
  CHECK(parse_byte_size("2GiB").bytes == 2147483648);
  CHECK(parse_byte_size("1.5 KiB").bytes == 1536);
  CHECK(parse_byte_size("3kB").bytes == 3000);
  CHECK(parse_byte_size("7B").bytes == 7);
}

TEST_CASE("texts are the shortest and take the largest unit that fits") {
  CHECK(to_string(Length{5e6, Length::Unit::tokens}) == "5Mtokens");
  CHECK(to_string(Length{2048, Length::Unit::tokens}) == "2048tokens");
  CHECK(to_string(Length{200, Length::Unit::steps}) == "200steps");
  CHECK(to_string(Length{0, Length::Unit::tokens}) == "0tokens");
  CHECK(to_string(Duration{600}) == "10min");
  CHECK(to_string(Duration{5400}) == "90min");
  CHECK(to_string(Duration{0.25}) == "0.25s");
  CHECK(to_string(Duration{0}) == "0s");
  CHECK(to_string(ByteSize{2147483648}) == "2GiB");
  CHECK(to_string(ByteSize{3000}) == "3kB");
  CHECK(to_string(ByteSize{0}) == "0B");
  CHECK(shortest(1e-3) == "0.001");
  CHECK(shortest(0.1 + 0.2) == "0.30000000000000004");
  CHECK(shortest(-0.0) == "0");
}

TEST_CASE("sizes for people keep few digits") {
  CHECK(bytes_text(0) == "0 bytes");
  CHECK(bytes_text(999) == "999 bytes");
  CHECK(bytes_text(12'345) == "12 kB");
  CHECK(bytes_text(1.25e6) == "1.2 MB");
  CHECK(bytes_text(538e6) == "538 MB");
  CHECK(bytes_text(14.23e9) == "14.2 GB");
  CHECK(bytes_text(2.5e12) == "2.5 TB");
}

TEST_CASE("numbers") {
  CHECK(parse_number("1e-3") == 0.001);
  CHECK(parse_number(".5") == 0.5);
  CHECK(parse_number("+2") == 2);
  CHECK(parse_integer("1e6") == 1000000);
  CHECK(parse_integer("-12") == -12);
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"yes", "1_000", "0x10", "", "nan", "inf", "1 2", "+-1", "1e999"}) {
    CAPTURE(text);
    CHECK(refusal(parse_number, text) != "accepted");
  }
  for (const char* text : {"1.5", "yes", "1e300", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK(refusal(parse_integer, text) != "accepted");
  }
}

TEST_CASE("every quantity's text reads back as the same quantity") {
  CHECK(rc::check([](double value) {
    RC_PRE(std::isfinite(value));
    RC_ASSERT(parse_number(shortest(value)) == value);
    const double positive = std::abs(value);
    RC_ASSERT(parse_length(to_string(Length{positive, Length::Unit::epochs})).value == positive);
  }));
  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000);
    const auto zeros = *rc::gen::element<std::int64_t>(1, 1000, 1024, 60, 3600);
    const auto value = static_cast<double>(count / zeros * zeros);
    const Length tokens{value, Length::Unit::tokens};
    RC_ASSERT(parse_length(to_string(tokens)) == tokens);
    RC_ASSERT(parse_duration(to_string(Duration{value})).seconds == value);
    const ByteSize size{count / zeros * zeros};
    RC_ASSERT(parse_byte_size(to_string(size)) == size);
  }));
}
