#include "framework/text/pretokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <string>

#include "framework/base/error.h"
#include "framework/text/normalizer.h"

namespace ft {
namespace {

using nlohmann::json;

// The pattern that ByteLevel stands for: contractions, words, numbers and signs with the blank before them, blanks.
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

std::string type_of(const json& description) { return description.value("type", std::string("(without a type)")); }

// The steps of a Sequence and of those in it, in order.
void collect(const json& description, std::vector<const json*>& steps) {
  if (description.is_null()) return;
  if (type_of(description) != "Sequence") {
    steps.push_back(&description);
    return;
  }
  for (const json& part : description.at("pretokenizers")) collect(part, steps);
}

}  // namespace

bool cuts_into_bytes(const json& description) {
  std::vector<const json*> steps;
  collect(description, steps);
  return !steps.empty() && type_of(*steps.back()) == "ByteLevel";
}

PreTokenizer::PreTokenizer(const json& description) {
  std::vector<const json*> steps;
  collect(description, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) add_step(*steps[i], i == 0, i + 1 == steps.size());
}

PreTokenizer::Behavior PreTokenizer::behavior_of(const json& step, const char* otherwise) {
  const std::string name = step.value("behavior", std::string(otherwise));
  if (name == "Removed") return Behavior::removed;
  if (name == "Isolated") return Behavior::isolated;
  if (name == "MergedWithPrevious") return Behavior::merged_with_previous;
  if (name == "MergedWithNext") return Behavior::merged_with_next;
  if (name == "Contiguous") return Behavior::contiguous;
  fail_user(fmt::format("the pre_tokenizer {} with behavior={} is not supported", type_of(step), name));
}

void PreTokenizer::add_step(const json& description, bool first, bool last) {
  const std::string type = type_of(description);
  Step step;
  if (type == "ByteLevel") {
    if (!last) fail_user("a pre_tokenizer that goes on after ByteLevel is not supported");
    if (description.value("add_prefix_space", true)) {
      step.prefix = Prefix::always;
      step.prefix_text = " ";
    }
    if (description.value("use_regex", true)) step.regex.emplace(kGpt2Pattern);
    if (step.regex || step.prefix != Prefix::none) steps_.push_back(std::move(step));
    return;
  }
  if (type == "Metaspace") {
    add_metaspace(description, first);
    return;
  }
  if (type == "Digits") {
    step.regex = Regex::of_set("rust numeric", description.value("individual_digits", false) ? "" : "+");
  } else if (type == "Punctuation") {
    step.regex = Regex::of_set("rust punctuation", "");
    step.behavior = behavior_of(description, "Isolated");
  } else if (type == "WhitespaceSplit") {
    step.regex = Regex::of_set("rust white space", "");
    step.behavior = Behavior::removed;
  } else if (type == "Whitespace") {
    step.regex = Regex::words_and_signs();
    step.behavior = Behavior::removed;
    step.invert = true;
  } else if (type == "CharDelimiterSplit") {
    const json pattern = {{"pattern", {{"String", one_character(description, "delimiter")}}}};
    step.regex.emplace(pattern_of(pattern, type));
    step.behavior = Behavior::removed;
  } else if (type == "Split") {
    step.regex.emplace(pattern_of(description, "pre_tokenizer Split"));
    step.behavior = behavior_of(description, "Isolated");
    step.invert = description.value("invert", false);
  } else {
    fail_user(fmt::format(
        "the pre_tokenizer {} is not supported; ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace, "
        "WhitespaceSplit, CharDelimiterSplit and Sequence are",
        type));
  }
  steps_.push_back(std::move(step));
}

void PreTokenizer::add_metaspace(const json& description, bool first) {
  Step step;
  step.blank = step.prefix_text = one_character(description, "replacement");
  // Files of before 2024 say add_prefix_space.
  const bool adds = description.value("add_prefix_space", true);
  const std::string scheme = description.value("prepend_scheme", std::string("always"));
  if (scheme == "never") {
    step.prefix = Prefix::none;
  } else if (!adds) {
    fail_user(
        fmt::format("the pre_tokenizer Metaspace says add_prefix_space=false and prepend_scheme={}{}; write "
                    "\"prepend_scheme\": \"never\"",
                    scheme, description.contains("prepend_scheme") ? "" : " (by default)"));
  } else if (scheme == "always") {
    step.prefix = Prefix::always;
  } else if (scheme == "first") {
    if (!first) fail_user("the pre_tokenizer Metaspace with prepend_scheme=first behind others is not supported");
    step.prefix = Prefix::first;
  } else {
    fail_user(fmt::format("the pre_tokenizer Metaspace with prepend_scheme={} is not supported", scheme));
  }
  if (description.value("split", true)) {
    const json pattern = {{"pattern", {{"String", step.blank}}}};
    step.regex.emplace(pattern_of(pattern, "Metaspace"));
    step.behavior = Behavior::merged_with_next;
  }
  steps_.push_back(std::move(step));
}

bool PreTokenizer::looks_at_start() const {
  return std::ranges::any_of(steps_, [](const Step& step) { return step.prefix == Prefix::first; });
}

PreTokenizer::Scratch::Scratch(const PreTokenizer& pretokenizer) {
  for (const Step& step : pretokenizer.steps_) {
    auto& matcher = matchers_.emplace_back();
    if (step.regex) matcher.emplace(*step.regex);
  }
}

// Blanks and what stands before them, as Metaspace and ByteLevel's add_prefix_space ask for.
void PreTokenizer::change(const Step& step, bool at_start, Scratch& scratch) {
  if (step.blank.empty() && step.prefix == Prefix::none) return;
  for (std::string_view& piece : scratch.pieces_) {
    std::string text;
    for (const char c : piece) {
      if (c == ' ' && !step.blank.empty())
        text += step.blank;
      else
        text.push_back(c);
    }
    const bool wanted = step.prefix == Prefix::always || (step.prefix == Prefix::first && at_start);
    if (wanted && !text.starts_with(step.prefix_text)) text.insert(0, step.prefix_text);
    if (text == piece) continue;
    scratch.changed_.push_back(std::move(text));
    piece = scratch.changed_.back();
  }
}

void PreTokenizer::cut(const Step& step, std::string_view piece, Regex::Matcher& matcher, Scratch& scratch) {
  const auto keep = [&](std::size_t begin, std::size_t end) {
    if (end > begin) scratch.next_.push_back(piece.substr(begin, end - begin));
  };
  std::size_t at = 0;
  matcher.begin(piece);
  if (step.behavior == Behavior::isolated || step.behavior == Behavior::removed) {
    const bool gaps = step.behavior == Behavior::isolated || !step.invert;
    const bool matches = step.behavior == Behavior::isolated || step.invert;
    while (const auto found = matcher.next()) {
      if (gaps) keep(at, found->begin);
      if (matches) keep(found->begin, found->end);
      at = found->end;
    }
    if (gaps) keep(at, piece.size());
    return;
  }
  // The other behaviours join neighbours; empty matches count, so all ranges are kept until it is known what joins
  // what.
  auto& ranges = scratch.ranges_;
  ranges.clear();
  while (const auto found = matcher.next()) {
    if (found->begin != at) ranges.emplace_back(Regex::Range{at, found->begin}, step.invert);
    ranges.emplace_back(*found, !step.invert);
    at = found->end;
  }
  if (at != piece.size()) ranges.emplace_back(Regex::Range{at, piece.size()}, step.invert);
  const std::size_t first_new = scratch.next_.size();
  std::optional<Regex::Range> open;  // what may still grow
  bool before = false;
  const auto join = [&](const std::pair<Regex::Range, bool>& part, bool joins) {
    if (joins && open) {
      open->begin = std::min(open->begin, part.first.begin);
      open->end = std::max(open->end, part.first.end);
    } else {
      if (open) keep(open->begin, open->end);
      open = part.first;
    }
    before = part.second;
  };
  if (step.behavior == Behavior::merged_with_next) {
    for (const auto& part : std::views::reverse(ranges)) join(part, part.second && !before);
  } else {
    const bool contiguous = step.behavior == Behavior::contiguous;
    for (const auto& part : ranges) join(part, contiguous ? part.second == before : part.second && !before);
  }
  if (open) keep(open->begin, open->end);
  if (step.behavior == Behavior::merged_with_next) {
    std::reverse(scratch.next_.begin() + static_cast<std::ptrdiff_t>(first_new), scratch.next_.end());
  }
}

const std::vector<std::string_view>& PreTokenizer::split(std::string_view text, Scratch& scratch, bool at_start) const {
  scratch.pieces_.clear();
  scratch.changed_.clear();
  if (!text.empty()) scratch.pieces_.push_back(text);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    change(steps_[i], at_start, scratch);
    if (!steps_[i].regex) continue;
    Regex::Matcher& matcher = *scratch.matchers_[i];
    matcher.look_at(text);
    scratch.next_.clear();
    for (const std::string_view piece : scratch.pieces_) cut(steps_[i], piece, matcher, scratch);
    scratch.pieces_.swap(scratch.next_);
  }
  return scratch.pieces_;
}

}  // namespace ft
