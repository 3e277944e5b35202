#include "framework/grade/wide_numerals.h"

#include <array>
#include <utility>

namespace ft::grade {
namespace {

using Entry = std::pair<std::string_view, long long>;

constexpr auto kDigits = std::to_array<Entry>({{"\u96F6", 0},
                                               {"\u3007", 0},
                                               {"\u4E00", 1},
                                               {"\u4E8C", 2},
                                               {"\u4E24", 2},
                                               {"\u5169", 2},
                                               {"\u4E09", 3},
                                               {"\u56DB", 4},
                                               {"\u4E94", 5},
                                               {"\u516D", 6},
                                               {"\u4E03", 7},
                                               {"\u516B", 8},
                                               {"\u4E5D", 9}});
constexpr auto kSmallScales = std::to_array<Entry>({{"\u5341", 10}, {"\u767E", 100}, {"\u5343", 1000}});
constexpr auto kLargeScales =
    std::to_array<Entry>({{"\u4E07", 10'000}, {"\u842C", 10'000}, {"\u4EBF", 100'000'000}, {"\u5104", 100'000'000}});

constexpr std::size_t kCharacter = 3;  // bytes of each of these
constexpr std::size_t kLongest = 24 * kCharacter;

template <std::size_t N>
std::optional<long long> value_in(const std::array<Entry, N>& table, std::string_view character) {
  for (const auto& [name, value] : table) {
    if (name == character) return value;
  }
  return std::nullopt;
}

// "二千零五", "十二", "三万五千", and digits alone, "二〇二五".
std::optional<long long> whole(std::string_view text) {
  if (text.empty() || text.size() % kCharacter != 0) return std::nullopt;
  long long total = 0;
  long long section = 0;  // below the next large scale
  long long digit = -1;   // not yet scaled
  long long plain = 0;    // as a row of digits
  bool scaled = false;
  bool row = false;  // two digits that follow each other, and neither is a zero that bridges a scale
  long long last_large = 1'000'000'000'000;
  for (std::size_t at = 0; at < text.size(); at += kCharacter) {
    const std::string_view character = text.substr(at, kCharacter);
    if (const auto value = value_in(kDigits, character)) {
      row = row || digit > 0;
      digit = *value;
      plain = 10 * plain + *value;
    } else if (const auto small = value_in(kSmallScales, character)) {
      if (digit == 0 && section == 0 && total == 0) return std::nullopt;
      section += (digit > 0 ? digit : 1) * *small;
      digit = -1;
      scaled = true;
    } else if (const auto large = value_in(kLargeScales, character)) {
      if (*large >= last_large) return std::nullopt;
      section += digit > 0 ? digit : 0;
      if (section == 0) return std::nullopt;
      total += section * *large;
      section = 0;
      digit = -1;
      scaled = true;
      last_large = *large;
    } else {
      return std::nullopt;
    }
  }
  if (!scaled) return text.size() <= 12 * kCharacter ? std::optional(plain) : std::nullopt;
  if (row) return std::nullopt;
  return total + section + (digit > 0 ? digit : 0);
}

}  // namespace

std::optional<std::string> wide_number(std::string_view text) {
  if (text.size() < kCharacter || text.size() > kLongest || static_cast<unsigned char>(text[0]) < 0xE3)
    return std::nullopt;
  for (const std::string_view minus : {"\u8D1F", "\u8CA0"}) {
    if (!text.starts_with(minus)) continue;
    const auto value = wide_number(text.substr(minus.size()));
    return value && !value->starts_with('-') ? std::optional("-" + *value) : std::nullopt;
  }
  for (const std::string_view parts : {"\u5206\u4E4B", "\u5206\u306E"}) {  // "四分之三"
    const std::size_t at = text.find(parts);
    if (at == std::string_view::npos) continue;
    const auto below = whole(text.substr(0, at));
    const auto above = whole(text.substr(at + parts.size()));
    if (!below || !above || *below == 0) return std::nullopt;
    return std::to_string(*above) + "/" + std::to_string(*below);
  }
  for (const std::string_view point : {"\u70B9", "\u9EDE"}) {
    const std::size_t at = text.find(point);
    if (at == std::string_view::npos) continue;
    const auto before = whole(text.substr(0, at));
    std::string places;
    for (std::size_t i = at + point.size(); i < text.size(); i += kCharacter) {
      const auto digit = value_in(kDigits, text.substr(i, kCharacter));
      if (!digit) return std::nullopt;
      places += std::to_string(*digit);
    }
    if (!before || places.empty()) return std::nullopt;
    return std::to_string(*before) + "." + places;
  }
  const auto value = whole(text);
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

}  // namespace ft::grade
