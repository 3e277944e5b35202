#include "framework/grade/clock.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "framework/grade/ascii.h"
#include "framework/grade/number_words.h"
#include "framework/grade/vocabulary.h"

namespace ft::grade {
namespace {

constexpr auto kMonths =
    std::to_array<std::string_view>({"january", "february", "march", "april", "may", "june", "july", "august",
                                     "september", "october", "november", "december"});

// "march", "mar", "sept"
std::optional<std::string_view> month_of(std::string_view word) {
  for (const std::string_view month : kMonths) {
    if (word == month || (word.size() >= 3 && word.size() <= 4 && month.starts_with(word))) return month;
  }
  return std::nullopt;
}

// "5", "5th": at most `most`, 0 for anything else.
int number_of(std::string_view word, int most) {
  std::size_t digits = 0;
  int value = 0;
  while (digits < word.size() && digits < 4 && is_digit(word[digits])) value = value * 10 + (word[digits++] - '0');
  const std::string_view ending = word.substr(digits);
  const bool fits = ending.empty() || ending == "th" || ending == "st" || ending == "nd" || ending == "rd";
  return digits > 0 && fits && value <= most ? value : 0;
}

}  // namespace

// "3:30 p.m.", "9 AM", "15:30".
std::optional<ClockTime> clock_time(std::string_view answer) {
  if (answer.size() > 24 || answer.empty()) return std::nullopt;
  for (const auto& [words, minutes] : {std::pair<std::string_view, int>{"noon", 720},
                                       {"12 noon", 720},
                                       {"midday", 720},
                                       {"midnight", 0},
                                       {"12 midnight", 0}}) {
    if (plain_words(answer) == words) return ClockTime{minutes, false};
  }
  if (!is_digit(answer[0])) return std::nullopt;
  // "8.30 am"
  const std::size_t point = answer.find('.');
  std::string pointed;
  if (point != std::string_view::npos && point <= 2 && point + 3 < answer.size() && is_digit(answer[point + 1]) &&
      is_digit(answer[point + 2]) && answer.find_first_of("aApP", point) != std::string_view::npos) {
    pointed = answer;
    pointed[point] = ':';
    answer = pointed;
  }
  std::string text;
  for (std::size_t i = 0; i < answer.size(); ++i) {
    const std::string_view rest = answer.substr(i);
    bool skipped = false;
    for (const std::string_view gone : {"\\text{", "\\mathrm{", "\\textrm{", "\\,", "\\ ", "~", "{", "}", ".", " "}) {
      if (!rest.starts_with(gone)) continue;
      i += gone.size() - 1;
      skipped = true;
      break;
    }
    if (!skipped) text.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(answer[i]))));
  }
  std::string_view rest = text;
  const auto number = [&](std::size_t most) -> int {
    std::size_t size = 0;
    int value = 0;
    for (; size < rest.size() && is_digit(rest[size]); ++size) {
      if (size < most) value = value * 10 + (rest[size] - '0');  // of more digits it is no time of day
    }
    if (size == 0 || size > most) return -1;
    rest.remove_prefix(size);
    return value;
  };
  const int hours = number(2);
  int minutes = 0;
  const bool colon = rest.starts_with(':');
  if (colon) {
    rest.remove_prefix(1);
    if (rest.size() < 2 || !is_digit(rest[1])) return std::nullopt;
    minutes = number(2);
  }
  if (hours < 0 || minutes < 0 || hours > 23 || minutes > 59) return std::nullopt;
  if (rest.empty()) return colon ? std::optional(ClockTime{hours * 60 + minutes, true}) : std::nullopt;
  if ((rest != "am" && rest != "pm" && rest != "a" && rest != "p") || hours > 12 || hours == 0) return std::nullopt;
  if (rest.size() == 1 && !colon) return std::nullopt;
  const int half = rest[0] == 'p' ? 12 : 0;
  return ClockTime{(hours % 12 + half) * 60 + minutes, false};
}

std::optional<std::string> spoken_time(std::string_view answer) {
  constexpr std::size_t kLongest = 40;
  const bool worded = answer.find("past") != std::string_view::npos || answer.find(" to ") != std::string_view::npos ||
                      answer.find("clock") != std::string_view::npos;
  if (answer.size() > kLongest || !worded) return std::nullopt;
  std::string words = plain_words(answer);
  std::string half;  // of the day
  for (const std::string_view end : {" am", " pm", " a m", " p m", " in the morning", " in the afternoon"}) {
    if (!words.ends_with(end)) continue;
    words.resize(words.size() - end.size());
    half = end[1] == 'p' || end.ends_with("noon") ? " pm" : " am";
    break;
  }
  // A number from 1 to `most` that is all of the text; 0 for others.
  const auto value = [](std::string_view text, int most) {
    if (const int digits = number_of(text, most); digits > 0) return digits;
    const auto said = number_words(text);
    return said && said->length == text.size() ? number_of(said->digits, most) : 0;
  };
  constexpr int kHours = 12;
  const auto written = [&](int hour, int minutes) {
    return std::to_string(hour) + (minutes < 10 ? ":0" : ":") + std::to_string(minutes) + half;
  };
  for (const std::string_view clock : {" o'clock", " oclock", " o clock"}) {
    if (!words.ends_with(clock)) continue;
    words.resize(words.size() - clock.size());
    const int hour = value(words, kHours);
    return hour > 0 ? std::optional(written(hour, 0)) : std::nullopt;
  }
  for (const std::string_view joint : {" past ", " to "}) {
    const std::size_t at = words.find(joint);
    if (at == std::string::npos) continue;
    std::string part = words.substr(0, at);
    if (part.starts_with("a ")) part.erase(0, 2);
    const bool spoken = part == "quarter" || part == "half" || part.ends_with(" minutes");
    if (part.ends_with(" minutes")) part.resize(part.size() - 8);
    constexpr int kHalf = 30;
    const int minutes = part == "half" ? kHalf : part == "quarter" ? kHalf / 2 : value(part, 59);
    const int hour = value(std::string_view(words).substr(at + joint.size()), kHours);
    const bool ratio = joint == " to " && !spoken;  // "3 to 5"
    if (minutes == 0 || hour == 0 || ratio || (part == "half" && joint == " to ")) continue;
    if (joint == " past ") return written(hour, minutes);
    return written(hour == 1 ? kHours : hour - 1, 2 * kHalf - minutes);
  }
  return std::nullopt;
}

std::optional<std::string> calendar_day(std::string_view answer) {
  if (answer.size() > 40 || answer.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  std::vector<std::string> words;
  std::string word;
  for (const char c : plain_words(answer) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word.push_back(c);
    } else if (c != ' ' && c != ',' && c != '{' && c != '}') {
      return std::nullopt;
    } else if (!word.empty()) {
      if (word != "the" && word != "of" && word != "text") words.push_back(word);
      word.clear();
    }
  }
  if (words.size() != 2 && words.size() != 3) return std::nullopt;
  const bool month_first = month_of(words[0]).has_value();
  const auto month = month_of(words[month_first ? 0 : 1]);
  constexpr int kMostDays = 31;
  const int day = number_of(words[month_first ? 1 : 0], kMostDays);
  if (!month || day == 0) return std::nullopt;
  std::string text = std::string(*month) + " " + std::to_string(day);
  if (words.size() == 2) return text;
  const bool year = words[2].size() == 4 && std::all_of(words[2].begin(), words[2].end(), is_digit);
  return year ? std::optional(text + " " + words[2]) : std::nullopt;
}

}  // namespace ft::grade
