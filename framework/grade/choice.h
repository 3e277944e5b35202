// The letters of a multiple choice, with or without the wording of what was chosen.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/node.h"

namespace ft::grade {

struct Choice {
  std::string letter;
  std::string_view wording;  // a part of the text that was read; empty for a letter alone
};

// "(C) 12", "\\textbf{(D)}\\ 24", "C: 12", "Option C", "C)"; a small letter where no mathematics can be meant: "(c)",
// "c) 12".
[[nodiscard]] std::optional<Choice> lettered_choice(std::string_view text);

// "ACD": the options of a multiple choice, as people write them without commas, in the order of the alphabet.
[[nodiscard]] std::optional<Node> joined_choices(std::string_view text);

}  // namespace ft::grade
