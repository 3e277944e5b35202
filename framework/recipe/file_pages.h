// Pages of a table (rerank/pages.h) in a file: one rank writes it, all read it.
//
//   FilePages own = FilePages::make(folder / "table-0003.bin");
//   own.append(...);
//   own.close();                                          // what is seen from other hosts from now on
//   const FilePages other = FilePages::open(folder / "table-0002.bin");
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "framework/rerank/pages.h"
#include "framework/store/files.h"

namespace ft {

class FilePages final : public rerank::Pages {
 public:
  // In the place of what was there. Throws as store/files.h.
  [[nodiscard]] static FilePages make(const std::filesystem::path& path);
  // Throws Unreadable.
  [[nodiscard]] static FilePages open(const std::filesystem::path& path);

  std::int64_t append(std::span<const std::byte> bytes) override;
  void read(std::int64_t offset, std::span<std::byte> bytes) const override;
  // Nothing can be written or read afterwards.
  void close();

 private:
  explicit FilePages(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
  std::int64_t size_ = 0;
};

}  // namespace ft
