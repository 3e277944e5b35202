// What libft_cuda.so hands over: plain C, so that it can be read whatever built it. The library links CUDA's runtime
// and NCCL, knows nothing of the rest of ftrun, and is loaded only when a run asks for CUDA (device.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "parallel/cuda/nccl_api.h"

extern "C" {

struct ft_cuda_gpu {
  char name[256];
  char uuid[33];                      // hexadecimal
  std::uint64_t memory, free_memory;  // bytes
  int major, minor;                   // compute capability
};

// Functions return 0, or a code of CUDA's runtime, which error_string explains.
struct ft_cuda_library {
  ft_nccl_api nccl;
  int runtime_version;  // of CUDA's headers, e.g. 13000
  const char* (*error_string)(int code);
  int (*driver_version)(int* version);  // the newest CUDA that the driver knows; 0: there is no driver
  int (*num_gpus)(int* count);          // as CUDA_VISIBLE_DEVICES leaves them
  int (*describe_gpu)(int index, struct ft_cuda_gpu* gpu);
};

// Read before anything else of the library is touched: another interface is refused.
struct ft_cuda_tag {
  int interface_version;
};

}  // extern "C"

namespace ft {
inline constexpr int kCudaInterface = 2;
}  // namespace ft
