#include "framework/kernels/block_pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>

namespace ft {
namespace {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t whole_pages(std::size_t bytes) { return (bytes + page_size() - 1) / page_size() * page_size(); }

}  // namespace

BlockPool::~BlockPool() {
  for (const auto& [begin, size] : free_) munmap(begin, size);
}

void* BlockPool::allocate(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return nullptr;
  const std::size_t size = whole_pages(bytes);
  const std::lock_guard lock(mutex_);
  std::byte* block = take(size);
  if (block == nullptr) block = map_pages(size);
  if (block == nullptr) return nullptr;
  blocks_.emplace(block, size);
  use_.live += size;
  use_.most = std::max(use_.most, use_.live);
  return block;
}

// The smallest free range that is large enough, the lowest of equals; cut where it is larger.
std::byte* BlockPool::take(std::size_t size) {
  auto best = free_.end();
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    if (range->second >= size && (best == free_.end() || range->second < best->second)) best = range;
  }
  if (best == free_.end()) return nullptr;
  const auto [begin, whole] = *best;
  free_.erase(best);
  if (whole > size) free_.emplace(begin + size, whole - size);
  use_.free -= size;
  return begin;
}

std::byte* BlockPool::map_pages(std::size_t size) {
  const std::size_t most = std::max(use_.most, use_.live + size), limit = most + most / 32;
  if (const std::size_t held = use_.live + use_.free + size; held > limit) give_back(whole_pages(held - limit));
  const auto map = [size] { return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); };
  void* pages = map();
  if (pages == MAP_FAILED) {  // a limit of address space, or of what the system promises: free ranges count, too
    give_back(use_.free);
    pages = map();
  }
  return pages == MAP_FAILED ? nullptr : static_cast<std::byte*>(pages);
}

// The smallest first: they are the least likely to be of use.
void BlockPool::give_back(std::size_t bytes) {
  while (bytes > 0 && !free_.empty()) {
    const auto smallest =
        std::min_element(free_.begin(), free_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::size_t part = std::min(bytes, smallest->second);
    unmap(smallest, part);
    bytes -= part;
  }
}

void BlockPool::unmap(Ranges::iterator range, std::size_t bytes) {
  const std::size_t left = range->second - bytes;
  if (munmap(range->first + left, bytes) != 0) {  // the kernel has no room for one more cut: the pages alone go
    madvise(range->first + left, bytes, MADV_DONTNEED);
  }
  use_.free -= bytes;
  if (left > 0) {
    range->second = left;
  } else {
    free_.erase(range);
  }
}

bool BlockPool::free(void* block) {
  if (reinterpret_cast<std::uintptr_t>(block) % page_size() != 0)
    return false;  // most are, and need no lock to know it
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(block);
  if (found == blocks_.end()) return false;
  const std::size_t size = found->second;
  blocks_.erase(found);
  use_.live -= size;
  keep(static_cast<std::byte*>(block), size);
  return true;
}

void BlockPool::keep(std::byte* begin, std::size_t size) {
  use_.free += size;
  auto next = free_.lower_bound(begin);
  if (next != free_.end() && begin + size == next->first) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == begin) {
      before->second += size;
      return;
    }
  }
  free_.emplace_hint(next, begin, size);
}

void BlockPool::release() {
  const std::lock_guard lock(mutex_);
  give_back(use_.free);
  use_.most = use_.live;
}

BlockPool::Use BlockPool::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

}  // namespace ft
