#include "framework/text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include <array>
#include <utility>

#include "framework/base/error.h"

namespace ft {
namespace {

// Oniguruma's meaning in PCRE2's spelling.
std::string translate(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.substr(i, 2) == "&&") {
      fail_user(fmt::format("the pattern '{}' uses a class intersection (&&), which is not supported", pattern));
    }
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out.push_back(pattern[i]);
      continue;
    }
    const char escaped = pattern[++i];
    if (escaped == 'h' || escaped == 'H') {
      fail_user(fmt::format("the pattern '{}' uses \\{}, whose meaning differs between engines", pattern, escaped));
    }
    if (escaped == 's') {
      out += "\\p{White_Space}";
    } else if (escaped == 'S') {
      out += "\\P{White_Space}";
    } else {
      out += {'\\', escaped};
    }
  }
  return out;
}

std::string pcre2_message(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Regex::Code {
  pcre2_code* code = nullptr;
  bool jit = false;
  ~Code() { pcre2_code_free(code); }
};

Regex::Regex(std::string_view pattern) : code_(std::make_unique<Code>()) {
  const std::string translated = translate(pattern);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &offset, nullptr);
  if (code_->code == nullptr) {
    fail_user(fmt::format("the pattern '{}' does not compile: {} at byte {} of '{}'", pattern, pcre2_message(error),
                          offset, translated));
  }
  code_->jit = pcre2_jit_compile(code_->code, PCRE2_JIT_COMPLETE) == 0;  // absent on some machines: interpreted there
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

Regex::Matcher::Matcher(const Regex& regex) : regex_(&regex), match_data_(pcre2_match_data_create(1, nullptr)) {
  FT_CHECK(match_data_ != nullptr, "out of memory for PCRE2 match data");
}

Regex::Matcher::~Matcher() { pcre2_match_data_free(static_cast<pcre2_match_data*>(match_data_)); }

Regex::Matcher::Matcher(Matcher&& other) noexcept
    : regex_(other.regex_), match_data_(std::exchange(other.match_data_, nullptr)) {}

std::optional<Regex::Range> Regex::Matcher::find(std::string_view text, std::size_t from) {
  const Code& code = *regex_->code_;
  auto* match_data = static_cast<pcre2_match_data*>(match_data_);
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  constexpr std::uint32_t kOptions = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
  int result = PCRE2_ERROR_JIT_STACKLIMIT;
  if (code.jit) result = pcre2_jit_match(code.code, subject, text.size(), from, kOptions, match_data, nullptr);
  // JIT code runs on 32 KB of machine stack; the interpreter takes what it needs from the heap.
  if (result == PCRE2_ERROR_JIT_STACKLIMIT) {
    result = pcre2_match(code.code, subject, text.size(), from, kOptions | PCRE2_NO_JIT, match_data, nullptr);
  }
  if (result == PCRE2_ERROR_NOMATCH) return std::nullopt;
  FT_CHECK(result >= 0, "PCRE2 gave up at byte {} of {}: {}", from, text.size(), pcre2_message(result));
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match_data);
  return Range{range[0], range[1]};
}

}  // namespace ft
