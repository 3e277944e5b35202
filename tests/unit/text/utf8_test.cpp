#include "framework/text/utf8.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "framework/base/error.h"

using namespace ft;

namespace {

std::string encoded(const std::vector<std::uint32_t>& points) {
  std::string text;
  for (const std::uint32_t point : points) append_utf8(text, point);
  return text;
}

}  // namespace

TEST_CASE("every code point is valid, walks forwards and backwards, and nothing else is valid") {
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    append_utf8(text, point);
    std::size_t at = 0, end = text.size();
    const bool right = valid_utf8_prefix(text) == text.size() && next_code_point(text, at) == point &&
                       at == text.size() && previous_code_point(text, end) == point && end == 0;
    REQUIRE_MESSAGE(right, static_cast<std::uint32_t>(point));
  }
  CHECK(valid_utf8_prefix("\xC0\x80") == 0);             // overlong
  CHECK(valid_utf8_prefix("\xE0\x9F\xBF") == 0);         // overlong
  CHECK(valid_utf8_prefix("\xED\xA0\x80") == 0);         // surrogate
  CHECK(valid_utf8_prefix("\xF4\x90\x80\x80") == 0);     // above U+10FFFF
  CHECK(valid_utf8_prefix("abcdefghij\xE4\xBD") == 10);  // torn
  CHECK(valid_utf8_prefix("12345678\x80") == 8);         // continuation without a lead
}

TEST_CASE("repair follows table 3-8 of the Unicode Standard") {
  const std::string bytes = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
  const std::string expected = encoded({0x61, 0xFFFD, 0xFFFD, 0xFFFD, 0x62, 0xFFFD, 0x63, 0xFFFD, 0xFFFD, 0x64});
  CHECK(repair_utf8(bytes) == expected);
  CHECK(repair_utf8("\xED\xA0\x80") == encoded({0xFFFD, 0xFFFD, 0xFFFD}));  // a surrogate's bytes one by one
  CHECK(repair_utf8("") == "");
}

TEST_CASE("repair gives valid text and leaves valid text alone") {
  CHECK(rc::check([](const std::string& bytes) {
    const std::string text = repair_utf8(bytes);
    RC_ASSERT(valid_utf8_prefix(text) == text.size());
    RC_ASSERT(repair_utf8(text) == text);
    const std::size_t valid = valid_utf8_prefix(bytes);
    RC_ASSERT(text.substr(0, valid) == bytes.substr(0, valid));
    RC_ASSERT((valid == bytes.size()) == (text == bytes));
  }));
}

TEST_CASE("a text that is not UTF-8 is refused with its byte") {
  CHECK_THROWS_WITH_AS(check_utf8("ab\xFFz", "problem 7"),
                       "problem 7 is not UTF-8: byte 0xFF at offset 2; convert it (for example with iconv) first",
                       UserError);
  CHECK_NOTHROW(check_utf8("", "nothing"));
}
