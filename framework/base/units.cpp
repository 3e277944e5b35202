#include "framework/base/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace ft {
namespace {

struct Quantity {
  double number = 0;
  std::string_view unit;
};

using Factor = std::pair<std::string_view, double>;

// Largest first: to_string takes the first that divides.
constexpr std::array kTimes = {Factor{"d", 86400}, Factor{"h", 3600}, Factor{"min", 60}, Factor{"s", 1}};
constexpr std::array kCounts = {Factor{"G", 1e9}, Factor{"M", 1e6}, Factor{"k", 1e3}, Factor{"", 1}};
constexpr std::array kBytes = {Factor{"TiB", 1099511627776.0},
                               Factor{"GiB", 1073741824.0},
                               Factor{"MiB", 1048576.0},
                               Factor{"KiB", 1024.0},
                               Factor{"TB", 1e12},
                               Factor{"GB", 1e9},
                               Factor{"MB", 1e6},
                               Factor{"kB", 1e3},
                               Factor{"B", 1}};

constexpr double kMaxExact = 9007199254740992.0;  // 2^53: above it a double is no count any more

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw UnitError(fmt::format("'{}' {}", text, why));
}

// The number at the head of `text`; what follows it is left in `rest`.
bool read_number(std::string_view text, double& number, std::string_view& rest) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return false;
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return true;
}

Quantity split(std::string_view text, std::string_view example) {
  Quantity quantity;
  if (!read_number(trim(text), quantity.number, quantity.unit)) {
    refuse(text, fmt::format("is no number with a unit, such as {}", example));
  }
  quantity.unit = trim(quantity.unit);
  if (quantity.unit.empty()) refuse(text, fmt::format("has no unit; write for example {}", example));
  if (quantity.number < 0) refuse(text, "is negative");
  return quantity;
}

template <std::size_t n>
const double* find_factor(const std::array<Factor, n>& factors, std::string_view unit) {
  for (const Factor& factor : factors) {
    if (factor.first == unit) return &factor.second;
  }
  return nullptr;
}

// Seconds, or a negative number when the unit is none of time. 500ms is 0.5 s to the last bit: divided, not multiplied.
double to_seconds(const Quantity& quantity) {
  if (quantity.unit == "ms") return quantity.number / 1000;
  const double* factor = find_factor(kTimes, quantity.unit);
  return factor == nullptr ? -1 : quantity.number * *factor;
}

std::string_view time_hint(std::string_view unit) {
  if (unit == "m") return "; 'm' could be minutes or months: write min";
  if (unit == "sec" || unit == "seconds" || unit == "second") return "; write s";
  if (unit == "minutes" || unit == "minute" || unit == "mins") return "; write min";
  if (unit == "hours" || unit == "hour" || unit == "hr") return "; write h";
  if (unit == "days" || unit == "day") return "; write d";
  return "";
}

double whole(std::string_view text, double value) {
  if (value != std::floor(value)) refuse(text, "is not a whole number of them");
  if (value > kMaxExact) refuse(text, "is too large to count");
  return value;
}

// "3" with the largest factor that divides it: 5e6 -> "5M".
template <std::size_t n>
std::string with_factor(const std::array<Factor, n>& factors, double value) {
  for (const auto& [name, factor] : factors) {
    if (value != 0 && std::fmod(value, factor) == 0) return shortest(value / factor) + std::string(name);
  }
  return shortest(value) + std::string(factors.back().first);
}

}  // namespace

Length parse_length(std::string_view text) {
  constexpr std::string_view kExample = "200steps, 5Mtokens, 2epochs or 10min";
  const Quantity quantity = split(text, kExample);
  if (quantity.unit == "epochs" || quantity.unit == "epoch") return {quantity.number, Length::Unit::epochs};
  if (const double seconds = to_seconds(quantity); seconds >= 0) return {seconds, Length::Unit::seconds};
  for (const auto& [prefix, factor] : kCounts) {
    if (!quantity.unit.starts_with(prefix)) continue;
    const std::string_view word = trim(quantity.unit.substr(prefix.size()));
    const bool steps = word == "steps" || word == "step";
    if (!steps && word != "tokens" && word != "token") continue;
    return {whole(text, quantity.number * factor), steps ? Length::Unit::steps : Length::Unit::tokens};
  }
  const std::array<std::string, 8> known = {"steps", "tokens", "ktokens", "Mtokens", "epochs", "min", "s", "h"};
  const std::string_view hint = time_hint(quantity.unit);
  const auto close = hint.empty() ? nearest(quantity.unit, known) : std::nullopt;
  refuse(text, fmt::format("has the unknown unit '{}'{}{}; lengths are written like {}", quantity.unit, hint,
                           close ? fmt::format("; did you mean '{}'?", *close) : "", kExample));
}

Duration parse_duration(std::string_view text) {
  constexpr std::string_view kExample = "30s, 10min or 1h";
  const Quantity quantity = split(text, kExample);
  const double seconds = to_seconds(quantity);
  if (seconds < 0) {
    refuse(text, fmt::format("has the unknown unit of time '{}'{}; durations are written like {}", quantity.unit,
                             time_hint(quantity.unit), kExample));
  }
  return {seconds};
}

ByteSize parse_byte_size(std::string_view text) {
  constexpr std::string_view kExample = "512MiB or 2GB";
  const Quantity quantity = split(text, kExample);
  const double* factor = find_factor(kBytes, quantity.unit);
  if (factor == nullptr) {
    refuse(text, fmt::format("has the unknown unit '{}'; sizes are written like {} (B, kB, MB, GB, TB, KiB, MiB, GiB, "
                             "TiB)",
                             quantity.unit, kExample));
  }
  return {static_cast<std::int64_t>(whole(text, quantity.number * *factor))};
}

std::string to_string(Length::Unit unit) {
  switch (unit) {
    case Length::Unit::steps:
      return "steps";
    case Length::Unit::tokens:
      return "tokens";
    case Length::Unit::epochs:
      return "epochs";
    case Length::Unit::seconds:
      return "s";
  }
  return "?";
}

std::string to_string(const Length& length) {
  switch (length.unit) {
    case Length::Unit::seconds:
      return with_factor(kTimes, length.value);
    case Length::Unit::tokens:
      return with_factor(kCounts, length.value) + "tokens";
    case Length::Unit::steps:
    case Length::Unit::epochs:
      break;
  }
  return shortest(length.value) + to_string(length.unit);
}

std::string to_string(const Duration& duration) { return with_factor(kTimes, duration.seconds); }

std::string to_string(const ByteSize& size) {
  for (const auto& [name, factor] : kBytes) {
    const auto unit = static_cast<std::int64_t>(factor);
    if (size.bytes != 0 && size.bytes % unit == 0) return fmt::format("{}{}", size.bytes / unit, name);
  }
  return fmt::format("{}B", size.bytes);
}

std::string bytes_text(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 1e6) return fmt::format("{:.0f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.{}f} MB", bytes / 1e6, bytes < 1e7 ? 1 : 0);
  return bytes < 1e12 ? fmt::format("{:.1f} GB", bytes / 1e9) : fmt::format("{:.1f} TB", bytes / 1e12);
}

std::string shortest(double value) {
  if (value == 0) return "0";  // and -0, which is the same number
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  FT_CHECK(error == std::errc(), "no text for the number {}", value);
  return {buffer.data(), end};
}

double parse_number(std::string_view text) {
  double number = 0;
  std::string_view rest;
  if (!read_number(text, number, rest) || !rest.empty()) refuse(text, "is no number");
  return number;
}

std::int64_t parse_integer(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') digits.remove_prefix(1);
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
  if (end == digits.data() + digits.size() && error == std::errc()) return integer;
  double number = 0;
  std::string_view rest;
  if (!read_number(text, number, rest) || !rest.empty() || number != std::floor(number)) {
    refuse(text, "is no whole number");
  }
  if (std::abs(number) > kMaxExact) refuse(text, "is too large");
  return static_cast<std::int64_t>(number);
}

}  // namespace ft
