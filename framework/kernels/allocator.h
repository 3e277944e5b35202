// Where memory comes from: large tensors from a pool that keeps what is freed (block_pool.h), all else from glibc, which is
// told not to return what it will be asked for again. Mapping pages anew costs 7 to 20 % of a training step.
#pragma once

namespace ft {

// Call once at the start of a process, before the first tensor.
void keep_freed_memory_mapped();

// Gives back to the system what is free: between stages, so that one does not carry what another needed.
void release_freed_memory();

}  // namespace ft
