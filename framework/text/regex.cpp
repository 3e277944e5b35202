#include "framework/text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>
#include <unicode/uniset.h>

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "framework/base/error.h"
#include "framework/text/oniguruma.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

std::string pcre2_message(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

// A pattern compiled, by machine code where there is a compiler for it.
class Program {
 public:
  Program(std::string_view pattern, const std::string& translated) {
    const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
        pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
    FT_CHECK(context != nullptr, "out of memory for a PCRE2 pattern");
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context.get(), PCRE2_BSR_UNICODE);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                          PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &offset, context.get());
    if (code_ == nullptr)
      fail_user(fmt::format("the pattern '{}' cannot be taken over: {}", pattern, pcre2_message(error)));
    std::uint32_t may_be_empty = 1;
    pcre2_pattern_info(code_, PCRE2_INFO_MATCHEMPTY, &may_be_empty);
    may_be_empty_ = may_be_empty != 0;
    jit_ = pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE) == 0;  // absent on some machines: interpreted there
  }
  ~Program() { pcre2_code_free(code_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int match(std::string_view text, std::size_t from, pcre2_match_data* match_data) const {
    if (from == text.size() && !may_be_empty_) return PCRE2_ERROR_NOMATCH;
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int result = PCRE2_ERROR_JIT_STACKLIMIT;
    if (jit_) result = pcre2_jit_match(code_, subject, text.size(), from, PCRE2_NO_UTF_CHECK, match_data, nullptr);
    // JIT code runs on 32 KB of machine stack; the interpreter takes what it needs from the heap.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
      result = pcre2_match(code_, subject, text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match_data, nullptr);
    }
    return result;
  }

 private:
  pcre2_code* code_ = nullptr;
  bool jit_ = false, may_be_empty_ = true;
};

}  // namespace

struct Regex::Code {
  std::unique_ptr<Program> usual, exact;  // exact: nullptr where the usual one is right for all texts
  icu::UnicodeSet newer;                  // the characters that ask for the exact one
};

Regex::Regex(std::string_view pattern) : Regex(pattern, translate_oniguruma(pattern)) {}

Regex Regex::of_set(std::string_view set, std::string_view quantifier) {
  TranslatedPattern pattern = pattern_of_set(set, false);
  pattern.usual += quantifier;
  pattern.exact += quantifier;
  return {set, pattern};
}

Regex Regex::words_and_signs() {
  TranslatedPattern words = pattern_of_set("rust word", false), others = pattern_of_set("rust word", true);
  const TranslatedPattern no_blank = pattern_of_set("rust white space", true);
  words.usual += fmt::format("+|(?:(?={}){})+", no_blank.usual, others.usual);
  words.exact += fmt::format("+|(?:(?={}){})+", no_blank.exact, others.exact);
  words.newer.insert(words.newer.end(), no_blank.newer.begin(), no_blank.newer.end());
  return {"rust word", words};
}

Regex::Regex(std::string_view pattern, const TranslatedPattern& translated) : code_(std::make_unique<Code>()) {
  code_->usual = std::make_unique<Program>(pattern, translated.usual);
  if (translated.exact == translated.usual) return;
  code_->exact = std::make_unique<Program>(pattern, translated.exact);
  for (const CodePointRange range : translated.newer) {
    code_->newer.add(static_cast<UChar32>(range.first), static_cast<UChar32>(range.last));
  }
  code_->newer.freeze();
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

Regex::Matcher::Matcher(const Regex& regex) : regex_(&regex), match_data_(pcre2_match_data_create(1, nullptr)) {
  FT_CHECK(match_data_ != nullptr, "out of memory for PCRE2 match data");
}

Regex::Matcher::~Matcher() { pcre2_match_data_free(static_cast<pcre2_match_data*>(match_data_)); }

Regex::Matcher::Matcher(Matcher&& other) noexcept
    : regex_(other.regex_),
      match_data_(std::exchange(other.match_data_, nullptr)),
      exact_(other.exact_),
      text_(other.text_),
      from_(other.from_),
      last_end_(other.last_end_) {}

void Regex::Matcher::look_at(std::string_view whole) {
  constexpr auto kLongest = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
  const Code& code = *regex_->code_;
  if (code.exact == nullptr) return;
  const auto size = static_cast<std::int32_t>(std::min(whole.size(), kLongest));
  exact_ = whole.size() > kLongest || code.newer.spanUTF8(whole.data(), size, USET_SPAN_NOT_CONTAINED) < size;
}

void Regex::Matcher::begin(std::string_view text) {
  text_ = text;
  from_ = 0;
  last_end_ = std::string::npos;
}

std::optional<Regex::Range> Regex::Matcher::next() {
  while (from_ <= text_.size()) {
    const auto found = find(from_);
    if (!found) break;
    if (found->begin == found->end && found->end == last_end_) {
      if (from_ == text_.size()) break;
      static_cast<void>(next_code_point(text_, from_));
      continue;
    }
    from_ = last_end_ = found->end;
    return found;
  }
  from_ = text_.size() + 1;
  return std::nullopt;
}

std::optional<Regex::Range> Regex::Matcher::find(std::size_t from) {
  const Code& code = *regex_->code_;
  auto* match_data = static_cast<pcre2_match_data*>(match_data_);
  const int result = (exact_ && code.exact ? *code.exact : *code.usual).match(text_, from, match_data);
  if (result == PCRE2_ERROR_NOMATCH) return std::nullopt;
  FT_CHECK(result >= 0, "PCRE2 gave up at byte {} of {}: {}", from, text_.size(), pcre2_message(result));
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match_data);
  return Range{range[0], range[1]};
}

std::string replace_matches(const Regex& regex, std::string_view text, std::string_view content) {
  if (text.empty()) return {};  // the reference looks for nothing there
  Regex::Matcher matcher(regex);
  matcher.look_at(text);
  matcher.begin(text);
  std::string out;
  std::size_t at = 0;
  while (const auto found = matcher.next()) {
    out += text.substr(at, found->begin - at);
    out += content;
    at = found->end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace ft
