#include "framework/text/normalizer.h"

#include <doctest/doctest.h>

#include "framework/base/error.h"

using namespace ft;
using nlohmann::json;

namespace {

std::string normalized(const json& description, std::string_view text) {
  std::string storage;
  return std::string(Normalizer(description).apply(text, storage));
}

json replace(const json& pattern, const char* content) {
  return {{"type", "Replace"}, {"pattern", pattern}, {"content", content}};
}

}  // namespace

TEST_CASE("the forms of Unicode, as far as the reference knows it") {
  CHECK(normalized({{"type", "NFC"}}, "e\xCC\x81") == "\xC3\xA9");
  CHECK(normalized({{"type", "NFD"}}, "\xC3\xA9") == "e\xCC\x81");
  CHECK(normalized({{"type", "NFKC"}}, "\xEF\xAC\x81") == "fi");
  CHECK(normalized({{"type", "NFKC"}}, "\xE3\x8B\xBF") == "\xE3\x8B\xBF");  // U+32FF is of Unicode 12.1
  // U+0D3B is of Unicode 10: no mark that would change places with U+0345.
  CHECK(normalized({{"type", "NFC"}}, "a\xCD\x85\xE0\xB4\xBB") == "a\xCD\x85\xE0\xB4\xBB");
  CHECK(normalized({{"type", "NFC"}}, "a\xCD\x85\xCC\x81") == "\xC3\xA1\xCD\x85");
}

TEST_CASE("Prepend and Replace, one after the other") {
  const json prepend = {{"type", "Prepend"}, {"prepend", "_"}};
  CHECK(normalized(prepend, "a") == "_a");
  CHECK(normalized(prepend, "").empty());
  CHECK(normalized({{"type", "Sequence"}, {"normalizers", {prepend, replace({{"String", " "}}, "_")}}}, " a b") ==
        "__a_b");
  CHECK(normalized(replace({{"Regex", " {2,}"}}, "."), "a   b c  ") == "a.b c.");
  CHECK(normalized(replace({{"String", "a.b"}}, "x"), "a.bacb") == "xacb");
  CHECK(normalized(replace({{"Regex", "x*"}}, "-"), "axb") == "-a-b-");
  CHECK(normalized(json(), "a") == "a");
}

TEST_CASE("what is not supported is refused by name") {
  for (const char* type : {"Lowercase", "Strip", "StripAccents", "BertNormalizer", "Precompiled", "ByteLevel"}) {
    CAPTURE(type);
    CHECK_THROWS_WITH_AS(Normalizer(json{{"type", type}}), doctest::Contains(type), UserError);
  }
}
