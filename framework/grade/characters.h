// One spelling for each character: what people type, copy and print outside ASCII, as ASCII and LaTeX.
//
// Compatibility forms are folded as Unicode's NFKC folds them (full-width forms, mathematical alphabets, the decimal
// digits of every script), but where NFKC would change the value the meaning is kept: "2¹⁰" is 2^{10} and not 210, "½"
// is \frac{1}{2} and not "1⁄2". Signs of mathematics become their LaTeX commands, currency signs commands of their own
// (\euro, \pounds, ...), invisible characters vanish. Everything else stays as it is. The table is in characters.cpp.
#pragma once

#include <string>
#include <string_view>

namespace ft::grade {

//   plain_characters("x⁴ ≤ ７") == "x^{4} \\le 7"
// Never fails: bytes that are no UTF-8 stay.
[[nodiscard]] std::string plain_characters(std::string_view text);

}  // namespace ft::grade
