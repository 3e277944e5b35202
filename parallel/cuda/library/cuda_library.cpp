// libft_cuda.so: the only file of ftrun that sees the headers of CUDA and NCCL.
#include "parallel/cuda/cuda_library.h"

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstdio>
#include <cstring>

namespace {

static_assert(sizeof(ncclUniqueId) == ft::kNcclIdBytes);
static_assert(ncclSuccess == ft::kNcclSuccess && ncclInProgress == ft::kNcclInProgress);
static_assert(ncclUint8 == ft::kNcclUint8);

ncclDataType_t type_of(int type) { return static_cast<ncclDataType_t>(type); }
cudaStream_t stream_of(void* stream) { return static_cast<cudaStream_t>(stream); }

int get_unique_id(char* id) {
  ncclUniqueId made;
  const ncclResult_t result = ncclGetUniqueId(&made);
  std::memcpy(id, &made, sizeof made);
  return result;
}

int init_rank(ncclComm** comm, int size, const char* id, int rank) {
  ncclUniqueId given;
  std::memcpy(&given, id, sizeof given);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return ncclCommInitRankConfig(comm, size, given, rank, &config);
}

int async_error(ncclComm* comm, int* result) {
  ncclResult_t found = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(comm, &found);
  *result = found;
  return asked;
}

int finalize(ncclComm* comm) { return ncclCommFinalize(comm); }
int destroy(ncclComm* comm) { return ncclCommDestroy(comm); }
int abort_comm(ncclComm* comm) { return ncclCommAbort(comm); }
const char* nccl_error_string(int result) { return ncclGetErrorString(static_cast<ncclResult_t>(result)); }
const char* last_error(ncclComm* comm) { return ncclGetLastError(comm); }
int group_start() { return ncclGroupStart(); }
int group_end() { return ncclGroupEnd(); }

int all_gather(const void* send, void* receive, std::size_t count, int type, ncclComm* comm, void* stream) {
  return ncclAllGather(send, receive, count, type_of(type), comm, stream_of(stream));
}
int broadcast(const void* send, void* receive, std::size_t count, int type, int root, ncclComm* comm, void* stream) {
  return ncclBroadcast(send, receive, count, type_of(type), root, comm, stream_of(stream));
}
int send(const void* data, std::size_t count, int type, int peer, ncclComm* comm, void* stream) {
  return ncclSend(data, count, type_of(type), peer, comm, stream_of(stream));
}
int receive(void* data, std::size_t count, int type, int peer, ncclComm* comm, void* stream) {
  return ncclRecv(data, count, type_of(type), peer, comm, stream_of(stream));
}

const char* cuda_error_string(int code) { return cudaGetErrorString(static_cast<cudaError_t>(code)); }
int driver_version(int* version) { return cudaDriverGetVersion(version); }
int num_gpus(int* count) { return cudaGetDeviceCount(count); }

int describe_gpu(int index, ft_cuda_gpu* gpu) {
  cudaDeviceProp properties;
  cudaError_t code = cudaGetDeviceProperties(&properties, index);
  if (code != cudaSuccess) return code;
  code = cudaSetDevice(index);
  if (code != cudaSuccess) return code;
  std::size_t free = 0, all = 0;
  code = cudaMemGetInfo(&free, &all);
  if (code != cudaSuccess) return code;
  std::snprintf(gpu->name, sizeof gpu->name, "%s", properties.name);
  for (int i = 0; i < 16; ++i) {
    std::snprintf(gpu->uuid + 2 * i, 3, "%02x", static_cast<unsigned char>(properties.uuid.bytes[i]));
  }
  gpu->memory = all;
  gpu->free_memory = free;
  gpu->major = properties.major;
  gpu->minor = properties.minor;
  return cudaSuccess;
}

const ft_cuda_library kLibrary = {.nccl = {.version = NCCL_VERSION_CODE,
                                           .get_unique_id = get_unique_id,
                                           .init_rank = init_rank,
                                           .async_error = async_error,
                                           .finalize = finalize,
                                           .destroy = destroy,
                                           .abort = abort_comm,
                                           .error_string = nccl_error_string,
                                           .last_error = last_error,
                                           .group_start = group_start,
                                           .group_end = group_end,
                                           .all_gather = all_gather,
                                           .broadcast = broadcast,
                                           .send = send,
                                           .receive = receive},
                                  .runtime_version = CUDART_VERSION,
                                  .error_string = cuda_error_string,
                                  .driver_version = driver_version,
                                  .num_gpus = num_gpus,
                                  .describe_gpu = describe_gpu};

}  // namespace

extern "C" {
extern const ft_cuda_tag ft_cuda_tag_v1;
const ft_cuda_tag ft_cuda_tag_v1 = {ft::kCudaInterface};
const ft_cuda_library* ft_cuda_open_v1() { return &kLibrary; }
}
