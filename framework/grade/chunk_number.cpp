// Numbers in running text: groups of digits, decimals, times and ratios, exponents, ordinals.
#include "framework/grade/ascii.h"
#include "framework/grade/chunk_reader.h"
#include "framework/grade/spacing.h"

namespace ft::grade {

bool ChunkReader::three_digits(std::size_t from) const {
  return is_digit(at(from)) && is_digit(at(from + 1)) && is_digit(at(from + 2)) && !is_digit(at(from + 3));
}

// "2.500,75" and "2 500,75", behind the first digits.
void ChunkReader::digits_with_comma(std::size_t first) {
  while (first <= 3 && at(pos_) == '.' && three_digits(pos_ + 1)) {
    ++pos_;
    take_digits();
  }
  while (first <= 3 && at(pos_) == ' ' && three_digits(pos_ + 1)) {
    ++pos_;
    take_digits();
  }
  if (at(pos_) == ',' && is_digit(at(pos_ + 1))) {
    ++pos_;
    chunk_.text += '.';
    take_digits();
  } else if (at(pos_) == '.' && is_digit(at(pos_ + 1)) &&
             !three_digits(pos_ + 1)) {  // as in other languages all the same
    take(1);
    take_digits();
  }
}

// "2,500.75", "1,00,000" and "2 500.75", behind the first digits.
void ChunkReader::digits_with_point(std::size_t first) {
  const std::size_t begin = pos_ - first;
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view comma : {",", "{,}", "\\,", ",\\!", "'", "_"}) {
      if (first > 3 || !rest().starts_with(comma) || !three_digits(pos_ + comma.size())) continue;
      pos_ += comma.size();
      take_digits();
      again = true;
      break;
    }
  }
  if (at(pos_) == ',' && first <= 2 && is_digit(at(pos_ + 1)) && is_digit(at(pos_ + 2)) && at(pos_ + 3) == ',' &&
      three_digits(pos_ + 4)) {
    ++pos_;  // 1,00,000
    take_digits();
    ++pos_;
    take_digits();
  }
  while (first <= 3 && at(pos_) == ' ' && three_digits(pos_ + 1) && at(pos_ + 4) != ',' && text_[begin] != '0') {
    ++pos_;
    take_digits();
  }
  if (at(pos_) != '.' || !is_digit(at(pos_ + 1))) return;
  take(1);
  take_digits();
  const std::size_t next = blanks_from(pos_ + 3);
  if (rest().starts_with("...") && std::string_view("\\*+-/=").find(at(next)) != std::string_view::npos &&
      at(next) != '\0')
    pos_ += 3;  // "0.333... * 60"
}

// "4:51:06", "4\!:\!51", "1 : 2", with " p.m." behind a time.
void ChunkReader::colons() {
  bool any = false;
  for (int i = 0; i < 2; ++i) {
    const std::size_t colon = behind_spacing(text_, pos_);
    const std::size_t next = behind_spacing(text_, colon + 1);
    const bool even = (colon > pos_) == (next > colon + 1);  // "Day 1: 20 apples" is none
    if (at(colon) != ':' || !is_digit(at(next)) || !even) break;
    chunk_.text += ':';
    pos_ = next;
    take_digits();
    any = true;
  }
  if (!any) return;
  if (const std::size_t half = time_of_day(); half > 0) take(half);
}

std::size_t ChunkReader::time_of_day() const {
  for (const std::string_view half : {" a.m.", " p.m.", " AM", " PM", " am", " pm", "am", "pm", "AM", "PM"}) {
    if (rest().starts_with(half) && !is_letter(at(pos_ + half.size()))) return half.size();
  }
  return 0;
}

// "1e6", "2.5E-4".
void ChunkReader::exponent() {
  if ((at(pos_) != 'e' && at(pos_) != 'E') || is_letter(at(pos_ + 1))) return;
  std::size_t end = pos_ + 1;
  if (at(end) == '-' || at(end) == '+') ++end;
  if (!is_digit(at(end))) return;
  take(end - pos_);
  take_digits();
}

bool ChunkReader::number() {
  const std::size_t begin = pos_;
  take_digits();
  const std::size_t first = pos_ - begin;
  if (options_.decimal_comma) {
    digits_with_comma(first);
  } else {
    digits_with_point(first);
  }
  colons();
  exponent();
  for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
    if (!rest().starts_with(ending) || is_letter(at(pos_ + 2))) continue;
    chunk_.ordinal = true;
    take(2);
    break;
  }
  return true;
}

}  // namespace ft::grade
