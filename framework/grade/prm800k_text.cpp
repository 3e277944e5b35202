#include "framework/grade/prm800k_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "framework/grade/prm800k.h"
#include "framework/grade/prm800k_latex.h"

namespace ft::grade {

void replace_all(std::string* text, std::string_view what, std::string_view with) {
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = text->find(what); at != std::string::npos; at = text->find(what, begin)) {
    out.append(*text, begin, at - begin);
    out += with;
    begin = at + what.size();
  }
  out.append(*text, begin);
  *text = std::move(out);
}

std::string trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

namespace {

// "\text{abc}" as a whole to "abc".
std::string without_text_command(std::string text) {
  if (text.starts_with("\\text{") && text.ends_with("}") && text.size() > 7)
    return trimmed(text.substr(6, text.size() - 7));
  return text;
}

// The whole text as a number of the form that Python's float() reads, words aside.
std::optional<double> as_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_whole(double value) { return std::fabs(value) < 1e15 && std::fabs(value - std::round(value)) <= 1e-7; }

std::string whole_text(double value) { return std::to_string(static_cast<long long>(std::llround(value))); }

// \frac12, \frac1{72} to the form with braces; false where an argument is missing.
bool brace_fractions(std::string* text) {
  constexpr std::string_view kFrac = "\\frac";
  std::size_t begin = 0;
  for (std::size_t at = text->find(kFrac); at != std::string::npos; at = text->find(kFrac, begin)) {
    begin = at + kFrac.size();
    if (begin < text->size() && (*text)[begin] == '{') continue;
    if (begin + 1 >= text->size()) return false;
    const char top = (*text)[begin];
    const char bottom = (*text)[begin + 1];
    std::string fixed = std::string("{") + top + "}";
    if (bottom != '{') fixed += std::string("{") + bottom + "}";
    text->replace(begin, bottom == '{' ? 1 : 2, fixed);
    begin += fixed.size();
  }
  return true;
}

// \sqrt3 to \sqrt{3}; false where nothing follows.
bool brace_roots(std::string* text) {
  constexpr std::string_view kSqrt = "\\sqrt";
  for (std::size_t at = text->find(kSqrt); at != std::string::npos; at = text->find(kSqrt, at + kSqrt.size())) {
    const std::size_t next = at + kSqrt.size();
    if (next >= text->size()) return false;
    if ((*text)[next] == '{') continue;
    text->replace(next, 1, std::string("{") + (*text)[next] + "}");
  }
  return true;
}

// Digits, a slash, digits and nothing else, written as str(int) writes them.
void write_slash_as_fraction(std::string* text) {
  const std::size_t slash = text->find('/');
  if (slash == std::string::npos) return;
  const auto whole = [](std::string_view part) {
    const bool minus = part.starts_with('-');
    if (minus) part.remove_prefix(1);
    const bool digits = !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
    return digits && (part.size() == 1 || part.front() != '0') && !(minus && part == "0");
  };
  const std::string top = text->substr(0, slash);
  const std::string bottom = text->substr(slash + 1);
  if (whole(top) && whole(bottom)) *text = "\\frac{" + top + "}{" + bottom + "}";
}

// The body of the normalisation; nothing where the original stops with an exception.
std::optional<std::string> math_steps(std::string text) {
  replace_all(&text, "\n", "");
  replace_all(&text, "\\!", "");
  replace_all(&text, "\\\\", "\\");
  replace_all(&text, "tfrac", "frac");
  replace_all(&text, "dfrac", "frac");
  for (const std::string_view gone : {"\\left", "\\right", "^{\\circ}", "^\\circ", "\\$"}) replace_all(&text, gone, "");
  if (const std::size_t unit = text.find("\\text{ "); unit != std::string::npos) {
    if (text.find("\\text{ ", unit + 1) != std::string::npos) return std::nullopt;
    text.resize(unit);
  }
  replace_all(&text, "\\%", "");
  replace_all(&text, " .", " 0.");
  replace_all(&text, "{.", "{0.");
  if (text.empty()) return text;
  if (text.front() == '.') text.insert(0, "0");
  if (std::count(text.begin(), text.end(), '=') == 1 && text.find('=') <= 2) text.erase(0, text.find('=') + 1);
  if (!brace_roots(&text)) return std::nullopt;
  replace_all(&text, " ", "");
  std::string fractions = text;
  if (brace_fractions(&fractions)) text = std::move(fractions);
  if (text == "0.5") text = "\\frac{1}{2}";
  write_slash_as_fraction(&text);
  return text;
}

// Deletes each unit with a plural ending, blanks and a power behind it: "unit(es)?(s)? *(\^[0-9]+)?".
void delete_units(std::string* text) {
  static constexpr std::array<std::string_view, 16> kUnits{"degree", "cm",   "centimeter", "meter", "mile",  "second",
                                                           "minute", "hour", "day",        "week",  "month", "year",
                                                           "foot",   "feet", "inch",       "yard"};
  for (const std::string_view unit : kUnits) {
    for (std::size_t at = text->find(unit); at != std::string::npos; at = text->find(unit, at)) {
      std::size_t end = at + unit.size();
      const auto skip = [&](std::string_view what) {
        if (std::string_view(*text).substr(end).starts_with(what)) end += what.size();
      };
      skip("es");
      skip("s");
      while (end < text->size() && (*text)[end] == ' ') ++end;
      std::size_t power = end;
      if (power < text->size() && (*text)[power] == '^') {
        ++power;
        const std::size_t digits = power;
        while (power < text->size() && is_digit((*text)[power])) ++power;
        if (power > digits) end = power;
      }
      text->erase(at, end - at);
    }
  }
}

// "- 3" to "-3", "2 1/3" to "2+1/3", no blanks.
std::string without_blanks(const std::string& text) {
  std::string out;
  std::size_t first_free = 0;  // a digit that ends one pair begins no other: "1 2 3" is 1+23 there
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ') {
      out.push_back(text[i]);
      continue;
    }
    const bool begins = i > first_free && is_digit(text[i - 1]);
    while (i + 1 < text.size() && text[i + 1] == ' ') ++i;
    if (!begins || i + 1 >= text.size() || !is_digit(text[i + 1])) continue;
    out.push_back('+');
    first_free = i + 2;
  }
  return out;
}

}  // namespace

std::string math_normal_text(std::string_view answer) {
  const std::string start = without_text_command(trimmed(answer));
  return math_steps(start).value_or(start);
}

std::string prm800k_normal_text(std::string_view answer) {
  std::string text = without_text_command(std::string(answer));
  replace_all(&text, "\\%", "%");
  replace_all(&text, "\\$", "$");
  replace_all(&text, "$", "");
  replace_all(&text, "%", "");
  replace_all(&text, " or ", " , ");
  replace_all(&text, " and ", " , ");
  replace_all(&text, "million", "*10^6");
  replace_all(&text, "billion", "*10^9");
  replace_all(&text, "trillion", "*10^12");
  delete_units(&text);
  replace_all(&text, "^\\circ", "");
  replace_all(&text, "^ \\circ", "");
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  while (text.find(",\\! ") != std::string::npos) replace_all(&text, ",\\! ", ",\\!");
  replace_all(&text, ",\\!", "");
  if (const auto value = as_number(text); value && is_whole(*value)) text = whole_text(*value);
  if (text.find('\\') != std::string::npos) text = latex_as_text(text);
  while (text.find("- ") != std::string::npos) replace_all(&text, "- ", "-");
  text = without_blanks(text);
  replace_all(&text, "{", "");
  replace_all(&text, "}", "");
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (reads_as_whole(text)) {
    replace_all(&text, ",", "");
    text = whole_text(*as_number(text));
  }
  return text;
}

std::string without_thousands_commas(std::string text) {
  for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',', at)) {
    const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
    const bool groups = at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4);
    if (groups)
      text.erase(at, 1);
    else
      ++at;
  }
  return text;
}

bool reads_as_whole(std::string text) {
  replace_all(&text, ",", "");
  const auto value = as_number(text);
  return value && is_whole(*value);
}

}  // namespace ft::grade
