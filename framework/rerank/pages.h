// Numbers that are too many to be held in memory: written once, read piece by piece. Where they lie is the caller's choice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace ft::rerank {

class Pages {
 public:
  virtual ~Pages() = default;
  // Writes behind what is there; returns where.
  virtual std::int64_t append(std::span<const std::byte> bytes) = 0;
  // Fills `bytes` with what was written at `offset`.
  virtual void read(std::int64_t offset, std::span<std::byte> bytes) const = 0;
};

class MemoryPages final : public Pages {
 public:
  std::int64_t append(std::span<const std::byte> bytes) override {
    const auto offset = static_cast<std::int64_t>(bytes_.size());
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return offset;
  }
  void read(std::int64_t offset, std::span<std::byte> bytes) const override {
    if (!bytes.empty()) std::memcpy(bytes.data(), bytes_.data() + offset, bytes.size());
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace ft::rerank
