// Quantities that users write with their unit: how long to train, how often to save, how much memory to use.
//
//   parse_length("5Mtokens")  -> {5e6, Unit::tokens}        to_string -> "5Mtokens"
//   parse_length("10min")     -> {600, Unit::seconds}       to_string -> "10min"
//   parse_duration("1h")      -> {3600}
//   parse_byte_size("2GiB")   -> {2147483648}
//
// A number without a unit is refused: 200 of what? The parsers throw UnitError whose text says what is wrong and what
// to write; the reader of the run file adds the place. to_string writes the one shortest text that parses to the same
// value.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "framework/base/error.h"

namespace ft {

// The text is no quantity of the wanted kind. A UserError without a place.
class UnitError : public UserError {
  using UserError::UserError;
};

// How long to go on, in one of four units.
struct Length {
  enum class Unit { steps, tokens, epochs, seconds };
  double value = 0;  // steps and tokens: whole numbers; epochs and seconds may be broken
  Unit unit = Unit::steps;
  friend bool operator==(const Length&, const Length&) = default;
};

struct Duration {
  double seconds = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;
};

struct ByteSize {
  std::int64_t bytes = 0;
  friend auto operator<=>(const ByteSize&, const ByteSize&) = default;
};

// Number and unit, a space between them allowed. Steps and tokens take the factors k, M, G ("5Mtokens"); time is ms, s,
// min, h or d. Negative values are refused.
[[nodiscard]] Length parse_length(std::string_view text);
[[nodiscard]] Duration parse_duration(std::string_view text);
// B, kB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024).
[[nodiscard]] ByteSize parse_byte_size(std::string_view text);

[[nodiscard]] std::string to_string(Length::Unit unit);
[[nodiscard]] std::string to_string(const Length& length);
[[nodiscard]] std::string to_string(const Duration& duration);
[[nodiscard]] std::string to_string(const ByteSize& size);

// A size for people, in three digits or fewer before the point: "512 bytes", "12 kB", "1.2 MB", "538 MB", "14.2 GB".
[[nodiscard]] std::string bytes_text(double bytes);

// The shortest decimal text that reads back as the same double ("0.001" for 1e-3): equal numbers, equal digests.
[[nodiscard]] std::string shortest(double value);

// The whole text as a finite number; throws UnitError otherwise. "1e-3", ".5", "+2" and "1_000" are: yes, yes, yes, no.
[[nodiscard]] double parse_number(std::string_view text);
// The same for whole numbers; "1e6" counts as one.
[[nodiscard]] std::int64_t parse_integer(std::string_view text);

}  // namespace ft
