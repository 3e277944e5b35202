// Digests: SHA-256 where a stranger must be able to check a file with public tools, XXH3-128 where speed counts and
// only damage, not malice, is to be found (blocks of tensors, lines of attempts).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ft {

// Incremental SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256& update(std::string_view bytes);
  // 64 hexadecimal digits; the object is spent afterwards.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string sha256(std::string_view bytes);
// Throws Error when the file cannot be read.
[[nodiscard]] std::string sha256_file(const std::filesystem::path& path);

// 32 hexadecimal digits of XXH3-128.
[[nodiscard]] std::string xxh128(std::string_view bytes);
[[nodiscard]] std::string xxh128(std::span<const std::byte> bytes);

}  // namespace ft
