// A compiled regular expression over UTF-8, shared between threads; matching state lives in a Matcher, one a caller.
//
// The patterns come from tokenizer.json and were written for Oniguruma; PCRE2 runs them (with its JIT compiler where
// the machine has one). Three differences are settled here: \s is Unicode White_Space (PCRE2's has U+180E too), ^ and $
// are the ends of lines, and what PCRE2 reads differently (\h, &&) is refused.
//
//   const Regex word("\\p{L}+|\\s+");
//   Regex::Matcher matcher(word);
//   while (const auto found = matcher.find(text, at)) at = found->end;
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ft {

class Regex {
 public:
  struct Range {
    std::size_t begin = 0, end = 0;  // bytes
  };

  // Throws UserError with PCRE2's words and the place in the pattern when it does not compile.
  explicit Regex(std::string_view pattern);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  // Not to be shared between threads; cheap to make (one small allocation).
  class Matcher {
   public:
    explicit Matcher(const Regex& regex);
    ~Matcher();
    Matcher(Matcher&&) noexcept;

    // The first non-empty match at or after byte `from`. `text` must be valid UTF-8 and `from` at a character.
    // Throws Error when PCRE2 gives up (its limits on backtracking).
    [[nodiscard]] std::optional<Range> find(std::string_view text, std::size_t from);

   private:
    const Regex* regex_;
    void* match_data_;
  };

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

}  // namespace ft
