// The part of NCCL that ftrun calls, as a table of functions.
//
// The table is filled by libft_cuda.so, which links NCCL and is loaded only when a run asks for CUDA; and by a
// stand-in, on which the tests run the same communicator without a GPU. Plain C: it crosses the border of a library
// that may have been built on another day.
//
// Results are NCCL's codes: 0 is success, 7 "in progress" (communicators are non-blocking: ask async_error until it
// says something else). Counts are elements; `stream` is a cudaStream_t.
#pragma once

#include <cstddef>

struct ncclComm;  // as in nccl.h

extern "C" struct ft_nccl_api {
  int version;                                                            // NCCL's, e.g. 22907
  int (*get_unique_id)(char* id);                                         // kNcclIdBytes
  int (*init_rank)(ncclComm** comm, int size, const char* id, int rank);  // non-blocking
  int (*async_error)(ncclComm* comm, int* result);
  int (*finalize)(ncclComm* comm);
  int (*destroy)(ncclComm* comm);
  int (*abort)(ncclComm* comm);
  const char* (*error_string)(int result);
  const char* (*last_error)(ncclComm* comm);
  int (*group_start)();
  int (*group_end)();
  int (*all_gather)(const void* send, void* receive, std::size_t count, int type, ncclComm* comm, void* stream);
  int (*broadcast)(const void* send, void* receive, std::size_t count, int type, int root, ncclComm* comm,
                   void* stream);
  int (*send)(const void* data, std::size_t count, int type, int peer, ncclComm* comm, void* stream);
  int (*receive)(void* data, std::size_t count, int type, int peer, ncclComm* comm, void* stream);
};

namespace ft {

using NcclApi = ft_nccl_api;

inline constexpr int kNcclIdBytes = 128;
inline constexpr int kNcclSuccess = 0, kNcclInProgress = 7;
inline constexpr int kNcclUint8 = 1;  // of ncclDataType_t; cuda_library.cpp compares it with nccl.h

}  // namespace ft
