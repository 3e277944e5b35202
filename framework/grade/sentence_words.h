// The words of a closing sentence: what announces a value ("is", "to get"), what limits it ("at least"), what denies
// it, and where its clauses begin. All texts are in lower case.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ft::grade {

// How surely what follows a word is the value: "is", "equals"; "gets", "for a total of"; "needs", "travels".
enum class Surety { states, tells, acts };

struct Copula {
  std::size_t end = 0;  // behind the word
  Surety surety = Surety::states;
};

// In their order. `imperative`: the sentence calculates ("Add 5 and 7 to get 12").
[[nodiscard]] std::vector<Copula> copulas_in(std::string_view lower, bool imperative);
// Behind the words between a copula and its value: "is about", "equals exactly", "gets an average of".
[[nodiscard]] std::size_t skip_fillers(std::string_view lower, std::size_t at);
// "add", "multiply": the sentence calculates.
[[nodiscard]] bool is_imperative(std::string_view lower);
// The number that ends at `end` is an operand of what goes on: "10 times 21", "150 minutes, minus 45".
[[nodiscard]] bool is_operand(std::string_view lower, std::size_t end);
// "between", "at least", "not", ... stand before `begin`: what follows only bounds the answer.
[[nodiscard]] bool is_bounded(std::string_view lower, std::size_t begin);
// "x = 14 is not a solution", "we cannot determine": says that something is not the answer.
[[nodiscard]] bool denies(std::string_view lower);
// "Let x = 8", "Recall that ...", "Find x when y = 8": supposes, reminds or asks, and states no result.
[[nodiscard]] bool supposes(std::string_view lower);
// Where clauses begin that say what the sentence comes to: behind ", so", ";", "then"; the start of the text first.
[[nodiscard]] std::vector<std::size_t> clause_starts(std::string_view lower);
// Where a clause begins that only gives the reason (or the circumstances: behind them the sentence may still say "is").
[[nodiscard]] std::size_t reason_start(std::string_view lower, bool circumstances);
// Behind "So in 10 hours, ...": what the clause before the comma counts is not the answer.
[[nodiscard]] std::size_t main_clause_start(std::string_view lower);

}  // namespace ft::grade
