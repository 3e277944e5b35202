#include "framework/text/oniguruma.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/text/regex.h"

using namespace ft;

namespace {

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  const Regex regex(pattern);
  Regex::Matcher matcher(regex);
  matcher.begin(text);
  std::vector<std::string> found;
  while (const auto range = matcher.next()) found.emplace_back(text.substr(range->begin, range->end - range->begin));
  return found;
}

std::string complaint(std::string_view pattern) {
  try {
    static_cast<void>(translate_oniguruma(pattern));
  } catch (const UserError& error) {
    return error.what();
  }
  return "none";
}

using Found = std::vector<std::string>;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what both engines mean alike is passed on") {
  const auto same = [](std::string_view pattern) { return translate_oniguruma(pattern).usual == pattern; };
  CHECK(same("\\p{L}+|\\p{N}{1,3}|a+?b*+c??"));
  CHECK(same("(?:a|b)(?=c)(?!d)(?<=e)(?<!f)(?>g)"));
  CHECK(translate_oniguruma("[^\\s\\p{L}]").usual == "[^\\p{White_Space}\\p{L}]");
}

TEST_CASE("repeats of repeats are not possessive") {
  CHECK(translate_oniguruma("\\p{N}{1,3}+").usual == "(?:\\p{N}{1,3})+");
  CHECK(matches("\\d{2}+", "1234567") == Found{"123456"});
  CHECK(matches("\\d{2}?x", "12x x") == Found{"12x", "x"});
  CHECK(matches("a{3,1}a", "aaaa") == Found{"aaaa"});
  CHECK(matches("a{,2}b", "aaab") == Found{"aab"});
  CHECK(matches("a{,}", "a{,}") == Found{"a{,}"});
}

TEST_CASE("options hold as long as Oniguruma has them hold") {
  CHECK(matches("a(?i)b|c", "aB aC C") == Found{"aB", "aC"});
  CHECK(matches("(?m:.)+", "a\nb") == Found{"a\nb"});
  CHECK(matches("(?x) a b # c\n |c", "abc") == Found{"ab", "c"});
}

TEST_CASE("sets may be nested and cut") {
  CHECK(matches("[^\\s[.,!?]]+", "a b.c") == Found{"a", "b", "c"});
  CHECK(matches("[a-z&&[^aeiou]]+", "abcde") == Found{"bcd"});
  CHECK(matches("[^a-z&&[^aeiou]]+", "abcde") == Found{"a", "e"});
  // Marks are part of words; a raised 2 is where \w stands alone, but not within brackets.
  CHECK(matches("\\w+", "cafe\xCC\x81 \xC2\xB2x") == Found{"cafe\xCC\x81", "\xC2\xB2x"});
  CHECK(matches("[\\w]+", "cafe\xCC\x81 \xC2\xB2x") == Found{"cafe\xCC\x81", "x"});
  CHECK(matches("\\pL", "pLx") == Found{"pL"});
}

TEST_CASE("characters newer than PCRE2's Unicode are reckoned with") {
  const std::string han_of_unicode_15 = "\xF0\xB1\x8D\x90";  // U+31350
  CHECK(matches("\\p{L}+", "a" + han_of_unicode_15 + "b") == Found{"a" + han_of_unicode_15 + "b"});
  CHECK(matches("[^\\p{L}]+", "a" + han_of_unicode_15 + "b").empty());
  CHECK(!translate_oniguruma("\\p{L}").newer.empty());
  CHECK(translate_oniguruma("[a-z]+").newer.empty());
}

TEST_CASE("empty matches are found, but not right behind another match") {
  CHECK(matches("x*", "axb") == Found{"", "x", ""});
  CHECK(matches("", "ab") == Found{"", "", ""});
}

TEST_CASE("what cannot be taken over is refused with its place") {
  CHECK(complaint("ab\\X") == "the pattern 'ab\\X' cannot be taken over: \\X at character 3");
  CHECK(contains(complaint("\xC3\xA9(?~a)"), "an absent operator, (?~ at character 2"));
  CHECK(contains(complaint("(?P<x>a)"), "write (?<name>"));
  CHECK(contains(complaint("(a"), "a '(' without its ')' at character 1"));
  CHECK(contains(complaint("a)"), "an unmatched ')' at character 2"));
  CHECK(contains(complaint("[a"), "a '[' without its ']'"));
  CHECK(contains(complaint("*a"), "nothing to repeat"));
  CHECK(contains(complaint("\\p{Foo}"), "the property \\p{Foo}"));
  CHECK(contains(complaint("(?i:ss)"), "at character 6"));
  CHECK(contains(complaint("(?i:[\xC3\x9F])"), "several others"));
  CHECK(contains(complaint("\\g<0>"), "\\g"));
  CHECK(contains(complaint("\\1(a)"), "a reference to a group that does not end before it"));
  CHECK(contains(complaint(std::string(200, '(')), "deep"));
  CHECK_THROWS_AS(Regex("(?<=a+)x"), UserError);
}
