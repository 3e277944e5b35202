#include "framework/kernels/allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <cstdint>
#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "framework/kernels/block_pool.h"

namespace ft {
namespace {

constexpr std::size_t kLarge = std::size_t{1} << 16;

// libtorch frees through a plain function, which must find the pool. Never destroyed: tensors may outlive everything.
BlockPool& tensor_pool() {
  static BlockPool& pool = *new BlockPool;
  return pool;
}

void free_tensor(void* data) {
  if (data != nullptr && !tensor_pool().free(data)) c10::free_cpu(data);
}

class TensorAllocator final : public c10::Allocator {
 public:
  // What the pool cannot give, libtorch's own allocator refuses with its own words.
  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = bytes >= kLarge ? tensor_pool().allocate(bytes) : nullptr;
    if (data == nullptr) data = c10::alloc_cpu(bytes);
    return {data, data, &free_tensor, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_tensor; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void keep_freed_memory_mapped() {
  // oneDNN and the layer above it each keep what they have prepared for the last 1,024 shapes of products in bfloat16: a
  // quarter of a megabyte and more apiece. A training needs some tens.
  constexpr const char* kShapes = "64";
  setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", kShapes, 0);
  setenv("LRU_CACHE_CAPACITY", kShapes, 0);
  constexpr std::uint8_t kAboveDefault = 1;
  c10::SetCPUAllocator(new TensorAllocator, kAboveDefault);
#if defined(__GLIBC__)
  // Blocks below the threshold come from the heap, whose end is not returned at each free.
  constexpr int kMebibyte = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 32 * kMebibyte);
  mallopt(M_TRIM_THRESHOLD, 256 * kMebibyte);
  mallopt(M_TOP_PAD, 16 * kMebibyte);
#endif
}

void release_freed_memory() {
  tensor_pool().release();
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace ft
