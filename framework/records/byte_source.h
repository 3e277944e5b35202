// The bytes of a file in pieces, unpacked where it is gzip or zstd (by content, not by name). Nothing is read twice, so
// pipes will do; memory does not grow with the file.
//
//   ByteSource source("train.jsonl.zst");
//   source.peek();                           // the beginning, to find out what it is
//   LineSource lines(source);
//   for (std::string line; lines.next(line);) ...
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ft::records {

class ByteSource {
 public:
  // Throws UserError where there is no such file or it is a folder; Unreadable where it cannot be read.
  explicit ByteSource(const std::filesystem::path& path);
  ~ByteSource();
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;

  // The next bytes, at most 64 KiB; empty at the end. Valid until the next call. Throws UserError for damaged or cut
  // data; then nothing follows.
  [[nodiscard]] std::string_view next();
  // The beginning of what is left, without taking it: at least `least` bytes, unless the file ends before.
  [[nodiscard]] std::string_view peek(std::size_t least = 1);
  [[nodiscard]] bool is_packed() const;
  [[nodiscard]] const std::string& name() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The lines of a source, without "\n" or "\r\n".
class LineSource {
 public:
  explicit LineSource(ByteSource& source) : source_(source) {}
  // False at the end. Throws UserError for a line above kMostRecordBytes, and what ByteSource throws.
  bool next(std::string& line);
  [[nodiscard]] int line() const { return line_; }  // the number of the one that was just given, from 1

 private:
  ByteSource& source_;
  std::string_view left_;
  int line_ = 0;
};

}  // namespace ft::records
