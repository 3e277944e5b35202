// Split patterns against the reference library: each is cut as there or refused by name, over hostile texts. The cases
// come from split_patterns.py; FT_SPLIT_CASES names a file of others.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/base/error.h"
#include "framework/text/pretokenizer.h"
#include "framework/text/unicode_set.h"
#include "framework/text/utf8.h"

using namespace ft;
using nlohmann::json;

namespace {

json split_by(const std::string& pattern) {
  const json split = {
      {"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  const json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
}

std::size_t length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) static_cast<void>(next_code_point(text, at));
  return count;
}

std::string lengths(const PreTokenizer& pretokenizer, const std::string& text) {
  PreTokenizer::Scratch scratch(pretokenizer);
  std::string all;
  for (const std::string_view piece : pretokenizer.split(text, scratch)) {
    all += (all.empty() ? "" : ",") + std::to_string(length(piece));
  }
  return all;
}

}  // namespace

TEST_CASE("split patterns cut as the reference does, or are refused") {
  const char* path = std::getenv("FT_SPLIT_CASES");
  std::ifstream in(path != nullptr ? path : FT_PROJECT_ROOT "/tests/golden/split_patterns.json");
  REQUIRE(in.good());
  const json file = json::parse(in);
  const auto texts = file.at("texts").get<std::vector<std::string>>();
  std::size_t equal = 0, refused = 0, gave_up = 0;
  for (const json& one : file.at("cases")) {
    const auto pattern = one.at("pattern").get<std::string>();
    CAPTURE(pattern);
    std::optional<PreTokenizer> pretokenizer;
    try {
      pretokenizer.emplace(split_by(pattern));
    } catch (const UserError& error) {
      CHECK(std::string(error.what()).find("cannot be taken over") != std::string::npos);
      if (path != nullptr) fmt::print("{}\n", error.what());
      ++refused;
      continue;
    }
    if (one.at("pieces").is_null()) continue;  // the reference has no ids for it
    for (std::size_t i = 0; i < texts.size(); ++i) {
      CAPTURE(json(texts[i]).dump());
      std::string cut;
      try {
        cut = lengths(*pretokenizer, texts[i]);
      } catch (const Error& error) {  // a pattern that takes forever ends the run, in both engines, with other limits
        CHECK(std::string(error.what()).find("PCRE2 gave up") != std::string::npos);
        ++gave_up;
        continue;
      }
      CHECK(cut == one.at("pieces")[i].get<std::string>());
    }
    ++equal;
  }
  fmt::print("{} patterns cut as the reference does, {} refused\n", equal, refused);
  if (path != nullptr) return;
  CHECK(equal >= 330);
  CHECK(gave_up == 0);
}
