#include "framework/text/pretokenizer.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/text/utf8.h"

using namespace ft;
using nlohmann::json;

namespace {

using Pieces = std::vector<std::string>;

const json kByteLevel = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
const json kPlainByteLevel = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};

json sequence(const std::vector<json>& steps) { return {{"type", "Sequence"}, {"pretokenizers", steps}}; }

json split(const std::string& pattern, const std::string& behavior = "Isolated", bool invert = false) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", invert}};
}

Pieces pieces(const json& description, std::string_view text) {
  const PreTokenizer pretokenizer(description);
  PreTokenizer::Scratch scratch(pretokenizer);
  Pieces found;
  for (const std::string_view piece : pretokenizer.split(text, scratch)) found.emplace_back(piece);
  return found;
}

std::string complaint(const json& description) {
  try {
    const PreTokenizer pretokenizer(description);
  } catch (const UserError& error) {
    return error.what();
  }
  return "none";
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("ByteLevel cuts as GPT-2 does") {
  CHECK(pieces(kByteLevel, "Hello world") == Pieces{"Hello", " world"});
  CHECK(pieces(kByteLevel, "it's 42x   y\n") == Pieces{"it", "'s", " 42", "x", "  ", " y", "\n"});
  CHECK(pieces(kByteLevel, "  ") == Pieces{"  "});
  CHECK(pieces(kByteLevel, "").empty());
}

TEST_CASE("the steps of a sequence cut each other's pieces, which end where the text seems to end") {
  const json smollm2 = sequence({{{"type", "Digits"}, {"individual_digits", true}}, kByteLevel});
  CHECK(pieces(smollm2, "a 12  3") == Pieces{"a", " ", "1", "2", "  ", "3"});
  const json runs = sequence({{{"type", "Digits"}, {"individual_digits", false}}, kByteLevel});
  CHECK(pieces(runs, "a 12  3") == Pieces{"a", " ", "12", "  ", "3"});
}

TEST_CASE("Split keeps or drops what lies between its matches") {
  CHECK(pieces(sequence({split("[0-9]+"), kPlainByteLevel}), "ab12c") == Pieces{"ab", "12", "c"});
  CHECK(pieces(sequence({split("[a-z]+", "Removed", true), kPlainByteLevel}), "ab12c") == Pieces{"ab", "c"});
  const json literal = {{"type", "Split"}, {"pattern", {{"String", "a.b"}}}, {"behavior", "Isolated"}};
  CHECK(pieces(sequence({literal, kPlainByteLevel}), "xa.bacb") == Pieces{"x", "a.b", "acb"});
}

TEST_CASE("white space is Unicode's") {
  const json blanks = sequence({split("\\s+"), kPlainByteLevel});
  CHECK(pieces(blanks, "a\xC2\x85z") == Pieces{"a", "\xC2\x85", "z"});                                // U+0085
  CHECK(pieces(blanks, "a\xE1\xA0\x8Ez") == Pieces{"a\xE1\xA0\x8Ez"});                                // U+180E is none
  CHECK(pieces(sequence({split("[^\\s]+$"), kPlainByteLevel}), "ab\nc") == Pieces{"ab", "\n", "c"});  // $ ends a line
}

TEST_CASE("the behaviours of Split differ in where a match goes") {
  const auto cut = [](const char* behavior, bool invert) {
    return pieces(split("-", behavior, invert), "the-final--countdown");
  };
  CHECK(cut("Removed", false) == Pieces{"the", "final", "countdown"});
  CHECK(cut("Removed", true) == Pieces{"-", "-", "-"});
  CHECK(cut("Isolated", false) == Pieces{"the", "-", "final", "-", "-", "countdown"});
  CHECK(cut("MergedWithPrevious", false) == Pieces{"the-", "final-", "-", "countdown"});
  CHECK(cut("MergedWithNext", false) == Pieces{"the", "-final", "-", "-countdown"});
  CHECK(cut("Contiguous", false) == Pieces{"the", "-", "final", "--", "countdown"});
  CHECK(pieces(split("x*", "Isolated"), "axb") == Pieces{"a", "x", "b"});  // empty matches cut, too
}

TEST_CASE("Metaspace writes blanks as signs and puts one before a text") {
  const auto metaspace = [](const char* scheme, bool cuts) {
    return json{{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", scheme}, {"split", cuts}};
  };
  CHECK(pieces(metaspace("always", true), "a  b") == Pieces{"_a", "_", "_b"});
  CHECK(pieces(metaspace("always", true), " a") == Pieces{"_a"});
  CHECK(pieces(metaspace("never", false), "a  b") == Pieces{"a__b"});
  const PreTokenizer first(metaspace("first", false));
  PreTokenizer::Scratch scratch(first);
  CHECK(first.split("a b", scratch, true).front() == "_a_b");
  CHECK(first.split("a b", scratch, false).front() == "a_b");
  CHECK(pieces(json(), "a b") == Pieces{"a b"});
  CHECK(pieces({{"type", "ByteLevel"}, {"add_prefix_space", true}, {"use_regex", true}}, "a b") == Pieces{" a", " b"});
}

TEST_CASE("what is not supported is refused by name") {
  CHECK(contains(complaint({{"type", "BertPreTokenizer"}}), "the pre_tokenizer BertPreTokenizer is not supported"));
  CHECK(contains(complaint(sequence({kByteLevel, {{"type", "Digits"}}})), "goes on after ByteLevel"));
  CHECK(contains(complaint({{"type", "Metaspace"}, {"replacement", "_"}, {"add_prefix_space", false}}),
                 "write \"prepend_scheme\": \"never\""));
  CHECK(contains(
      complaint(sequence({kByteLevel, {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}}})),
      "ByteLevel"));
  CHECK(contains(complaint(sequence({{{"type", "Digits"}},
                                     {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}}})),
                 "first"));
  CHECK(contains(complaint(split("x", "Sideways")), "behavior=Sideways"));
  CHECK(contains(complaint({{"type", "Metaspace"}, {"replacement", ""}}), "which is not one character"));
  CHECK(contains(complaint({{"type", "CharDelimiterSplit"}, {"delimiter", "ab"}}), "which is not one character"));
}

TEST_CASE("pieces cover the text without gaps") {
  const std::string llama3 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  for (const json& description : {kByteLevel, sequence({split(llama3), kPlainByteLevel})}) {
    const PreTokenizer pretokenizer(description);
    CHECK(rc::check([&](const std::string& bytes) {
      const std::string text = repair_utf8(bytes);
      PreTokenizer::Scratch scratch(pretokenizer);
      std::string joined;
      for (const std::string_view piece : pretokenizer.split(text, scratch)) {
        RC_ASSERT(!piece.empty());
        joined += piece;
      }
      RC_ASSERT(joined == text);
    }));
  }
}

TEST_CASE("long runs neither overflow a stack nor take quadratic time") {
  for (const std::string_view part : {" ", " \n", "a", "1", "!"}) {
    std::string text;
    while (text.size() < 300'000) text += part;
    std::size_t size = 0;
    for (const std::string& piece : pieces(kByteLevel, text)) size += piece.size();
    CHECK(size == text.size());
  }
}
