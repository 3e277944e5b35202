// JSON lines out: one JSON object a line, plain or gzip. Problem sets and attempts are kept this way so that a person, a
// script or another grader can read them. In: records/reader.h.
//
//   JsonlWriter writer("attempts.jsonl.gz");
//   writer.write(to_json_line(attempt));
//   writer.close();
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "framework/records/reader.h"

namespace ft {

// Of what JsonlWriter has written; other people's files go by the other name.
using JsonlReader = RecordReader;

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
