// What the model is trained on, shown token by token, and checked before the first step.
//
// Two mistakes ruin a fine-tuning without a word: an end token outside the loss (the model never stops) and a doubled
// begin token. Elsewhere they come from padding with the end token and masking it out; this project packs and never
// pads, so no token has a second meaning. A recipe prints the table of one sample at its start and checks that sample:
//
//   std::string table = token_table(tokenizer, ids, in_loss);
//   check_training_sample(tokenizer, ids, in_loss, SampleEnd::eos);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "framework/text/tokenizer.h"

namespace ft {

// How a sample ends: a solution with the end token, a verdict of the verifier with its label.
enum class SampleEnd : std::uint8_t { eos, label };

// All rows, or the first, the last and those around the borders of what is in the loss, with counts between them.
enum class TableRows : std::uint8_t { all, excerpt };

// One line a token: position, id, whether it is predicted in the loss, and the text between quotes with escapes; a line
// below counts them. `ids` and `in_loss`: [n]; in_loss[i] != 0 where token i is a target.
[[nodiscard]] std::string token_table(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                      std::span<const std::uint8_t> in_loss, TableRows rows = TableRows::all);

// Checks one unpacked training sample; `ids` and `in_loss`: [n] as above. Throws UserError that says what is wrong, at
// which position, and what to do, unless
// - BOS stands at position 0, where the tokenizer has one, not twice there, and nowhere in the loss;
// - something is in the loss, and not position 0, which nothing predicts;
// - SampleEnd::eos: EOS is the last token, in the loss, and nowhere else in the loss; SampleEnd::label: no EOS is.
// In what is only read both may stand anywhere: chat templates end and begin the turns of a prompt with them.
void check_training_sample(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                           std::span<const std::uint8_t> in_loss, SampleEnd end);

// `text` with \n, \t, \r, \\, \" and other control characters escaped; the rest, blanks included, as it is.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace ft
