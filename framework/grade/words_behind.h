// The words behind a number in running text: "5 million", "3 and a half", "7 below zero", "12 apples". Those that say
// how much it is belong to the answer, those that only name what is counted do not.
#pragma once

#include <string>
#include <string_view>

#include "framework/grade/chunk.h"

namespace ft::grade {

enum class KnownUnits { keep, drop };

// `chunk` with the words behind it that change its value ("million", "and a half", "or more") or measure it.
[[nodiscard]] std::string with_words_behind(std::string_view text, const Chunk& chunk, KnownUnits units,
                                            const ChunkOptions& options = {});

}  // namespace ft::grade
