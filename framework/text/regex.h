// A compiled regular expression over UTF-8, shared between threads; matching state lives in a Matcher, one a caller.
//
// The patterns come from tokenizer.json and were written for Oniguruma (oniguruma.h translates or refuses them); PCRE2
// runs them, with its JIT compiler where the machine has one. Matches follow each other as in the reference library,
// empty ones included.
//
//   const Regex word("\\p{L}+|\\s+");
//   Regex::Matcher matcher(word);
//   matcher.begin(text);
//   while (const auto found = matcher.next()) use(*found);
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ft {

struct TranslatedPattern;

class Regex {
 public:
  struct Range {
    std::size_t begin = 0, end = 0;  // bytes
  };

  // Throws UserError that says what cannot be taken over, or with PCRE2's words why the pattern does not compile.
  explicit Regex(std::string_view pattern);

  // What the reference does without a pattern: one character of a set of unicode_set.h, with a quantifier; words and
  // runs of other signs.
  [[nodiscard]] static Regex of_set(std::string_view set, std::string_view quantifier);
  [[nodiscard]] static Regex words_and_signs();
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  // Not to be shared between threads; cheap to make (one small allocation).
  class Matcher {
   public:
    explicit Matcher(const Regex& regex);
    ~Matcher();
    Matcher(Matcher&&) noexcept;

    // Says which text the next ones are part of: whether it holds characters newer than PCRE2's Unicode is looked up
    // once, here. Without it they are reckoned with.
    void look_at(std::string_view whole);

    // From here on next() gives the matches in `text`: valid UTF-8, and kept by the caller.
    void begin(std::string_view text);

    // The next match; an empty one does not stand right behind the one before. Throws Error when PCRE2 gives up (its
    // limits on backtracking).
    [[nodiscard]] std::optional<Range> next();

   private:
    [[nodiscard]] std::optional<Range> find(std::size_t from);

    const Regex* regex_;
    void* match_data_;
    bool exact_ = true;
    std::string_view text_;
    std::size_t from_ = 0;                      // where the search goes on; behind the text: at its end
    std::size_t last_end_ = std::string::npos;  // of the match before
  };

 private:
  struct Code;
  Regex(std::string_view pattern, const TranslatedPattern& translated);
  std::unique_ptr<Code> code_;
};

// `text` with `content` in place of each match.
[[nodiscard]] std::string replace_matches(const Regex& regex, std::string_view text, std::string_view content);

}  // namespace ft
