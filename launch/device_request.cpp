#include "launch/device_request.h"

#include "launch/commands.h"

namespace ft {

// libft_cuda.so lies beside the library that carries the rooms; libtorch's part where launch/setup.sh puts it.
DeviceRequest device_request(DeviceKind wanted, int local_rank, int local_size, const std::string& host) {
  return {.wanted = wanted,
          .local_rank = local_rank,
          .local_size = local_size,
          .host = host,
          .library = recipe_folder().parent_path() / "libft_cuda.so",
          .torch = libtorch_cuda_folders(FT_LIBTORCH_CUDA)};
}

}  // namespace ft
