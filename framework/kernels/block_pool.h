// Memory for large tensors, kept from one use to the next, that never holds more pages than were needed at once.
//
// Mapping fresh pages costs 7 to 20 % of a training step, so what is freed must be kept. glibc's heap keeps it, but places
// small things into the holes of large ones, after which the large ones no longer fit: the heap of a training in bfloat16
// grew by 0.6 GB a step. Here large blocks lie among themselves. A request takes the smallest free range that is large
// enough; where none is, fresh pages are mapped and as many free ones given back to the system first, so that blocks in use
// and free ranges together stay within a thirty-second of the most that was ever in use at once.
//
//   BlockPool pool;
//   void* data = pool.allocate(bytes);      // null: the system has no more
//   if (!pool.free(data)) ...               // not of this pool
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <unordered_map>

namespace ft {

// May be used by many threads at a time.
class BlockPool {
 public:
  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // A block of at least `bytes` bytes (> 0) at the beginning of a page. Its content is arbitrary.
  [[nodiscard]] void* allocate(std::size_t bytes);
  // False where `block` is none of this pool's; then nothing happens.
  bool free(void* block);
  // Gives every free page back to the system. The most that was in use begins anew with what is in use now.
  void release();

  struct Use {
    std::size_t live = 0;  // bytes of blocks in use, in whole pages
    std::size_t free = 0;  // kept for later
    std::size_t most = 0;  // the most that was live since the last release()
  };
  [[nodiscard]] Use use() const;

 private:
  using Ranges = std::map<std::byte*, std::size_t>;  // begin, bytes; ranges that touch are joined

  std::byte* take(std::size_t size);
  std::byte* map_pages(std::size_t size);
  void give_back(std::size_t bytes);
  void unmap(Ranges::iterator range, std::size_t bytes);
  void keep(std::byte* begin, std::size_t size);

  mutable std::mutex mutex_;
  std::unordered_map<void*, std::size_t> blocks_;  // in use
  Ranges free_;
  Use use_;
};

}  // namespace ft
