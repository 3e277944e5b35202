#include "framework/sample/stop_texts.h"

#include <algorithm>

#include "framework/base/error.h"

namespace ft {
namespace {

// Beyond the longest text: what decoding may do to the first character of a tail (half of one, a blank that is taken off).
constexpr std::size_t kMargin = 16;

}  // namespace

StopTexts::StopTexts(const Tokenizer& tokenizer, std::vector<std::string> texts)
    : tokenizer_(&tokenizer), texts_(std::move(texts)) {
  for (const std::string& text : texts_) {
    FT_CHECK(!text.empty(), "a stop text is empty");
    longest_ = std::max(longest_, text.size());
  }
}

std::size_t StopTexts::find_in(const std::string& text) const {
  std::size_t first = std::string::npos;
  for (const std::string& stop : texts_) first = std::min(first, text.find(stop));
  return first;
}

// Only the last tokens are decoded: before them no stop text can end that did not end an attempt already.
bool StopTexts::ends(std::span<const TokenId> tokens) const {
  if (texts_.empty()) return false;
  const std::size_t enough = longest_ + kMargin;
  for (std::size_t count = std::min(tokens.size(), enough);; count = std::min(tokens.size(), 2 * count)) {
    const std::string tail = tokenizer_->decode(tokens.last(count));
    if (tail.size() >= enough || count == tokens.size()) return find_in(tail) != std::string::npos;
  }
}

std::string StopTexts::cut(std::string text) const {
  text.resize(std::min(text.size(), find_in(text)));
  return text;
}

}  // namespace ft
