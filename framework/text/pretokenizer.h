// Cuts a text into pieces before byte-pair merging: no token crosses the border of two pieces.
//
// A pre-tokenizer is a list of steps, each cutting every piece of the step before it, as "pre_tokenizer" in
// tokenizer.json says: Split with a regex (Llama 3, Qwen 2), Digits (SmolLM2), Metaspace (Llama 2, Mistral),
// Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit, and ByteLevel with GPT-2's regex, which must be the
// last one: behind it pieces are bytes, without it characters. No pre-tokenizer: the text is one piece.
#pragma once

#include <nlohmann/json.hpp>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/text/regex.h"

namespace ft {

// Whether the pieces of this "pre_tokenizer" are bytes, to be looked up in the alphabet of byte_level.h: it ends with
// ByteLevel.
[[nodiscard]] bool cuts_into_bytes(const nlohmann::json& description);

class PreTokenizer {
 public:
  // Reads the "pre_tokenizer" value of a tokenizer.json. Throws UserError that names what is not supported.
  explicit PreTokenizer(const nlohmann::json& description);

  // Working memory of one caller: reuse it over the pieces of one text, do not share it between threads.
  class Scratch {
   public:
    explicit Scratch(const PreTokenizer& pretokenizer);

   private:
    friend class PreTokenizer;
    std::vector<std::optional<Regex::Matcher>> matchers_;  // one a step
    std::vector<std::string_view> pieces_, next_;
    std::deque<std::string> changed_;  // pieces that are no part of the text
    std::vector<std::pair<Regex::Range, bool>> ranges_;
  };

  // The pieces of `text` (valid UTF-8) in order, none empty; views into `text` or `scratch`, valid until the next call.
  // `at_start`: nothing stood before `text`.
  [[nodiscard]] const std::vector<std::string_view>& split(std::string_view text, Scratch& scratch,
                                                           bool at_start = true) const;

  // Whether what is put before a text depends on its being the first.
  [[nodiscard]] bool looks_at_start() const;

 private:
  enum class Behavior : unsigned char { removed, isolated, merged_with_previous, merged_with_next, contiguous };
  enum class Prefix : unsigned char { none, first, always };
  struct Step {
    std::string blank;             // what a blank becomes; empty: it stays
    Prefix prefix = Prefix::none;  // whether a piece that does not begin so gets `prefix_text` before it
    std::string prefix_text;
    std::optional<Regex> regex;  // where to cut; none: nowhere
    Behavior behavior = Behavior::isolated;
    bool invert = false;  // the gaps count as matches, the matches as gaps
  };

  void add_step(const nlohmann::json& description, bool first, bool last);
  void add_metaspace(const nlohmann::json& description, bool first);
  static Behavior behavior_of(const nlohmann::json& step, const char* otherwise);
  static void change(const Step& step, bool at_start, Scratch& scratch);
  static void cut(const Step& step, std::string_view piece, Regex::Matcher& matcher, Scratch& scratch);

  std::vector<Step> steps_;
};

}  // namespace ft
