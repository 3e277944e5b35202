// A file that is read in places, and whose failures say what is the matter: a file that is not there, is a link to
// nothing or a pointer of git-lfs is the user's mistake; one that cannot be read is a fault of the machine, and nothing
// is concluded from it. Read by pread, not mapped: a disk error or a file cut by someone else is an error, not a
// signal.
//
//   const RandomAccessFile file(folder / "model.safetensors");
//   file.read(bytes, offset);
//   const std::string text = read_input_text(folder / "config.json");
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ft {

class RandomAccessFile {
 public:
  // Throws UserError where there is no such file or it is something else than a file, Unreadable where it cannot be
  // opened.
  explicit RandomAccessFile(std::filesystem::path path);
  ~RandomAccessFile();
  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&& other) noexcept;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }  // in bytes, when it was opened
  // Fills `out` from this offset on. Throws Unreadable where that fails or the file has
  // become shorter.
  void read(std::span<std::byte> out, std::uint64_t offset) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// The whole file. Throws as RandomAccessFile, and UserError for a pointer of git-lfs.
[[nodiscard]] std::string read_input_text(const std::filesystem::path& path);

}  // namespace ft
