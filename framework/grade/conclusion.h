// The answer that a text comes to where nothing marks it: no box, no "####", no "the answer is".
//
// People end with a sentence that says it: "Therefore, the probability is 2/3.", "Thus $x <= 2$.", "so I think it's B".
// Read is the last sentence that holds something to read, and in it the last formula, else the number behind the last
// "is" or "=", else the first number of the main clause, else the one choice letter that is not denied ("B, not A").
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// Nothing where the end of the text says nothing, or where it was cut off in the middle of a sentence.
[[nodiscard]] std::optional<std::string> concluded_answer(std::string_view solution);

// The same of one sentence. Nothing where it holds no formula, number or choice letter.
[[nodiscard]] std::optional<std::string> answer_in_sentence(std::string_view sentence);

// "C" for "C Cecile", "(D) Alina", "B. because ...": an option of a multiple-choice question with its wording.
[[nodiscard]] std::optional<std::string> choice_with_wording(std::string_view text);

// "36" for "36 red jelly beans"; unchanged where the words are a known unit or the text is no number with words.
[[nodiscard]] std::string number_with_label(const std::string& answer);

}  // namespace ft::grade
