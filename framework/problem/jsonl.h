// JSON lines in and out: one JSON object a line, plain or gzip (by content, not by name). Problem sets and attempts are
// kept this way so that a person, a script or another grader can read them.
//
// Reading is strict and speaks of the reader's file: every complaint names file and line, what was expected, what is
// there, and the nearest field name.
//
//   JsonlReader reader("train.jsonl.gz");
//   while (std::optional<JsonRecord> record = reader.next()) {
//     problems.push_back({.id = record->text("id"), .text = record->text("question")});
//   }
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"

namespace ft {

// The offset of the first byte that is not well-formed UTF-8 (over-long forms, surrogates and values beyond U+10FFFF
// included); nothing where all is well.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// One line's object. Cheap to copy. Fields are looked up by exact name; a field that is null counts as absent.
// All getters throw UserError "file:line: field 'x' ..." when the value is not of the kind asked for; those without
// `optional_` also when it is absent.
class JsonRecord {
 public:
  // Parses one line. Throws UserError for bad UTF-8, bad JSON and anything that is not an object.
  static JsonRecord parse(std::string_view line, const Place& place);

  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] bool has(std::string_view field) const;
  // False where it is absent or of another kind; an integer is a number too.
  [[nodiscard]] bool is_integer(std::string_view field) const;
  [[nodiscard]] bool is_number(std::string_view field) const;
  [[nodiscard]] bool is_boolean(std::string_view field) const;
  [[nodiscard]] bool is_text(std::string_view field) const;
  [[nodiscard]] bool is_list(std::string_view field) const;
  [[nodiscard]] std::vector<std::string> field_names() const;

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

  // Throws UserError("file:line: <what>").
  [[noreturn]] void fail(std::string_view what) const;

 private:
  struct Value;
  JsonRecord(std::shared_ptr<const Value> value, Place place);

  std::shared_ptr<const Value> value_;
  Place place_;
};

enum class EmptyFile { refuse, allow };

// One line as it stands, for readers that parse on several threads.
struct JsonLine {
  std::string text;
  Place place;
};

// Reads a file line by line; blank lines are skipped but counted, a byte order mark is skipped, "\r\n" ends a line too.
class JsonlReader {
 public:
  // Throws UserError when the file cannot be opened or is a folder.
  explicit JsonlReader(const std::filesystem::path& path, EmptyFile empty = EmptyFile::refuse);
  ~JsonlReader();
  JsonlReader(JsonlReader&&) noexcept;
  JsonlReader& operator=(JsonlReader&&) noexcept;

  // The next record, or nothing at the end. Throws UserError for a bad record, for damaged or cut gzip data, and at the
  // end of a file without any record (unless EmptyFile::allow).
  [[nodiscard]] std::optional<JsonRecord> next();
  // The same, not parsed.
  [[nodiscard]] std::optional<JsonLine> next_line();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes lines, through gzip when the name ends in ".gz". Replaces an existing file. The bytes are a function of the
// lines alone (no time stamp in the gzip header).
class JsonlWriter {
 public:
  // Throws UserError when the file cannot be created.
  explicit JsonlWriter(const std::filesystem::path& path);
  ~JsonlWriter();  // closes without complaint; call close() to learn of a full disk
  JsonlWriter(JsonlWriter&&) noexcept;
  JsonlWriter& operator=(JsonlWriter&&) noexcept;

  // `line` without the newline, and without one inside. Throws Error when it cannot be written.
  void write(std::string_view line);
  // Throws Error when the rest cannot be written. Nothing can be written afterwards.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ft
