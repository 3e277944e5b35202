// glibc returns large blocks to the kernel at every free; mapping them again costs 7 to 20 % of a training step in page
// faults. Keeping them costs nothing: the next micro-batch asks for the same sizes.
#pragma once

namespace ft {

// Call once at the start of a process, before the first large allocation. Does nothing where glibc is not in use.
void keep_freed_memory_mapped();

}  // namespace ft
