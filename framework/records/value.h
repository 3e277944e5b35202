// A value as a file of records holds it: a JSON value, a cell of CSV, a value of Parquet. Numbers keep the digits that
// the file has, since an answer such as 0.10 or 123456789012345678901234567890 is what is written, not a double.
//
//   const Value record = parse_json(R"({"gold": 0.10, "doc": {"answers": [1, 2]}})", {"pairs.jsonl", 3});
//   record.find("gold")->text;                         // "0.10"
//   std::optional<Value> made;
//   const Value* last = select(record, "doc.answers[-1]", made);     // field_path.h
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/utf8.h"

namespace ft::records {

enum class Kind {
  null,
  boolean,
  number,
  text,
  bytes,  // of Parquet: no text; what they are is not kept
  list,
  object
};

struct Value {
  Kind kind = Kind::null;
  bool truth = false;    // of a boolean
  bool is_cell = false;  // a text that stands for a number or a boolean too, where it reads as one: CSV has no kinds
  std::string text;      // of a text; of a number its digits, or NaN, Infinity, -Infinity
  std::vector<std::string> names;  // of an object: one for each item, no two alike
  std::vector<Value> items;        // of a list or object

  [[nodiscard]] static Value of_boolean(bool truth);
  [[nodiscard]] static Value of_number(std::string digits);
  [[nodiscard]] static Value of_text(std::string text);
  [[nodiscard]] static Value of_list(std::vector<Value> items);

  // The item of an object under exactly this name; null where there is none.
  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] bool is_number() const;   // a cell with a number in it, too
  [[nodiscard]] bool is_integer() const;  // digits alone
  [[nodiscard]] bool is_boolean() const;
  // What is_number() says is one. Infinite where no double holds it; NaN for NaN.
  [[nodiscard]] double number() const;
  [[nodiscard]] bool boolean() const;
};

// "an integer", "a list", ...: what a complaint calls it.
[[nodiscard]] std::string_view kind_of(const Value& value);

// Whether a text is a number as JSON writes them; NaN, Infinity and -Infinity count.
[[nodiscard]] bool reads_as_number(std::string_view text);

// As few digits as read back equal, in plain notation: 10000000000000000 for 1e16, 0.0000001 for 1e-7.
[[nodiscard]] std::string plain_digits(double value);
[[nodiscard]] std::string plain_digits(float value);

using ft::first_invalid_utf8;

// What one record may take; beyond it a file is refused instead of filling the memory.
constexpr std::size_t kMostRecordBytes = std::size_t{256} << 20;
constexpr std::size_t kMostRecordValues = 4'000'000;

}  // namespace ft::records
