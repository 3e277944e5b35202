// JSON texts as values. A parser of its own, since libraries turn numbers into doubles, forget what stood twice, and
// give no line and column: answers need the first, readers of complaints the others.
//
// Strict RFC 8259 with two things that Python writes: NaN, Infinity and -Infinity are numbers, and half of a surrogate
// pair in \u escapes (a cut emoji) reads as U+FFFD.
//
//   const Value value = parse_json(line, {"train.jsonl", 17, 0});
#pragma once

#include <string_view>

#include "framework/base/error.h"
#include "framework/records/value.h"

namespace ft::records {

// How deep lists and objects may stand in one another.
constexpr int kMostDepth = 200;

// `place` is where the text begins (column 0: at the first column); complaints count lines and columns (in bytes) from
// there. Throws UserError for bytes that are no UTF-8, for what is not JSON, and for a name that stands twice in an
// object.
[[nodiscard]] Value parse_json(std::string_view text, const Place& place);

}  // namespace ft::records
