// Reading that never guesses. Something is there, or it is not there (ENOENT, ENOTDIR), or nobody can know just now: a
// file server that hangs, rights or descriptors that are missing, a bad sector. The third is an error of its own kind.
// Nobody may take it for the second, nor for damage: what cannot be read is left alone.
//
//   if (const auto text = read_if_there(run / "note.json")) use(*text);       // absent: nothing; unreadable: throws
//   for (const std::string& name : list_folder(run / "stages")) ...
//   LineReader lines(path);
//   for (std::string line; lines.next(line);) ...
//
// The standard library answers "no" where the question failed (exists and directory_iterator with an error_code), or
// ends early (getline): where the answer decides what is made anew or removed, ask here. A link that leads nowhere
// counts as unreadable: what it leads to may lie on a disk that is not mounted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "framework/base/error.h"

namespace ft {

class Unreadable : public Error {
  using Error::Error;
};

// Throws Unreadable for `error` (an errno): "cannot read <path>: <the system's words>", and what helps.
[[noreturn]] void fail_unreadable(const std::filesystem::path& path, int error);

// What stands under a name.
struct Found {
  enum class Kind { nothing, file, folder, other, dangling };  // dangling: a link that leads to nothing
  Kind kind = Kind::nothing;
  std::int64_t size = 0;  // in bytes, of a file
};
// What a link leads to, in its place; Unreadable where it leads to nothing: so never `dangling`.
[[nodiscard]] Found look_at(const std::filesystem::path& path);
// The same, with `dangling`: of what a user has given, a link to nothing is the user's mistake and told as that.
[[nodiscard]] Found look_through(const std::filesystem::path& path);
// The entry itself: a link is `other`.
[[nodiscard]] Found look_at_entry(const std::filesystem::path& path);

[[nodiscard]] bool is_there(const std::filesystem::path& path);  // under that name, a link too
[[nodiscard]] bool is_folder(const std::filesystem::path& path);
[[nodiscard]] bool is_file(const std::filesystem::path& path);

// The names in a folder, sorted; none where there is no folder.
[[nodiscard]] std::vector<std::string> list_folder(const std::filesystem::path& folder);

// A file that is read from its beginning. Throws Unreadable, also where there is no such file.
class InputFile {
 public:
  explicit InputFile(std::filesystem::path path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;

  // Nothing where there is no such file.
  [[nodiscard]] static std::optional<InputFile> open_if_there(const std::filesystem::path& path);
  // The next bytes into `buffer`; how many, 0 at the end of the file.
  std::size_t read(std::span<char> buffer);
  // All that is left.
  [[nodiscard]] std::string read_rest();

 private:
  InputFile(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// The whole file. Throws UserError where there is none, or a folder; Unreadable where it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
// Nothing where there is no such file.
[[nodiscard]] std::optional<std::string> read_if_there(const std::filesystem::path& path);

// Line after line, without their ends. A file that is not there has no lines.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path) : file_(InputFile::open_if_there(path)) {}
  // False at the end of the file. Throws Unreadable.
  bool next(std::string& line);
  // Whether the line that next() has just given had no end: its writer died in the middle.
  [[nodiscard]] bool torn() const { return torn_; }

 private:
  std::optional<InputFile> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool torn_ = false;
};

}  // namespace ft
