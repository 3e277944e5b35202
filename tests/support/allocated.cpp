#include "tests/support/allocated.h"

#include <cstdlib>
#include <new>

namespace {

// operator new takes no arguments of ours: there is no other place for it.
thread_local long long bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  bytes += static_cast<long long>(size);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace ft::testing {

long long allocated_bytes() { return bytes; }

}  // namespace ft::testing
