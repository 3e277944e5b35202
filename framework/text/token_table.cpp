#include "framework/text/token_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "framework/base/error.h"

namespace ft {
namespace {

void check_shapes(std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss) {
  FT_CHECK(ids.size() == in_loss.size(), "{} ids, but {} flags", ids.size(), in_loss.size());
  FT_CHECK(!ids.empty(), "a training sample without tokens");
}

void check_bos(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  if (!tokenizer.bos()) return;
  const std::string name = tokenizer.token_text(*tokenizer.bos());
  if (ids[0] != *tokenizer.bos()) {
    fail_user(fmt::format("the training sample begins with '{}', not with the begin token {}, which this model expects",
                          escaped(tokenizer.token_text(ids[0])), name));
  }
  if (tokenizer.bos() == tokenizer.eos()) return;  // a second one is judged as an end
  const auto again = std::find(ids.begin() + 1, ids.end(), *tokenizer.bos());
  if (again != ids.end()) {
    fail_user(
        fmt::format("the begin token {} stands at position 0 and again at {}: it is put there by itself; remove it "
                    "from the prompt template or the problems",
                    name, again - ids.begin()));
  }
}

void check_eos(const Tokenizer& tokenizer, std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss,
               SampleEnd end) {
  const TokenId eos = tokenizer.eos();
  const std::string name = tokenizer.token_text(eos);
  // Where one token both begins and ends a text, the place of the beginning is not an end.
  const auto begin = ids.begin() + (tokenizer.bos() == eos ? 1 : 0);
  const auto at = static_cast<std::size_t>(std::find(begin, ids.end(), eos) - ids.begin());
  const std::size_t expected = end == SampleEnd::eos ? ids.size() - 1 : ids.size();
  if (at < expected) {
    fail_user(
        fmt::format("the end token {} stands at position {} of {}, inside the text: remove it from the prompt template "
                    "or the problems",
                    name, at, ids.size()));
  }
  if (end == SampleEnd::label) return;
  if (at > expected) {
    fail_user(fmt::format(
        "the training sample ends with '{}', not with the end token {}: the model would never learn to stop",
        escaped(tokenizer.token_text(ids.back())), name));
  }
  if (in_loss.back() == 0)
    fail_user(fmt::format("the end token {} is not in the loss: the model would never learn to stop", name));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
        } else {
          out.push_back(c);
        }
    }
  }
  return out;
}

std::string token_table(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                        std::span<const std::uint8_t> in_loss) {
  check_shapes(ids, in_loss);
  std::string table = fmt::format("{:>8}  {:>8}  {:<7}  {}\n", "position", "id", "in loss", "text");
  std::size_t targets = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool special = ids[i] == tokenizer.eos() || tokenizer.bos() == ids[i];
    targets += in_loss[i] != 0 ? 1 : 0;
    fmt::format_to(std::back_inserter(table), "{:>8}  {:>8}  {:<7}  \"{}\"{}\n", i, ids[i],
                   in_loss[i] != 0 ? "yes" : "-", escaped(tokenizer.token_text(ids[i])),
                   !special                             ? ""
                   : ids[i] == tokenizer.eos() && i > 0 ? "  (end token)"
                                                        : "  (begin token)");
  }
  fmt::format_to(std::back_inserter(table), "{} tokens, {} of them in the loss; no padding: samples are packed\n",
                 ids.size(), targets);
  return table;
}

void check_training_sample(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                           std::span<const std::uint8_t> in_loss, SampleEnd end) {
  check_shapes(ids, in_loss);
  check_bos(tokenizer, ids);
  check_eos(tokenizer, ids, in_loss, end);
  if (in_loss[0] != 0) fail_user("the first token of the training sample is in the loss, but nothing predicts it");
  const auto targets = std::ranges::count_if(in_loss, [](std::uint8_t flag) { return flag != 0; });
  if (targets < (end == SampleEnd::eos ? 2 : 1)) {
    fail_user(
        fmt::format("of the {} tokens of the training sample {} are in the loss: the solution is empty or masked out",
                    ids.size(), targets));
  }
}

}  // namespace ft
