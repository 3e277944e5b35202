// The lines of one or more files of a sealed folder, one file after the other, each hashed while it is read.
//
//   SealedLines lines(folder, {"verdicts-00000.jsonl", "verdicts-00001.jsonl"});
//   const auto found = checked(lines, [&] {
//     for (std::string line; lines.next(line, place);) ...
//   });
//
// What a line says is to be used once checked() (store/sealed_file.h) has returned.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/store/sealed_file.h"

namespace ft {

class SealedLines {
 public:
  SealedLines(const SealedFolder& folder, std::vector<std::string> names);

  // The next line that is not empty, without its end, and its place; false behind the last one. Throws BrokenFolder at
  // the end of a file that is another one than was sealed; Error where the folder has none of that name; Unreadable.
  bool next(std::string& line, Place& place);
  // From here on the lines are those of the file at `place` among the names, and of no other; where there is none, there are
  // no lines. What is open is read to its end before, and throws as next().
  void only(std::size_t place);
  // Reads what is open and what comes after it to the end, and throws the same.
  void check_rest();

 private:
  bool open_next();

  SealedFolder folder_;
  std::vector<std::string> names_;
  std::size_t next_ = 0, last_ = 0;  // of names_: the one that is opened next, and the end
  std::optional<SealedFile> file_;
  Place place_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of buffer_: what was read and not yet given
};

}  // namespace ft
