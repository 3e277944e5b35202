// The answer that a text comes to where nothing marks it: no box, no "####", no "the answer is".
//
// People end with a sentence that says it: "Therefore, the probability is 2/3.", "Thus $x <= 2$.", "so I think it's B".
// Read is the last sentence that holds something to read, from its last clause backwards: what stands closely behind
// "is", "equals", "to get" and their like, else the last formula, else what follows a verb such as "has" or "needs",
// else the first amount of the main clause, else the one choice letter that is not denied ("B, not A"). The answer
// alone on the last line comes before all of these. A sentence that denies, asks or only points ("see step 3") says
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ft::grade {

// `text` as plain_solution gives it. Nothing where the end of the text says nothing, asks or denies, or where it was
// cut off in the middle of a sentence.
[[nodiscard]] std::optional<std::string> concluded_answer(std::string_view text);

// The same of one sentence. Nothing where it holds no formula, number or choice letter.
[[nodiscard]] std::optional<std::string> answer_in_sentence(std::string_view sentence);

}  // namespace ft::grade
