#include "framework/text/normalizer.h"

#include <fmt/format.h>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uniset.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "framework/base/error.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

// The characters that the reference's normalisation knows.
const icu::UnicodeSet& unicode_9() {
  static const icu::UnicodeSet set = [] {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeSet made(icu::UnicodeString::fromUTF8("[:Age=9.0:]"), status);
    FT_CHECK(U_SUCCESS(status), "ICU has no ages of characters: {}", u_errorName(status));
    made.freeze();
    return made;
  }();
  return set;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

}  // namespace

std::string pattern_of(const nlohmann::json& step, std::string_view what) {
  const nlohmann::json& pattern = step.at("pattern");
  if (pattern.is_object() && pattern.contains("Regex")) return pattern["Regex"].get<std::string>();
  if (!pattern.is_object() || !pattern.contains("String")) {
    fail_user(fmt::format("{} with the pattern {} is not supported", what, pattern.dump()));
  }
  std::string escaped;
  for (const char c : pattern["String"].get<std::string>()) {
    if (c != '\0' && std::string_view("\\.+*?()|[]{}^$#&-~").find(c) != std::string_view::npos) escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

std::string one_character(const nlohmann::json& step, const char* key) {
  const std::string text = step.at(key).get<std::string>();
  std::size_t end = 0;
  if (!text.empty()) static_cast<void>(next_code_point(text, end));
  if (text.empty() || end != text.size()) {
    fail_user(fmt::format("{} with {}='{}', which is not one character", step.value("type", std::string("a step")), key,
                          text));
  }
  return text;
}

Normalizer::Normalizer(const nlohmann::json& description) {
  if (!description.is_null()) add(description);
}

void Normalizer::add(const nlohmann::json& description) {
  const std::string type = description.value("type", std::string("(without a type)"));
  if (type == "Sequence") {
    for (const auto& part : description.at("normalizers")) add(part);
  } else if (type == "NFC") {
    steps_.emplace_back(Form::nfc);
  } else if (type == "NFD") {
    steps_.emplace_back(Form::nfd);
  } else if (type == "NFKC") {
    steps_.emplace_back(Form::nfkc);
  } else if (type == "NFKD") {
    steps_.emplace_back(Form::nfkd);
  } else if (type == "Prepend") {
    steps_.emplace_back(Prepend{description.at("prepend").get<std::string>()});
  } else if (type == "Replace") {
    steps_.emplace_back(
        Replace{Regex(pattern_of(description, "normalizer Replace")), description.at("content").get<std::string>()});
  } else {
    fail_user(fmt::format("the normalizer {} is not supported; NFC, NFD, NFKC, NFKD, Prepend, Replace and Sequence are",
                          type));
  }
}

bool Normalizer::keeps_begin() const {
  return std::ranges::none_of(steps_, [](const auto& step) {
    const auto* replace = std::get_if<Replace>(&step);
    return std::holds_alternative<Prepend>(step) || (replace != nullptr && replace->content.empty());
  });
}

// False where nothing changes.
bool Normalizer::normalize(Form form, std::string_view text, std::string& out) {
  if (is_ascii(text)) return false;  // no form changes ASCII
  FT_CHECK(text.size() <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
           "a text of {} bytes is too long", text.size());
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* of_icu = form == Form::nfc    ? icu::Normalizer2::getNFCInstance(status)
                                   : form == Form::nfd  ? icu::Normalizer2::getNFDInstance(status)
                                   : form == Form::nfkc ? icu::Normalizer2::getNFKCInstance(status)
                                                        : icu::Normalizer2::getNFKDInstance(status);
  FT_CHECK(U_SUCCESS(status), "ICU has no normalisation data: {}", u_errorName(status));
  const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
  if (of_icu->isNormalizedUTF8(piece, status)) return false;
  const icu::FilteredNormalizer2 normalizer(*of_icu, unicode_9());
  icu::StringByteSink<std::string> sink(&out);
  normalizer.normalizeUTF8(0, piece, sink, nullptr, status);
  FT_CHECK(U_SUCCESS(status), "ICU could not normalise a text: {}", u_errorName(status));
  return true;
}

std::string_view Normalizer::apply(std::string_view text, std::string& storage) const {
  for (const auto& step : steps_) {
    std::string out;
    if (const auto* form = std::get_if<Form>(&step)) {
      if (!normalize(*form, text, out)) continue;
    } else if (const auto* prepend = std::get_if<Prepend>(&step)) {
      if (text.empty()) continue;
      out = prepend->text;
      out += text;
    } else {
      const auto& replace = std::get<Replace>(step);
      out = replace_matches(replace.pattern, text, replace.content);
    }
    storage = std::move(out);
    text = storage;
  }
  return text;
}

}  // namespace ft
