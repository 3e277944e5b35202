// One reader for the files that people have: JSON lines, a JSON list, CSV, each also as gzip or zstd, and Parquet. What
// a file is is seen from its content; only CSV needs its name (.csv, .tsv) where its first line does not look like names.
//
//   RecordReader reader("train-00000-of-00001.parquet");
//   while (std::optional<JsonRecord> record = reader.next()) use(record->text("question"));
//
// Records come one at a time and are not kept: memory does not grow with the file. What cannot be read as records
// (a git-lfs pointer, a web page, a zip file, ...) is refused with what to do.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "framework/records/record.h"

namespace ft {

enum class EmptyFile { refuse, allow };

namespace records {

// What reads one format. A record that cannot be read throws UserError; the next call goes on behind it, or gives
// nothing where nobody knows where the next one begins.
class RecordSource {
 public:
  RecordSource() = default;
  RecordSource(const RecordSource&) = delete;
  RecordSource& operator=(const RecordSource&) = delete;
  virtual ~RecordSource() = default;
  [[nodiscard]] virtual std::optional<JsonRecord> next() = 0;
  // The number of the record that next() has just given or refused; 0 where it is not known.
  [[nodiscard]] virtual std::int64_t row() const = 0;
  [[nodiscard]] virtual std::string_view format() const = 0;
};

}  // namespace records

class RecordReader {
 public:
  // "-" is standard input. Throws UserError where there is no such file, where it is a folder, and where it holds no
  // records; Unreadable where it cannot be read.
  explicit RecordReader(const std::filesystem::path& path, EmptyFile empty = EmptyFile::refuse);

  // The next record, or nothing at the end. Throws as RecordSource::next, and at the end of a file without any record
  // (unless EmptyFile::allow).
  [[nodiscard]] std::optional<JsonRecord> next();
  [[nodiscard]] std::int64_t row() const { return source_->row(); }  // of the record that next() has given or refused
  [[nodiscard]] std::string_view format() const;                     // "JSON lines", "a JSON list", "CSV", "Parquet"

 private:
  std::string name_;
  EmptyFile empty_;
  bool any_ = false;
  std::unique_ptr<records::RecordSource> source_;
};

}  // namespace ft
