#include "framework/text/token_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "framework/base/error.h"
#include "framework/text/byte_level.h"
#include "framework/text/normalizer.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

using nlohmann::json;

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// The byte of "<0xE4>"; like the reference's parser of numbers this takes "<0x+4>", too.
std::optional<char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>')) return std::nullopt;
  const auto high = token[3] == '+' ? 0U : hex_digit(token[3]);
  const auto low = hex_digit(token[4]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
}

void join(std::vector<std::string>& tokens) { tokens = {std::accumulate(tokens.begin(), tokens.end(), std::string())}; }

void replace_text(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

TokenDecoder::TokenDecoder(const json& description) {
  if (!description.is_object()) fail_user("there is no decoder; ByteLevel, Metaspace or a Sequence is expected");
  add(description);
}

void TokenDecoder::add(const json& description) {
  const std::string type = description.value("type", std::string("(without a type)"));
  if (type == "Sequence") {
    for (const json& part : description.at("decoders")) add(part);
  } else if (type == "ByteLevel") {
    steps_.emplace_back(ByteLevel{});
  } else if (type == "ByteFallback") {
    steps_.emplace_back(ByteFallback{});
  } else if (type == "Fuse") {
    steps_.emplace_back(Fuse{});
  } else if (type == "Replace") {
    steps_.emplace_back(
        Replace{Regex(pattern_of(description, "decoder Replace")), description.at("content").get<std::string>()});
  } else if (type == "Strip") {
    if (description.at("stop").get<std::size_t>() != 0)
      fail_user("the decoder Strip with stop other than 0 is not supported");
    steps_.emplace_back(Strip{one_character(description, "content"), description.at("start").get<std::size_t>()});
  } else if (type == "Metaspace") {
    const bool adds = description.value("add_prefix_space", true);
    const std::string scheme = description.value("prepend_scheme", std::string(adds ? "always" : "never"));
    steps_.emplace_back(Metaspace{one_character(description, "replacement"), scheme != "never"});
  } else {
    fail_user(
        fmt::format("the decoder {} is not supported; ByteLevel, Metaspace, Replace, ByteFallback, Fuse, Strip and "
                    "Sequence are",
                    type));
  }
}

bool TokenDecoder::joins_bytes() const { return steps_.size() == 1 && std::holds_alternative<ByteLevel>(steps_[0]); }

void TokenDecoder::apply(const ByteFallback&, std::vector<std::string>& tokens) {
  std::vector<std::string> out;
  std::string bytes;  // of the run of byte tokens so far
  const auto end_run = [&] {
    if (bytes.empty()) return;
    if (valid_utf8_prefix(bytes) == bytes.size()) {
      out.push_back(bytes);
    } else {
      out.insert(out.end(), bytes.size(), std::string(kReplacementCharacter));
    }
    bytes.clear();
  };
  for (std::string& token : tokens) {
    if (const auto byte = fallback_byte(token)) {
      bytes.push_back(*byte);
      continue;
    }
    end_run();
    out.push_back(std::move(token));
  }
  end_run();
  tokens = std::move(out);
}

std::string TokenDecoder::stripped(const Strip& step, std::string_view token) {
  for (std::size_t i = 0; i < step.start && token.starts_with(step.content); ++i)
    token.remove_prefix(step.content.size());
  return std::string(token);
}

std::string TokenDecoder::text(std::vector<std::string> tokens) const {
  for (const Step& step : steps_) {
    if (std::holds_alternative<ByteLevel>(step)) {
      for (std::string& token : tokens) {
        if (auto bytes = bytes_of_alphabet(token)) token = std::move(*bytes);
      }
      join(tokens);
      tokens[0] = repair_utf8(tokens[0]);
    } else if (const auto* fallback = std::get_if<ByteFallback>(&step)) {
      apply(*fallback, tokens);
    } else if (std::holds_alternative<Fuse>(step)) {
      join(tokens);
    } else if (const auto* replace = std::get_if<Replace>(&step)) {
      for (std::string& token : tokens) token = replace_matches(replace->pattern, token, replace->content);
    } else if (const auto* strip = std::get_if<Strip>(&step)) {
      for (std::string& token : tokens) token = stripped(*strip, token);
    } else {
      const auto& metaspace = std::get<Metaspace>(step);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        replace_text(tokens[i], metaspace.replacement, i == 0 && metaspace.drops_first ? "" : " ");
      }
    }
  }
  join(tokens);
  return repair_utf8(tokens[0]);
}

std::string TokenDecoder::bytes_of(const std::string& token) const {
  std::string bytes = token;
  for (const Step& step : steps_) {
    if (std::holds_alternative<ByteLevel>(step)) {
      bytes = bytes_of_alphabet(bytes).value_or(bytes);
    } else if (std::holds_alternative<ByteFallback>(step)) {
      if (const auto byte = fallback_byte(bytes)) return std::string(1, *byte);
    } else if (const auto* replace = std::get_if<Replace>(&step)) {
      bytes = replace_matches(replace->pattern, bytes, replace->content);
    } else if (const auto* metaspace = std::get_if<Metaspace>(&step)) {
      replace_text(bytes, metaspace->replacement, " ");
    }
  }
  return bytes;
}

}  // namespace ft
