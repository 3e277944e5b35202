// Texts that end an attempt: a base model that is shown how problems are solved goes on with a problem of its own.
//
//   const StopTexts stops(tokenizer, {"\n\nQuestion:"});
//   if (stops.ends(tokens)) text = stops.cut(tokenizer.decode(tokens));
#pragma once

#include <span>
#include <string>
#include <vector>

#include "framework/text/tokenizer.h"

namespace ft {

class StopTexts {
 public:
  // None: nothing is ended.
  StopTexts() = default;
  // The tokenizer must outlive this. No text is empty (checked).
  StopTexts(const Tokenizer& tokenizer, std::vector<std::string> texts);

  // Does the text of these tokens hold one of them, where it did not without the last token?
  [[nodiscard]] bool ends(std::span<const TokenId> tokens) const;
  // What stands before the first of them; the whole text where there is none.
  [[nodiscard]] std::string cut(std::string text) const;

 private:
  [[nodiscard]] std::size_t find_in(const std::string& text) const;

  const Tokenizer* tokenizer_ = nullptr;
  std::vector<std::string> texts_;
  std::size_t longest_ = 0;
};

}  // namespace ft
