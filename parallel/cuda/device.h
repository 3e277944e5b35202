// Where a run computes: on the processor, or each rank on a GPU of its own.
//
// CUDA is not linked: libtorch's CUDA libraries and libft_cuda.so are loaded when a run asks for them, so the program
// starts where none of them exists. This must happen before ATen is used, which looks once for what is there.
//
//   const Device device = open_device({.wanted = "auto", .local_rank = 2, .local_size = 8, ...}, world);
//   log.info("{}", device.description);
//   auto nccl = device.connect(world, 600);     // null on the processor
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/comm/communicator.h"
#include "framework/comm/rank_place.h"
#include "parallel/cuda/nccl_communicator.h"

namespace ft {

struct DeviceRequest {
  DeviceKind wanted = DeviceKind::cpu;
  int local_rank = 0;  // of the ranks of this host
  int local_size = 1;
  std::string host;
  std::filesystem::path library;             // libft_cuda.so
  std::vector<std::filesystem::path> torch;  // folders where libtorch_cuda.so may lie, in this order
};

struct Device {
  at::Device device = at::kCPU;
  std::string description;  // for the log: "cpu", or GPU, memory, driver, NCCL; why not, where "auto" found no GPU
  std::shared_ptr<const NcclBackend> backend;  // null on the processor

  // Collective over `host`, which must outlive the result: the communicator for this device's tensors. Null where
  // `host` serves: on the processor, and for one rank alone. `limit_seconds`: of one exchange; 0 = none.
  [[nodiscard]] std::unique_ptr<Communicator> connect(Communicator& host, double limit_seconds) const;
};

// Collective over world, before any other use of ATen. Where "cuda" is wanted and cannot be had, throws UserError on
// every rank: what is missing on which rank, and what to do. On a GPU it also asks ATen for operations that give the
// same bits in every run.
[[nodiscard]] Device open_device(const DeviceRequest& request, Communicator& world);

// Why this process cannot compute on a GPU now, and what to do about it; empty where it can. Loads CUDA's libraries.
[[nodiscard]] std::string why_no_gpu(const DeviceRequest& request);

// The GPU of a rank, of those it sees: its own number among the ranks of the host, or the only one where the launcher
// shows each rank another one. Empty: too few.
[[nodiscard]] std::optional<int> choose_gpu(int local_rank, int local_size, int num_gpus);

// The ranks that would share a GPU, as a sentence, or empty. `places`: "host uuid" of each rank.
[[nodiscard]] std::string shared_gpus(const std::vector<std::string>& places);

// Folders to look for libtorch_cuda.so in: FTRUN_LIBTORCH_CUDA, beside the libtorch in use, and `built_with`.
[[nodiscard]] std::vector<std::filesystem::path> libtorch_cuda_folders(const std::filesystem::path& built_with);

}  // namespace ft
