// A file that is written in places, and whose failures say what, where, how much was needed and how much is free.
//
//   OutputFile file(path, OutputFile::Mode::fresh);
//   file.reserve(num_bytes);                  // a full disk shows here, before the work
//   file.write(bytes, offset);
//   file.sync();
//   file.close();                             // closing can fail, too; the destructor would not tell
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace ft {

// Throws Error for `error` (an errno): "cannot <action> <path>: <the system's words>", and of a full disk how much is
// free and what to do. For those who write in other ways, too.
[[noreturn]] void fail_output(std::string_view action, const std::filesystem::path& path, int error);

class OutputFile {
 public:
  enum class Mode { fresh, replace };  // fresh: must not exist; replace: what was there is emptied

  // Throws Error where the file cannot be made.
  OutputFile(std::filesystem::path path, Mode mode);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Takes the blocks of the first num_bytes bytes; the file gets at least this size. Where the file system cannot
  // reserve, the free space is compared.
  void reserve(std::int64_t num_bytes);
  // All of it, at this offset.
  void write(std::span<const std::byte> bytes, std::int64_t offset);
  void sync();
  void close();
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace ft
