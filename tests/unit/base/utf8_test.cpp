#include "framework/base/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace ft;

TEST_CASE("well-formed UTF-8 as the Unicode standard defines it") {
  for (const char* good : {"", "ascii", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF"}) {
    CHECK_FALSE(first_invalid_utf8(good));
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC2", "\xE2\x88", "\xFF"}) {
    CHECK(first_invalid_utf8(bad) == 0U);
    CHECK(first_invalid_utf8(std::string("ab") + bad) == 2U);
  }
}
