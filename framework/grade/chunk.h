// The mathematics in running text, taken whole: a number with its sign, power, root, factor and fraction, a formula
// between dollars with what stands against it, an equation, a number in words. Nothing is cut out of a larger
// expression: "25\pi", "5 \times 10^3", "1 1/2", "-4" and "minus four" are one piece each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ft::grade {

struct Chunk {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;          // to be read as an answer: without delimiters, words as digits
  bool formula = false;      // between delimiters of mathematics
  bool words = false;        // a number in words
  bool single = false;       // the lone word "one" or "half"
  bool ordinal = false;      // "6th"
  bool money = false;        // "$7.50"
  bool calculation = false;  // more than one number joined by operators, "=" among them or not
};

struct ChunkOptions {
  bool decimal_comma = false;   // "2,5" is 2.5 and "2.500" 2500
  bool same_name_only = false;  // joined_chunks: "x = 3 and y = 4" are two pieces
};

// The piece that starts exactly at `at`; nothing where no mathematics starts there.
[[nodiscard]] std::optional<Chunk> chunk_at(std::string_view text, std::size_t at, const ChunkOptions& options = {});

// All pieces of a sentence in their order. Numbers inside words ("B12") and pointers ("step 3", "case 2") are none.
[[nodiscard]] std::vector<Chunk> chunks_in(std::string_view sentence, const ChunkOptions& options = {});

// Whether there is one at all, without reading on behind it.
[[nodiscard]] bool holds_chunk(std::string_view sentence);

// Several pieces that only "and", "or" or commas separate, from one that was read: their joined text, and the end.
[[nodiscard]] Chunk joined_chunks(std::string_view text, Chunk first, const ChunkOptions& options = {});

}  // namespace ft::grade
