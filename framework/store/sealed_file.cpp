#include "framework/store/sealed_file.h"

#include <vector>

namespace ft {

SealedFile::SealedFile(const SealedFolder& folder, std::string_view name)
    : path_(folder.path(name)), record_(*folder.find(name)), file_(path_) {}

std::size_t SealedFile::read(std::span<char> buffer) {
  if (ended_) return 0;
  const std::size_t count = file_.read(buffer);
  digest_.update({buffer.data(), count});
  size_ += static_cast<std::int64_t>(count);
  if (count > 0) return count;
  ended_ = true;
  if (size_ != record_.size) {
    throw BrokenFolder(
        fmt::format("{} is damaged: {} bytes were read instead of {}", path_.string(), size_, record_.size));
  }
  if (digest_.finish() != record_.sha256) {
    throw BrokenFolder(fmt::format("{} is damaged: its SHA-256 is another one than at sealing", path_.string()));
  }
  return 0;
}

void SealedFile::check_rest() {
  std::vector<char> buffer(1 << 20);
  while (read(buffer) > 0) {
  }
}

}  // namespace ft
