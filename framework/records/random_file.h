// A file that is read at any place, by pread: an error of the disk is an error with a name, not a signal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ft::records {

class RandomFile {
 public:
  // Throws Unreadable.
  explicit RandomFile(std::filesystem::path path);
  ~RandomFile();
  RandomFile(const RandomFile&) = delete;
  RandomFile& operator=(const RandomFile&) = delete;

  // `size` bytes from `offset` on, fewer at the end of the file. Throws Unreadable.
  void read(std::int64_t offset, std::size_t size, std::string& into) const;
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace ft::records
