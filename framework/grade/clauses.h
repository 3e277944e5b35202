// The clauses of a closing sentence: where they begin, which give reasons, which calculate. All texts are in lower case.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ft::grade {

// Where clauses begin that say what the sentence comes to: behind ", so", ";", "then"; the start of the text first.
[[nodiscard]] std::vector<std::size_t> clause_starts(std::string_view lower);
// Where a clause begins that only gives the reason (or the circumstances: behind them the sentence may still say "is").
[[nodiscard]] std::size_t reason_start(std::string_view lower, bool circumstances);
// Behind "So in 10 hours, ...": what the clause before the comma counts is not the answer.
[[nodiscard]] std::size_t main_clause_start(std::string_view lower);
// "add", "multiply": the sentence calculates.
[[nodiscard]] bool is_imperative(std::string_view lower);
// The sentence without remarks in brackets that hold words and no formula.
[[nodiscard]] std::string without_brackets(std::string_view sentence);

}  // namespace ft::grade
