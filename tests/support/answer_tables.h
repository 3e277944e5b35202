// Tables of answers for the tests of the grader: pairs that must be equal or must not be, in both orders, and texts in
// which an answer must be found or must not be.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "framework/grade/grade.h"

namespace ft::testing {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline void check_pairs(const Pairs& pairs, bool expected) {
  for (const auto& [gold, candidate] : pairs) {
    const auto forward = grade::equal(gold, candidate);
    CHECK_MESSAGE((forward.verdict == Verdict::equal) == expected, gold, " and ", candidate, ": ", forward.reason);
    CHECK_MESSAGE(grade::equal(candidate, gold).verdict == forward.verdict, candidate, " and ", gold,
                  ": not symmetric");
  }
}

inline void check_texts(const Pairs& texts, bool expected) {
  for (const auto& [gold, text] : texts) {
    const auto extracted = grade::extract(text);
    const bool right = extracted.found && grade::equal(gold, extracted.answer).verdict == Verdict::equal;
    CHECK_MESSAGE(right == expected, gold, " in '", text, "': took '", extracted.answer, "' by ", extracted.how);
  }
}

}  // namespace ft::testing
