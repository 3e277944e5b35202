#include "framework/kernels/allocator.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace ft {

void keep_freed_memory_mapped() {
#if defined(__GLIBC__)
  constexpr int kOneGibibyte = 1 << 30;
  constexpr int kStep = 64 << 20;  // the heap grows by this much at once
  mallopt(M_MMAP_THRESHOLD, kOneGibibyte);
  mallopt(M_TRIM_THRESHOLD, kOneGibibyte);
  mallopt(M_TOP_PAD, kStep);
#endif
}

}  // namespace ft
