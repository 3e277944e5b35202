#include "framework/records/reader.h"

#include <fmt/format.h>

#include <array>

#include "framework/base/reading.h"
#include "framework/records/byte_source.h"
#include "framework/records/csv.h"
#include "framework/records/json_source.h"
#include "framework/records/parquet.h"

namespace ft {
namespace {

using namespace records;

struct Foreign {
  std::string_view begins;
  std::string_view what;
};
// What is not read, by its first bytes.
constexpr std::array kForeign{
    Foreign{"version https://git-lfs",
            "this is a git-lfs pointer, not the file itself; fetch it with git lfs pull, or download it anew"},
    Foreign{"<!DOCTYPE",
            "this is a web page, not data; a download of data has another address (on huggingface.co 'resolve' in "
            "place of 'blob')"},
    Foreign{"<!doctype",
            "this is a web page, not data; a download of data has another address (on huggingface.co 'resolve' in "
            "place of 'blob')"},
    Foreign{"<html",
            "this is a web page, not data; a download of data has another address (on huggingface.co 'resolve' in "
            "place of 'blob')"},
    Foreign{"PK\x03\x04", "this is a zip file (or a spreadsheet); unpack it, or save the spreadsheet as CSV"},
    Foreign{"\xfd"
            "7zXZ",
            "this is packed with xz; unpack it with xz -d"},
    Foreign{"BZh", "this is packed with bzip2; unpack it with bzip2 -d"},
    Foreign{"ARROW1", "this is an Arrow file; write it as Parquet or JSON lines, e.g. with Dataset.to_parquet()"},
    Foreign{"\xff\xff\xff\xff",
            "this is an Arrow stream; write it as Parquet or JSON lines, e.g. with Dataset.to_parquet()"},
    Foreign{"\x80\x04", "this is a Python pickle; write it as JSON lines"},
    Foreign{"\x89HDF", "this is an HDF5 file; write its records as JSON lines"},
    Foreign{"SQLite format 3", "this is an SQLite database; write its rows as JSON lines or CSV"},
    Foreign{"\xff\xfe", "this is UTF-16; convert it with iconv -f utf-16 -t utf-8"},
    Foreign{"\xfe\xff", "this is UTF-16; convert it with iconv -f utf-16 -t utf-8"},
    Foreign{"PARE", "this Parquet file is encrypted, which is not read"}};

// The name's last part, without .gz and .zst.
std::string extension_of(const std::filesystem::path& path) {
  std::string last = path.extension().string();
  return last == ".gz" || last == ".zst" || last == ".zstd" ? path.stem().extension().string() : last;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// A list of names, such as "question,answer"; no JSON, and no sentence.
bool looks_like_names(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  bool separated = false;
  for (const char c : line) {
    const bool in_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                         c == '.' || c == '"' || c == '-';
    const bool separator = c == ',' || c == '\t' || c == ';';
    separated = separated || separator;
    if (!in_name && !separator) return false;
  }
  return separated;
}

std::unique_ptr<RecordSource> open_source(const std::filesystem::path& path) {
  ByteSource bytes(path);
  std::string_view begin = bytes.peek();  // no more: a writer at the other end of a pipe may be slow
  if (begin.starts_with("PAR1")) {
    if (bytes.is_packed() || look_at(path).kind != Found::Kind::file) {
      fail_user({bytes.name()},
                "a Parquet file is read from its end: give it unpacked, as a file and not through a pipe");
    }
    return open_parquet(path);
  }
  for (const Foreign& foreign : kForeign) {
    if (begin.starts_with(foreign.begins)) fail_user({bytes.name()}, foreign.what);
  }
  if (begin.starts_with("\xEF\xBB\xBF")) begin.remove_prefix(3);
  const std::string extension = extension_of(path);
  const auto first = begin.find_first_not_of(" \t\r\n");
  const char sign = first == std::string_view::npos ? '\0' : begin[first];
  const bool named_csv = extension == ".csv" || extension == ".tsv";
  if (named_csv || (sign != '{' && sign != '[' && looks_like_names(first_line(begin)))) {
    const std::string_view names = first_line(begin);
    char separator =
        names.find('\t') != std::string_view::npos && names.find(',') == std::string_view::npos ? '\t' : ',';
    if (names.find_first_of(",\t") == std::string_view::npos && names.find(';') != std::string_view::npos)
      separator = ';';
    if (extension == ".tsv") separator = '\t';
    return open_csv(std::move(bytes), separator);
  }
  if (sign == '[') return open_json_list(std::move(bytes));
  std::string_view line = first == std::string_view::npos ? "" : first_line(begin.substr(first));
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line == "{") return open_json_objects(std::move(bytes));
  return open_json_lines(std::move(bytes));
}

}  // namespace

RecordReader::RecordReader(const std::filesystem::path& path, EmptyFile empty)
    : name_(path == "-" ? "standard input" : path.string()),
      empty_(empty),
      source_(open_source(path == "-" ? "/dev/stdin" : path)) {}

std::optional<JsonRecord> RecordReader::next() {
  bool broken = true;
  std::optional<JsonRecord> record;
  try {
    record = source_->next();
    broken = false;
  } catch (...) {
    any_ = true;  // it is not empty
    throw;
  }
  any_ = any_ || record.has_value();
  if (!any_ && !broken && empty_ == EmptyFile::refuse) {
    any_ = true;  // said once
    fail_user({name_}, fmt::format("the file is empty: at least one record is needed ({})", format()));
  }
  return record;
}

std::string_view RecordReader::format() const { return source_->format(); }

}  // namespace ft
