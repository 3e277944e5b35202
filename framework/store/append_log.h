// Records that are kept as they come: JSON lines, each with a checksum, each written by one write(2). After any kill
// the file holds every record whose append() had returned, and perhaps a torn one, which reading drops and counts.
// Records of work that goes on later say whose they are (base/owner.h).
//
//   AppendLog log(folder / piece_name("attempts", rank), Owner(stage.identity));   // one file a rank, no two writers
//   log.append(R"({"problem": "p1", "text": "..."})");
//   PieceCounts counts = read_pieces(list_pieces(folder, "attempts"), [&](std::string_view json) { ... });
//
// A line is itself JSON, so that common tools read the file:
//   {"sum":"<16 hexadecimal digits of XXH3-128>","of":"<owner>","record":<the record as it was given>}
// without "of" where it has no owner. The sum is over owner and record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/owner.h"
#include "framework/store/files.h"

namespace ft {

class AppendLog {
 public:
  // Opens or makes the file. A torn tail of an earlier process is cut off first: the next line must not join it.
  explicit AppendLog(const std::filesystem::path& path, Owner owner = {});

  // One record: JSON without a line end (checked; the JSON itself is not). When the write fails (full disk), what was
  // written of it is cut off again and Error is thrown; the log can be used on.
  void append(std::string_view json);

  // Returns when all records are on the disk. append() alone survives the death of the process, not of the machine.
  void sync();

  // Bytes of the torn tail that opening has cut off.
  [[nodiscard]] std::int64_t dropped_bytes() const { return dropped_bytes_; }
  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }

 private:
  FileHandle file_;
  Owner owner_;
  std::int64_t size_ = 0;
  std::int64_t dropped_bytes_ = 0;
};

struct PieceCounts {
  std::int64_t records = 0;
  std::int64_t torn = 0;                // tails without a line end: at most one a file
  std::int64_t damaged = 0;             // whole lines that do not match their checksum
  std::int64_t foreign = 0;             // sound lines of another owner, or of nobody where an owner was asked for
  std::vector<std::string> complaints;  // "attempts-0001.jsonl:17: ...", the first 20
};

// Calls `use` with each good record, whosever it is, files and lines in order. Files that do not exist hold no records;
// what cannot be read throws Unreadable: its records would be taken for missing.
PieceCounts read_pieces(const std::vector<std::filesystem::path>& paths,
                        const std::function<void(std::string_view json)>& use);
// How many good records of `owner` they hold. Throws Unreadable.
[[nodiscard]] std::int64_t count_records(const std::vector<std::filesystem::path>& paths, const Owner& owner);

// Where a record lies: its whole line in a piece. Of plain bytes.
struct RecordPlace {
  std::int64_t piece = 0, offset = 0, size = 0;
};

// Pieces of which single records are read again, those of `owner` alone.
class RecordFiles {
 public:
  RecordFiles(std::vector<std::filesystem::path> pieces, Owner owner)
      : pieces_(std::move(pieces)), owner_(std::move(owner)) {}
  [[nodiscard]] const std::vector<std::filesystem::path>& pieces() const { return pieces_; }
  // As read_pieces(), of one of them.
  PieceCounts read_all(std::int64_t piece,
                       const std::function<void(std::string_view json, const RecordPlace& place)>& use) const;
  // The records of a stretch of whole lines; those that read_all() would not give are passed over. Throws Unreadable.
  void read_lines(const RecordPlace& stretch, const std::function<void(std::string_view json)>& use) const;
  // The record. Throws Error where it is not what it was any more, Unreadable.
  [[nodiscard]] std::string read(const RecordPlace& place) const;

 private:
  std::string bytes_of(const RecordPlace& place) const;

  std::vector<std::filesystem::path> pieces_;
  Owner owner_;
  mutable std::map<std::int64_t, FileHandle> open_;
};

// "attempts-0003.jsonl"
[[nodiscard]] std::string piece_name(std::string_view stem, int rank);
// The pieces of `stem` in a folder, of however many ranks wrote there, by rank. Empty when there is no folder; throws
// Unreadable.
[[nodiscard]] std::vector<std::filesystem::path> list_pieces(const std::filesystem::path& folder,
                                                             std::string_view stem);

}  // namespace ft
