// Answers that a sentence says in words: "so it will be a Thursday", "no, because 9 is not prime", "there are no real
// solutions", "the function is even".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// The one day of the week that is named.
[[nodiscard]] std::optional<std::string> stated_weekday(std::string_view sentence);

// Yes or no, that nothing or infinitely much solves a problem, or one word for a property; not where it is denied,
// supposed or guessed.
[[nodiscard]] std::optional<std::string> stated_words(std::string_view sentence);

}  // namespace ft::grade
