#include "framework/text/pretokenizer.h"

#include <fmt/format.h>

#include <string>

#include "framework/base/error.h"

namespace ft {
namespace {

using nlohmann::json;

// The pattern that ByteLevel stands for: contractions, words, numbers and signs with the blank before them, blanks.
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

std::string type_of(const json& description) { return description.value("type", std::string("(without a type)")); }

std::string quoted_literal(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 &&
        std::string_view("\\^$.[]|()?*+{}-&#").find(c) != std::string_view::npos) {
      pattern.push_back('\\');
    }
    pattern.push_back(c);
  }
  return pattern;
}

std::string split_pattern(const json& step) {
  const json& pattern = step.at("pattern");
  if (pattern.is_object() && pattern.contains("Regex")) return pattern["Regex"].get<std::string>();
  if (pattern.is_object() && pattern.contains("String")) return quoted_literal(pattern["String"].get<std::string>());
  fail_user(fmt::format("pre_tokenizer Split with the pattern {} is not supported", pattern.dump()));
}

}  // namespace

PreTokenizer::PreTokenizer(const json& description) {
  if (!description.is_object()) {
    fail_user("there is no pre_tokenizer; supported is byte-level BPE, whose pre_tokenizer ends with ByteLevel");
  }
  if (type_of(description) != "Sequence") {
    add_step(description, true);
    return;
  }
  const json& list = description.at("pretokenizers");
  if (list.empty()) fail_user("the pre_tokenizer Sequence is empty; supported is a Sequence that ends with ByteLevel");
  for (std::size_t i = 0; i < list.size(); ++i) add_step(list[i], i + 1 == list.size());
}

void PreTokenizer::add_step(const json& step, bool last) {
  const std::string type = type_of(step);
  if ((type == "ByteLevel") != last) {
    fail_user(
        fmt::format("the pre_tokenizer {} with {}; supported is byte-level BPE, whose pre_tokenizer ends with "
                    "ByteLevel and has it once",
                    last ? "ends" : "goes on after ByteLevel or begins", type));
  }
  if (type == "ByteLevel") {
    if (step.value("add_prefix_space", true)) {
      fail_user(
          "pre_tokenizer ByteLevel with add_prefix_space=true is not supported: decode(encode(x)) would not be x");
    }
    if (step.value("use_regex", true)) steps_.push_back({Regex(kGpt2Pattern), true});
  } else if (type == "Digits") {
    steps_.push_back({Regex(step.value("individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)"), true});
  } else if (type == "Split") {
    const std::string behavior = step.value("behavior", std::string("Isolated"));
    const bool matches_only = behavior == "Removed" && step.value("invert", false);
    if (behavior != "Isolated" && !matches_only) {
      fail_user(fmt::format("pre_tokenizer Split with behavior={} (invert={}) is not supported; Isolated is", behavior,
                            step.value("invert", false)));
    }
    steps_.push_back({Regex(split_pattern(step)), !matches_only});
  } else {
    fail_user(fmt::format("the pre_tokenizer {} is not supported; Split, Digits and ByteLevel are", type));
  }
}

PreTokenizer::Scratch::Scratch(const PreTokenizer& pretokenizer) {
  for (const Step& step : pretokenizer.steps_) matchers_.emplace_back(step.regex);
}

const std::vector<std::string_view>& PreTokenizer::split(std::string_view text, Scratch& scratch) const {
  scratch.pieces_.clear();
  if (!text.empty()) scratch.pieces_.push_back(text);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    scratch.next_.clear();
    for (const std::string_view piece : scratch.pieces_) {
      std::size_t at = 0;
      while (at < piece.size()) {
        const auto found = scratch.matchers_[i].find(piece, at);
        const std::size_t begin = found ? found->begin : piece.size();
        if (begin > at && steps_[i].keep_gaps) scratch.next_.push_back(piece.substr(at, begin - at));
        if (!found) break;
        scratch.next_.push_back(piece.substr(begin, found->end - begin));
        at = found->end;
      }
    }
    scratch.pieces_.swap(scratch.next_);
  }
  return scratch.pieces_;
}

}  // namespace ft
