// Times of day and days of the year, as people write them: "3:30 p.m.", "15:30", "noon", "March 5th", "5 March 2021".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// In minutes after midnight.
struct ClockTime {
  int minutes = 0;
  bool bare = false;  // without "a.m." or "p.m.": the other half of the day may be meant
};

[[nodiscard]] std::optional<ClockTime> clock_time(std::string_view answer);

// "half past six", "a quarter to eleven", "7 o'clock" in digits: "6:30", "10:45", "7:00". Nothing for other texts.
[[nodiscard]] std::optional<std::string> spoken_time(std::string_view answer);

// A day in one spelling, "march 5" or "march 5 2021"; nothing for other texts. "5/3" is left alone: countries differ.
[[nodiscard]] std::optional<std::string> calendar_day(std::string_view answer);

}  // namespace ft::grade
