// The letters of options as sentences state them: "so it must be C", "A, B and D are wrong", "both A and C are correct",
// and an option with its wording that is the whole text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// The one letter from A to J, but I, that stands alone and is not denied.
[[nodiscard]] std::optional<std::string> stated_choice(std::string_view sentence);

// "A and C" for "Both A and C are correct": several letters, of which one clause says that they are right.
[[nodiscard]] std::optional<std::string> stated_letters(std::string_view sentence);

// "C" for "C Cecile", "(D) Alina", "B. because ...": an option of a multiple-choice question with its wording.
[[nodiscard]] std::optional<std::string> choice_with_wording(std::string_view text);

// "(C) 24", "C. 24", "c) 24 apples", "(c)", "Option C: 24" and nothing else.
[[nodiscard]] bool is_option_with_value(std::string_view text);

}  // namespace ft::grade
