// The words of a closing sentence that announce its value: "is", "equals", "to get". All texts are in lower case.
#pragma once

#include <cstddef>
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
// The number that ends at `end` is an operand of what goes on: "10 times 21", "150 minutes, minus 45".
[[nodiscard]] bool is_operand_of_words(std::string_view before, std::string_view behind);
[[nodiscard]] bool is_operand(std::string_view lower, std::size_t end);

}  // namespace ft::grade
