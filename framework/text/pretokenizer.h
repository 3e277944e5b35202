// Cuts a text into pieces before byte-pair merging: no token crosses the border of two pieces.
//
// A pre-tokenizer is a list of steps, each cutting every piece of the step before it, as "pre_tokenizer" in
// tokenizer.json says: Split with a regex (Llama 3, Qwen 2), Digits (SmolLM2), ByteLevel with GPT-2's regex.
#pragma once

#include <nlohmann/json.hpp>

#include <string_view>
#include <vector>

#include "framework/text/regex.h"

namespace ft {

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
    std::vector<Regex::Matcher> matchers_;  // one a step
    std::vector<std::string_view> pieces_, next_;
  };

  // The pieces of `text` (valid UTF-8) in order, none empty; views into `text`, valid until the next call.
  [[nodiscard]] const std::vector<std::string_view>& split(std::string_view text, Scratch& scratch) const;

 private:
  struct Step {
    Regex regex;
    bool keep_gaps;  // what lies between matches is a piece too (else it is dropped)
  };

  void add_step(const nlohmann::json& description, bool last);

  std::vector<Step> steps_;
};

}  // namespace ft
