#include "framework/text/token_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "framework/base/error.h"

namespace ft {
namespace {

void check_shapes(std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss) {
  FT_CHECK(ids.size() == in_loss.size(), "{} ids, but {} flags", ids.size(), in_loss.size());
  FT_CHECK(!ids.empty(), "a training sample without tokens");
}

// The first place from `begin` on that is trained on and holds `token`; ids.size() where there is none.
std::size_t find_trained(std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss, TokenId token,
                         std::size_t begin) {
  for (std::size_t i = begin; i < ids.size(); ++i) {
    if (ids[i] == token && in_loss[i] != 0) return i;
  }
  return ids.size();
}

void check_bos(const Tokenizer& tokenizer, std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss) {
  if (!tokenizer.bos()) return;
  const TokenId bos = *tokenizer.bos();
  const std::string name = tokenizer.token_text(bos);
  if (ids[0] != bos) {
    fail_user(fmt::format("the training sample begins with '{}', not with the begin token {}, which this model expects",
                          escaped(tokenizer.token_text(ids[0])), name));
  }
  if (bos == tokenizer.eos()) return;  // a second one is judged as an end
  if (ids.size() > 1 && ids[1] == bos) {
    fail_user(
        fmt::format("the begin token {} stands at position 0 and again at 1: it is put there by itself; remove it from "
                    "the prompt template or the problems",
                    name));
  }
  // A chat template may begin each turn of the prompt with it; a solution does not begin a text.
  const std::size_t at = find_trained(ids, in_loss, bos, 1);
  if (at < ids.size()) {
    fail_user(
        fmt::format("the begin token {} stands at position {} of {}, inside what is trained on: remove it from the "
                    "solution",
                    name, at, ids.size()));
  }
}

void check_eos(const Tokenizer& tokenizer, std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss,
               SampleEnd end) {
  const TokenId eos = tokenizer.eos();
  const std::string name = tokenizer.token_text(eos);
  // In the prompt an end token is a turn of a chat template, or the beginning where one token is both.
  const std::size_t at = find_trained(ids, in_loss, eos, 0);
  const std::size_t expected = end == SampleEnd::eos ? ids.size() - 1 : ids.size();
  if (at < expected) {
    fail_user(
        fmt::format("the end token {} stands at position {} of {}, inside what is trained on: the model would learn to "
                    "stop there; remove it from the solution or the verdict",
                    name, at, ids.size()));
  }
  if (end == SampleEnd::label) return;
  if (ids.back() != eos) {
    fail_user(fmt::format(
        "the training sample ends with '{}', not with the end token {}: the model would never learn to stop",
        escaped(tokenizer.token_text(ids.back())), name));
  }
  if (in_loss.back() == 0)
    fail_user(fmt::format("the end token {} is not in the loss: the model would never learn to stop", name));
}

// Which rows an excerpt shows: the first and the last ones, and those around each border of what is in the loss. A gap of
// one row is no gap.
std::vector<bool> rows_of_excerpt(std::span<const std::uint8_t> in_loss) {
  constexpr std::size_t kRows = 3;
  const std::size_t n = in_loss.size();
  std::vector<bool> shown(n, false);
  for (std::size_t i = 0; i < n; ++i) {
    const bool border = i > 0 && (in_loss[i] != 0) != (in_loss[i - 1] != 0);
    if (i < kRows || i + kRows >= n) shown[i] = true;
    for (std::size_t k = border ? i - std::min(i, kRows) : n; k < std::min(n, i + kRows); ++k) shown[k] = true;
  }
  for (std::size_t i = 1; i + 1 < n; ++i) shown[i] = shown[i] || (shown[i - 1] && shown[i + 1]);
  return shown;
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

std::string token_table(const Tokenizer& tokenizer, std::span<const TokenId> ids, std::span<const std::uint8_t> in_loss,
                        TableRows rows) {
  check_shapes(ids, in_loss);
  std::string table = fmt::format("{:>8}  {:>8}  {:<7}  {}\n", "position", "id", "in loss", "text");
  const std::vector<bool> shown =
      rows == TableRows::all ? std::vector<bool>(ids.size(), true) : rows_of_excerpt(in_loss);
  std::size_t targets = 0, left_out = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    targets += in_loss[i] != 0 ? 1 : 0;
    if (!shown[i]) {
      ++left_out;
      continue;
    }
    if (left_out > 0) fmt::format_to(std::back_inserter(table), "{:>8}  {} more tokens\n", "...", left_out);
    left_out = 0;
    const bool special = ids[i] == tokenizer.eos() || tokenizer.bos() == ids[i];
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
  check_bos(tokenizer, ids, in_loss);
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
