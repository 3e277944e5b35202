// One record of a file, whatever the file's format, seen as the JSON object that it stands for: a line of JSON lines, an
// element of a JSON list, a row of CSV or Parquet.
//
//   const JsonRecord record = JsonRecord::parse(R"({"id": 7, "answer": 0.10})", {"train.jsonl", 3});
//   record.text("problem");             // UserError "train.jsonl:3: field 'problem' (a string) is missing; ..."
//   record.written("answer");           // "0.10"
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"
#include "framework/records/value.h"

namespace ft {

using records::first_invalid_utf8;

// Cheap to copy. A field is named as in field_path.h: at the top, or by a path. A field that is null counts as absent.
// All getters throw UserError "file:line: field 'x' ..." when the value is not of the kind asked for; those without
// `optional_` also when it is absent.
class JsonRecord {
 public:
  // Parses one line. Throws UserError for bad UTF-8, bad JSON and anything that is not an object.
  static JsonRecord parse(std::string_view line, const Place& place);
  // `object` is an object; `row` its number in the file, from 1.
  static JsonRecord of(records::Value object, Place place, std::int64_t row);

  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::int64_t row() const { return row_; }  // the number of its line, or of the record in its file
  [[nodiscard]] std::string position() const;              // "line 17", "row 17"

  [[nodiscard]] bool has(std::string_view field) const;
  // False where it is absent or of another kind; an integer is a number too.
  [[nodiscard]] bool is_integer(std::string_view field) const;
  [[nodiscard]] bool is_number(std::string_view field) const;
  [[nodiscard]] bool is_boolean(std::string_view field) const;
  [[nodiscard]] bool is_text(std::string_view field) const;
  [[nodiscard]] bool is_list(std::string_view field) const;
  [[nodiscard]] bool is_object(std::string_view field) const;
  [[nodiscard]] std::vector<std::string> field_names() const;  // those at the top, sorted

  [[nodiscard]] std::string text(std::string_view field) const;
  [[nodiscard]] std::int64_t integer(std::string_view field) const;
  // Also reads the words "inf", "-inf" and "nan", which JSON's numbers cannot say.
  [[nodiscard]] double number(std::string_view field) const;
  [[nodiscard]] bool boolean(std::string_view field) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view field) const;   // a list of strings
  [[nodiscard]] std::vector<JsonRecord> records(std::string_view field) const;  // a list of objects
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view field) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view field) const;
  [[nodiscard]] std::optional<bool> optional_boolean(std::string_view field) const;
  // A text, or a number, true or false as the file writes it; nothing where it is absent.
  [[nodiscard]] std::optional<std::string> written(std::string_view field) const;
  // The value itself, null counted as absent.
  [[nodiscard]] std::optional<records::Value> value(std::string_view field) const;
  [[nodiscard]] const records::Value& object() const { return *value_; }

  // Throws UserError("file:line: <what>").
  [[noreturn]] void fail(std::string_view what) const;

 private:
  JsonRecord(std::shared_ptr<const records::Value> value, Place place, std::int64_t row)
      : value_(std::move(value)), place_(std::move(place)), row_(row) {}
  [[nodiscard]] const records::Value* look(std::string_view field, std::optional<records::Value>& made) const;
  // The field's value, or a complaint that shows what is there instead.
  [[nodiscard]] const records::Value& require(std::string_view field, std::string_view kind,
                                              std::optional<records::Value>& made) const;

  std::shared_ptr<const records::Value> value_;
  Place place_;
  std::int64_t row_ = 0;
};

}  // namespace ft
