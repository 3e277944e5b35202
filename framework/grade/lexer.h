// Cuts an answer, LaTeX or plain text, into tokens: numbers with their separators joined, commands, letters, words.
//
// Everything that does not change the meaning disappears here: $ and \( delimiters, \left, \right, \displaystyle,
// spaces, markdown stars, colours and sizes, a full stop at the end. A letter run such as "xy" or "sin" stays one
// token, for the parser to split where it knows more. Characters outside ASCII become ASCII and LaTeX (characters.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ft::grade {

enum class TokenKind {
  number,   // "12345", "0.5": separators removed
  letters,  // a run of ASCII letters, as written
  command,  // "\\frac", without its argument; also signs such as "\\le" for "<="
  text,     // the contents of \text{...} and its relatives
  symbol,   // one character of punctuation; "{" "}" group, "\\{" "\\}" are commands
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  bool after_space = false;  // white space stands before it
  std::string style;         // text only: the command it came from, "text", "mathrm", "mathbf", ...
};

struct LexOptions {
  bool thousands = true;  // "1,234" outside brackets is one number; false: a list of two
  bool euler = false;     // "2e-4" is 2e - 4; false: 0.0002
};

// Throws Undecided when the text is too long (20,000 bytes) or holds bytes that no answer holds.
[[nodiscard]] std::vector<Token> lex(std::string_view text, const LexOptions& options = {});

}  // namespace ft::grade
