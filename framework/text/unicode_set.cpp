#include "framework/text/unicode_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "framework/text/utf8.h"

namespace ft {
namespace {

std::string plain_name(std::string_view name) {
  if (name.starts_with('[') || name.starts_with('\\') || name.starts_with("rust ")) return std::string(name);
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    plain.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return plain;
}

std::string spelled(std::span<const CodePointRange> ranges) {
  std::string text;
  for (const CodePointRange range : ranges) {
    text += pcre2_literal(range.first);
    if (range.last != range.first) text += "-" + pcre2_literal(range.last);
  }
  return text;
}

// "\p{..}" alone can be negated by its letter, and needs no brackets.
bool is_one_property(std::string_view inside) {
  return (inside.starts_with("\\p{") || inside.starts_with("\\P{")) && inside.find('}') + 1 == inside.size();
}

std::string other_case_of_p(std::string_view property) {
  std::string text(property);
  text[1] = text[1] == 'p' ? 'P' : 'p';
  return text;
}

}  // namespace

const UnicodeSetRow* find_unicode_set(std::string_view name) {
  const std::string plain = plain_name(name);
  const auto rows = unicode_set_rows();
  const auto found = std::ranges::find(rows, plain, &UnicodeSetRow::name);
  return found == rows.end() ? nullptr : &*found;
}

std::string pcre2_literal(char32_t code_point) {
  if (code_point < 0x20 || code_point >= 0x7F)
    return fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(code_point));
  const char c = static_cast<char>(code_point);
  const bool is_sign = !(c == ' ' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
  return is_sign ? std::string{'\\', c} : std::string(1, c);
}

void CharacterSet::add(char32_t first, char32_t last) {
  const CodePointRange range{first, last};
  inside_ += spelled({&range, 1});
}

void CharacterSet::add(const UnicodeSetRow& row, bool negated) {
  const bool exact = spelling_ == Spelling::exact;
  const std::string added = exact ? spelled(row.added) : std::string();
  const std::string removed = exact ? spelled(row.removed) : std::string();
  if (!negated && removed.empty()) {
    inside_ += std::string(row.inside) + added;
  } else if (!negated) {
    others_.push_back(fmt::format("(?![{}])[{}{}]", removed, row.inside, added));
  } else {
    if (is_one_property(row.inside) && added.empty()) {
      inside_ += other_case_of_p(row.inside);
    } else {
      others_.push_back(fmt::format("[^{}{}]", row.inside, added));
    }
    inside_ += removed;
  }
}

void CharacterSet::add(const CharacterSet& other) {
  if (other.is_plain()) {
    inside_ += other.inside_;
  } else {
    others_.push_back(other.regex());
  }
}

void CharacterSet::intersect(const CharacterSet& other) {
  const std::string both = fmt::format("(?={}){}", regex(), other.regex());
  inside_.clear();
  others_ = {both};
  negated_ = false;
}

std::string CharacterSet::regex() const {
  if (others_.empty()) {
    if (inside_.empty()) return negated_ ? "\\p{Any}" : "\\P{Any}";
    if (is_one_property(inside_)) return negated_ ? other_case_of_p(inside_) : inside_;
    return fmt::format("[{}{}]", negated_ ? "^" : "", inside_);
  }
  std::vector<std::string> all = others_;
  if (!inside_.empty()) all.insert(all.begin(), fmt::format("[{}]", inside_));
  return negated_ ? fmt::format("(?:(?!{})\\p{{Any}})", fmt::join(all, "|"))
                  : fmt::format("(?:{})", fmt::join(all, "|"));
}

}  // namespace ft
