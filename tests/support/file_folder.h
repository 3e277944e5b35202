// A folder of files for one test, which goes away with it.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ft::testing {

class FileFolder {
 public:
  FileFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ft_files_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~FileFolder() { std::filesystem::remove_all(path_); }
  FileFolder(const FileFolder&) = delete;
  FileFolder& operator=(const FileFolder&) = delete;

  // Writes a file of these bytes; returns its path.
  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ft::testing
