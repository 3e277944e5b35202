#include "framework/text/oniguruma.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include <optional>
#include <utility>

#include "framework/base/error.h"
#include "framework/text/oniguruma_brackets.h"
#include "framework/text/unicode_set.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

constexpr std::uint32_t kMostRepeats = 65535;  // PCRE2's limit

// As letters after (? set them, for the rest of a group.
struct Options {
  bool fold = false;      // i: letters match in any case
  bool dot_all = false;   // m: the dot matches a line feed
  bool extended = false;  // x: blanks and comments do not count
};

// A parser by recursive descent that writes as it reads. Runs once for each spelling.
class Translator : private BracketReader {
 public:
  using BracketReader::BracketReader;

  std::string run() {
    std::string out = alternatives({});
    if (at_ < text_.size()) refuse(at_, "an unmatched ')'");
    return out;
  }

 private:
  struct Atom {
    std::string regex;
    bool may_repeat = true;
  };

  // ---- structure

  // Up to the end of the group, which is left for the caller.
  std::string alternatives(Options options) {
    if (++depth_ > kDeepest) refuse(at_, "groups more than 100 deep");
    const std::u32string run_before = run_;
    std::string out;
    for (skip_blanks(options); peek() != kEnd && peek() != U')'; skip_blanks(options)) {
      if (take(U'|')) {
        out.push_back('|');
        run_ = run_before;
        continue;
      }
      // (?i) without a colon holds to the end of the group, over further alternatives: a(?i)b|c is a(?i:b|c).
      if (const auto changed = isolated_options(options)) {
        out += with_options(alternatives(*changed), *changed);
        continue;
      }
      out += repeated(atom(options), options);
    }
    --depth_;
    return out;
  }

  void skip_blanks(const Options& options) {
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      if (take(U"(?#")) {
        while (peek() != U')') {
          if (peek() == kEnd) refuse(begin, "a comment without an end");
          at_ += peek() == U'\\' ? 2 : 1;
        }
        ++at_;
      } else if (options.extended && u_isUWhiteSpace(static_cast<UChar32>(peek()))) {
        ++at_;
      } else if (options.extended && peek() == U'#') {
        while (peek() != kEnd && peek() != U'\n') ++at_;
      } else {
        return;
      }
    }
  }

  static std::string with_options(const std::string& regex, const Options& options) {
    return fmt::format("({}:{})", options.fold ? "?i" : "?-i", regex);
  }

  // The letters of "(?imx-imx" from at_ on; nullopt, and nothing read, where this is no such group.
  std::optional<Options> option_letters(Options options) {
    std::size_t at = at_;
    bool on = true, any = false;
    for (;; ++at) {
      const char32_t c = at < text_.size() ? text_[at] : kEnd;
      if (c == U'i')
        options.fold = on;
      else if (c == U'm')
        options.dot_all = on;
      else if (c == U'x')
        options.extended = on;
      else if (c == U'-' && on)
        on = false;
      else
        break;
      any = true;
    }
    if (!any) return std::nullopt;
    at_ = at;
    return options;
  }

  std::optional<Options> isolated_options(const Options& options) {
    const std::size_t begin = at_;
    if (take(U"(?")) {
      const auto changed = option_letters(options);
      if (changed && take(U')')) return changed;
    }
    at_ = begin;
    return std::nullopt;
  }

  Atom group(const Options& options) {
    const std::size_t begin = at_ - 1;  // the parenthesis is read
    const auto close = [&](std::string opening, const Options& inner, bool may_repeat) {
      std::string regex = opening + alternatives(inner) + ")";
      if (!take(U')')) refuse(begin, "a '(' without its ')'");
      return Atom{std::move(regex), may_repeat};
    };
    if (peek() == U'*') refuse(begin, "a callout, (*");
    if (!take(U'?')) {
      if (in_lookbehind_) refuse(begin, "a capturing group within a look-behind");
      const std::size_t number = groups_.size();
      groups_.push_back(false);
      Atom atom = close("(", options, true);
      groups_[number] = true;
      return atom;
    }
    if (take(U':')) return close("(?:", options, true);
    if (take(U'>')) return close("(?>", options, true);
    if (take(U'=')) return close("(?=", options, false);
    if (take(U'!')) return close("(?!", options, false);
    for (const auto& [sign, opening] : {std::pair{U"<=", "(?<="}, std::pair{U"<!", "(?<!"}}) {
      if (!take(sign)) continue;
      const bool outer = std::exchange(in_lookbehind_, true);
      Atom atom = close(opening, options, false);
      in_lookbehind_ = outer;
      return atom;
    }
    if (peek() == U'<' || peek() == U'\'') return named_group(begin, options);
    if (const auto changed = option_letters(options)) {
      if (take(U':')) return close(changed->fold ? "(?i:" : "(?-i:", *changed, true);
    }
    refuse(begin, unsupported_group());
  }

  // Groups with names capture nothing here: what would refer to them is refused.
  Atom named_group(std::size_t begin, const Options& options) {
    const char32_t close = text_[at_++] == U'<' ? U'>' : U'\'';
    while (peek() != close) {
      if (peek() == kEnd || !(is_letter(peek()) || is_digit(peek()) || peek() == U'_'))
        refuse(begin, "a group without a name");
      ++at_;
    }
    ++at_;
    names_ = true;
    std::string regex = "(?:" + alternatives(options) + ")";
    if (!take(U')')) refuse(begin, "a '(' without its ')'");
    return {std::move(regex)};
  }

  [[nodiscard]] std::string unsupported_group() const {
    switch (peek()) {
      case U'~':
        return "an absent operator, (?~";
      case U'(':
        return "a condition, (?(";
      case U'{':
        return "a callout, (?{";
      case U'P':
        return "(?P, which the reference does not know either; write (?<name>";
      case kEnd:
        return "a '(' without its ')'";
      default: {
        std::string c;
        append_utf8(c, peek());
        return fmt::format("a group (?{}", c);
      }
    }
  }

  // ---- repeats

  struct Interval {
    std::string text;  // {2,3}
    bool is_fixed = false, is_possessive = false;
  };

  // {n}, {n,}, {n,m}, {,m} at at_; nothing is read where the brace stands for itself.
  std::optional<Interval> interval() {
    const std::size_t begin = at_;
    const auto number = [&]() -> std::optional<std::uint32_t> {
      if (!is_digit(peek())) return std::nullopt;
      std::uint32_t value = 0;
      for (; is_digit(peek()); ++at_) {
        value = value * 10 + (peek() - U'0');
        if (value > kMostRepeats) refuse(begin, fmt::format("more than {} repeats", kMostRepeats));
      }
      return value;
    };
    ++at_;
    auto low = number();
    const bool comma = take(U',');
    auto high = comma ? number() : low;
    if ((!low && !high) || !take(U'}')) {
      at_ = begin;
      return std::nullopt;
    }
    Interval found{.text = {}, .is_fixed = !comma, .is_possessive = low && high && *low > *high};
    if (found.is_possessive) std::swap(low, high);
    found.text = fmt::format("{{{},{}}}", low.value_or(0), high ? std::to_string(*high) : std::string());
    if (low && high && *low == *high) found.text = fmt::format("{{{}}}", *low);
    return found;
  }

  // What stands behind an atom: of several quantifiers each repeats what is before it.
  std::string repeated(Atom atom, const Options& options) {
    bool repeats = false;
    for (;;) {
      skip_blanks(options);
      const std::size_t begin = at_;
      std::string quantifier;
      if (peek() == U'?' || peek() == U'*' || peek() == U'+') {
        quantifier.push_back(static_cast<char>(text_[at_++]));
        if (take(U'?'))
          quantifier.push_back('?');
        else if (take(U'+'))
          quantifier.push_back('+');
      } else if (peek() == U'{') {
        const auto found = interval();
        if (!found) break;
        quantifier = found->text;
        // {n}? is an optional {n}, and + is never part of an interval.
        if (found->is_possessive)
          quantifier.push_back('+');
        else if (!found->is_fixed && take(U'?'))
          quantifier.push_back('?');
      } else {
        break;
      }
      if (!atom.may_repeat) refuse(begin, "a repeat of an assertion");
      atom.regex = repeats ? fmt::format("(?:{}){}", atom.regex, quantifier) : atom.regex + quantifier;
      repeats = true;
      run_.clear();
    }
    return std::move(atom.regex);
  }

  // ---- single items

  Atom atom(const Options& options) {
    const std::size_t begin = at_;
    const char32_t c = text_[at_++];
    switch (c) {
      case U'(':
        return group(options);
      case U'\\':
        return escape(begin, options);
      case U'[': {
        CharacterSet set = bracket(begin, options.fold);
        return {set.regex()};
      }
      case U'.':
        run_.clear();
        return {options.dot_all ? "\\p{Any}" : "."};
      case U'^':
        return {"^", false};
      case U'$':
        return {"$", false};
      case U'*':
      case U'+':
      case U'?':
        refuse(begin, "nothing to repeat");
      case U'{':
        --at_;
        if (interval()) refuse(begin, "nothing to repeat");
        ++at_;
        return literal(begin, c, options);
      default:
        return literal(begin, c, options);
    }
  }

  Atom literal(std::size_t begin, char32_t c, const Options& options) {
    if (!options.fold)
      run_.clear();
    else
      note_folded(begin, c);
    return {pcre2_literal(c)};
  }

  std::string set_regex(std::string_view name, bool negated = false) {
    CharacterSet set(spelling_);
    set.add(set_row(*find_unicode_set(name)), negated);
    return set.regex();
  }

  // A set that is named has no case: (?i)\p{Lu} matches capitals only.
  static Atom named(const std::string& regex, const Options& options) {
    return {options.fold && !regex.starts_with("\\p") && !regex.starts_with("\\P") ? fmt::format("(?-i:{})", regex)
                                                                                   : regex};
  }

  Atom escape(std::size_t begin, const Options& options) {
    if (const auto c = escaped_character(begin)) return literal(begin, *c, options);
    run_.clear();
    if (const auto row = escaped_set(begin)) {
      CharacterSet set(spelling_);
      set.add(set_row(*row->first), row->second);
      return named(set.regex(), options);
    }
    const char32_t c = text_[at_++];
    switch (c) {
      case U'A':
        return {"\\A", false};
      case U'z':
        return {"\\z", false};
      case U'Z':
        return {"\\Z", false};
      case U'G':
        return {"\\G", false};
      case U'K':
        return {"\\K", false};
      case U'b':
        return {fmt::format("(?:(?<={0})(?!{0})|(?<!{0})(?={0}))", set_regex("\\w")), false};
      case U'B':
        return {fmt::format("(?:(?<={0})(?={0})|(?<!{0})(?!{0}))", set_regex("\\w")), false};
      case U'R':
        return {"\\R"};
      case U'N':
        return {"."};
      case U'O':
        return {"\\p{Any}"};
      default:
        break;
    }
    if (is_digit(c) && c != U'0') return back_reference(begin, c, options);
    std::string text;
    append_utf8(text, c);
    refuse(begin, fmt::format("\\{}", text));
  }

  Atom back_reference(std::size_t begin, char32_t c, const Options& options) {
    const std::size_t number = c - U'0';
    if (is_digit(peek())) refuse(begin, "a number of several digits behind \\; write \\x{..} for a character");
    if (names_) refuse(begin, "a reference by number beside named groups");
    if (number > groups_.size() || !groups_[number - 1])
      refuse(begin, "a reference to a group that does not end before it");
    if (options.fold) refuse(begin, "a reference without case");
    if (in_lookbehind_) refuse(begin, "a reference within a look-behind");
    return {fmt::format("\\g{{{}}}", number)};
  }

  std::vector<bool> groups_;  // [captures so far] whether it is closed
  bool names_ = false, in_lookbehind_ = false;
};

}  // namespace

TranslatedPattern translate_oniguruma(std::string_view pattern) {
  TranslatedPattern translated;
  check_utf8(pattern, "the pattern");
  translated.usual = Translator(pattern, Spelling::usual, translated.newer).run();
  translated.exact = Translator(pattern, Spelling::exact, translated.newer).run();
  return translated;
}

TranslatedPattern pattern_of_set(std::string_view set, bool negated) {
  const UnicodeSetRow* row = find_unicode_set(set);
  FT_CHECK(row != nullptr, "there is no set '{}'", set);
  CharacterSet usual(Spelling::usual), exact(Spelling::exact);
  usual.add(*row, negated);
  exact.add(*row, negated);
  TranslatedPattern translated{usual.regex(), exact.regex(), {row->added.begin(), row->added.end()}};
  translated.newer.insert(translated.newer.end(), row->removed.begin(), row->removed.end());
  return translated;
}

}  // namespace ft
