// The answer in \boxed{...}: which boxes count, what stands around them, several that are one answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

struct BoxedAnswer {
  std::size_t position = 0;  // of the last box that counts
  std::string answer;        // empty: there are boxes, and nothing in them
};

// The last box whose braces balance, \fbox and \framebox too, with those that are joined to it ("and", "or", commas).
// A box that is empty, or says "answer", is a form to fill in and does not count behind one with contents. What stands
// against a box and calculates with it belongs to the answer: -\boxed{5} is -5, \boxed{3}/\boxed{4} is 3/4,
// \boxed{5} million is 5 million.
[[nodiscard]] std::optional<BoxedAnswer> boxed_answer(std::string_view text);

}  // namespace ft::grade
