#include "framework/text/normalizer.h"

#include <fmt/format.h>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "framework/base/error.h"

namespace ft {

Normalizer::Normalizer(const nlohmann::json& description) {
  if (!description.is_null()) add(description);
}

void Normalizer::add(const nlohmann::json& description) {
  const std::string type = description.value("type", std::string("(without a type)"));
  if (type == "Sequence") {
    for (const auto& part : description.at("normalizers")) add(part);
  } else if (type == "NFC") {
    forms_.push_back(Form::nfc);
  } else if (type == "NFD") {
    forms_.push_back(Form::nfd);
  } else if (type == "NFKC") {
    forms_.push_back(Form::nfkc);
  } else if (type == "NFKD") {
    forms_.push_back(Form::nfkd);
  } else {
    fail_user(fmt::format("the normalizer {} is not supported; NFC, NFD, NFKC and NFKD are", type));
  }
}

std::string_view Normalizer::apply(std::string_view text, std::string& storage) const {
  const bool ascii = std::ranges::all_of(text, [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
  if (ascii) return text;  // no form changes ASCII
  FT_CHECK(text.size() <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
           "a text of {} bytes is too long", text.size());
  for (const Form form : forms_) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = form == Form::nfc    ? icu::Normalizer2::getNFCInstance(status)
                                         : form == Form::nfd  ? icu::Normalizer2::getNFDInstance(status)
                                         : form == Form::nfkc ? icu::Normalizer2::getNFKCInstance(status)
                                                              : icu::Normalizer2::getNFKDInstance(status);
    FT_CHECK(U_SUCCESS(status), "ICU has no normalisation data: {}", u_errorName(status));
    const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
    if (normalizer->isNormalizedUTF8(piece, status)) continue;
    std::string normalized;
    icu::StringByteSink<std::string> sink(&normalized);
    normalizer->normalizeUTF8(0, piece, sink, nullptr, status);
    FT_CHECK(U_SUCCESS(status), "ICU could not normalise a text: {}", u_errorName(status));
    storage = std::move(normalized);
    text = storage;
  }
  return text;
}

}  // namespace ft
