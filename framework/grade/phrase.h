// An answer as a sentence goes on with it: "84, which makes sense.", "$5$ million", "exactly 84 apples", "(C) 12",
// "not 80 but 84". The mathematics is taken whole (chunk.h); of the words behind it those are kept that say how much it
// is, and those that only name what is counted are dropped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/grade/chunk.h"
#include "framework/grade/words_behind.h"

namespace ft::grade {

// The answer that starts at `begin`, behind a mark such as "the answer is". Words that are no mathematics end with the
// sentence. Empty where nothing stands there.
[[nodiscard]] std::string answer_phrase(std::string_view text, std::size_t begin, const ChunkOptions& options = {});

// What `chunk` of this sentence is only the start of, where mathematics alone goes on behind it to the sentence's end:
// "2" of "2xy + 10x". Nothing where the piece is whole, or words follow.
[[nodiscard]] std::optional<std::string> larger_expression(std::string_view sentence, const Chunk& chunk);

}  // namespace ft::grade
