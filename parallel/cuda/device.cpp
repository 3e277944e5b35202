#include "parallel/cuda/device.h"

#include <ATen/Context.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <cstdlib>
#include <map>

#include "framework/base/choice.h"
#include "framework/base/error.h"
#include "parallel/cuda/cuda_library.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSetup = "run launch/setup.sh --cuda, build again, or set parallel.device: cpu";

// What this rank has found.
struct Found {
  const ft_cuda_library* library = nullptr;
  int gpu = 0;
  ft_cuda_gpu properties = {};
  int driver = 0;
};

// Never closed: threads and devices live on until the process ends.
void* open_library(const fs::path& path, int flags) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | flags);
  if (handle != nullptr) return handle;
  const char* why = dlerror();
  throw Error(
      fmt::format("{} could not be loaded: {}; {}", path.string(), why == nullptr ? "dlopen failed" : why, kSetup));
}

void load_torch(const std::vector<fs::path>& folders) {
  std::string tried;
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (!fs::exists(folder / "libtorch_cuda.so", error)) {
      tried += (tried.empty() ? "" : ", ") + folder.string();
      continue;
    }
    // ATen finds its CUDA part by the registrations that loading makes.
    open_library(folder / "libtorch_cuda.so", RTLD_GLOBAL);
    return;
  }
  throw Error(fmt::format("libtorch_cuda.so is in none of {}; {}", tried, kSetup));
}

const ft_cuda_library* load_own(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(
        fmt::format("there is no {}: this ftrun was built where cuda_runtime_api.h or nccl.h were missing; "
                    "install CUDA's toolkit and NCCL, build again, or set parallel.device: cpu",
                    path.string()));
  }
  void* handle = open_library(path, RTLD_LOCAL);
  const auto* tag = static_cast<const ft_cuda_tag*>(dlsym(handle, "ft_cuda_tag_v1"));
  const auto open = reinterpret_cast<const ft_cuda_library* (*)()>(dlsym(handle, "ft_cuda_open_v1"));
  if (tag == nullptr || open == nullptr || tag->interface_version != kCudaInterface) {
    throw Error(fmt::format("{} does not belong to this ftrun (interface {}, not {}); build again", path.string(),
                            tag == nullptr ? 0 : tag->interface_version, kCudaInterface));
  }
  return open();
}

void check_cuda(const ft_cuda_library& library, int code, const std::string& what) {
  if (code != 0) throw Error(fmt::format("{}: {}", what, library.error_string(code)));
}

// Asked first: without a driver nothing else is worth fetching.
void check_driver() {
  if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr) return;
  throw Error(
      "there is no NVIDIA driver here (libcuda.so.1 cannot be loaded): install it, run on a machine with a GPU, "
      "or set parallel.device: cpu");
}

Found find_gpu(const DeviceRequest& request) {
  check_driver();
  Found found;
  // Without it cuBLAS may give other bits in another run; read when its library starts.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  load_torch(request.torch);
  found.library = load_own(request.library);
  const ft_cuda_library& library = *found.library;
  check_cuda(library, library.driver_version(&found.driver), "the NVIDIA driver");
  if (found.driver == 0) throw Error("there is no NVIDIA driver; install one, or set parallel.device: cpu");
  if (found.driver / 1000 < library.runtime_version / 1000) {
    throw Error(fmt::format("the NVIDIA driver serves CUDA {}.{}, ftrun was built with {}.{}; install a newer driver",
                            found.driver / 1000, found.driver % 1000 / 10, library.runtime_version / 1000,
                            library.runtime_version % 1000 / 10));
  }
  int count = 0;
  check_cuda(library, library.num_gpus(&count), "looking for GPUs");
  const std::optional<int> gpu = choose_gpu(request.local_rank, request.local_size, count);
  if (!gpu) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    throw Error(fmt::format("{} {} for {} ranks on this host{}; start at most as many ranks a host as it has GPUs",
                            count, count == 1 ? "GPU" : "GPUs", request.local_size,
                            visible == nullptr ? "" : fmt::format(" (CUDA_VISIBLE_DEVICES={})", visible)));
  }
  found.gpu = *gpu;
  check_cuda(library, library.describe_gpu(found.gpu, &found.properties), fmt::format("GPU {}", found.gpu));
  return found;
}

std::string describe(const Found& found) {
  const ft_cuda_gpu& gpu = found.properties;
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  return fmt::format("cuda: {} (compute capability {}.{}), {:.0f} GiB of which {:.0f} are free, driver for CUDA {}.{}",
                     gpu.name, gpu.major, gpu.minor, static_cast<double>(gpu.memory) / kGiB,
                     static_cast<double>(gpu.free_memory) / kGiB, found.driver / 1000, found.driver % 1000 / 10);
}

Device use_gpu(const Found& found) {
  Device result;
  result.device = at::Device(at::kCUDA, static_cast<at::DeviceIndex>(found.gpu));
  result.description = describe(found);
  // The device of this thread for the rest of the process.
  c10::impl::VirtualGuardImpl(at::kCUDA).setDevice(result.device);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  at::globalContext().setDeterministicFillUninitializedMemory(false);  // costs time, and nothing reads it
  result.backend = std::make_shared<NcclBackend>(
      NcclBackend{.device = at::kCUDA, .api = found.library->nccl, .make_stream = [device = result.device] {
                    return make_side_stream(device);
                  }});
  return result;
}

}  // namespace

std::string why_no_gpu(const DeviceRequest& request) {
  try {
    (void)find_gpu(request);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

std::unique_ptr<Communicator> Device::connect(Communicator& host, double limit_seconds) const {
  if (backend == nullptr || host.size() == 1) return nullptr;
  constexpr double kForever = 1e9;
  NcclSettings settings;
  settings.limits.limit =
      std::chrono::milliseconds(static_cast<std::int64_t>(1000 * (limit_seconds > 0 ? limit_seconds : kForever)));
  return make_nccl_communicator(host, backend, settings);
}

Device open_device(const DeviceRequest& request, Communicator& world) {
  check_same(world, "parallel.device", std::string(to_string(request.wanted)));
  if (request.wanted == DeviceKind::cpu) {
    const bool unused = fs::exists("/proc/driver/nvidia/version");
    return {.description = unused ? "cpu (this host has an NVIDIA driver: parallel.device=cuda uses its GPUs)" : "cpu"};
  }
  Found found;
  std::string problem, place;
  try {
    found = find_gpu(request);
    place = fmt::format("{} {}", request.host, found.properties.uuid);
  } catch (const Error& error) {
    problem = error.what();
  }
  const std::vector<std::string> problems = world.all_gather_bytes("what is missing for CUDA", problem);
  std::string why = shared_gpus(world.all_gather_bytes("GPUs", place));
  for (std::size_t rank = 0; rank < problems.size(); ++rank) {
    if (problems[rank].empty()) continue;
    why = world.size() == 1 ? problems[rank] : fmt::format("rank {}: {}", rank, problems[rank]);
    break;
  }
  if (why.empty()) return use_gpu(found);
  if (request.wanted == DeviceKind::any_gpu) return {.description = fmt::format("cpu (no CUDA: {})", why)};
  fail_user(fmt::format("parallel.device is cuda, but {}", why));
}

std::optional<int> choose_gpu(int local_rank, int local_size, int num_gpus) {
  if (local_size <= num_gpus) return local_rank;
  if (num_gpus == 1) return 0;  // shared_gpus() finds out whether each rank sees another one
  return std::nullopt;
}

std::string shared_gpus(const std::vector<std::string>& places) {
  std::map<std::string, std::size_t> ranks;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    if (places[rank].empty()) continue;
    const auto [other, fresh] = ranks.emplace(places[rank], rank);
    if (fresh) continue;
    return fmt::format("ranks {} and {} would share one GPU of {}; start at most as many ranks a host as it has GPUs",
                       other->second, rank, places[rank].substr(0, places[rank].find(' ')));
  }
  return "";
}

std::vector<fs::path> libtorch_cuda_folders(const fs::path& built_with) {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("FTRUN_LIBTORCH_CUDA"); given != nullptr) folders.emplace_back(given);
  Dl_info info = {};
  if (dladdr(reinterpret_cast<void*>(&at::globalContext), &info) != 0 && info.dli_fname != nullptr) {
    folders.push_back(fs::path(info.dli_fname).parent_path());
  }
  if (!built_with.empty()) folders.push_back(built_with);
  return folders;
}

}  // namespace ft
