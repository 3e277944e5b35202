// Memory, instruction sets, exactness, GPUs, limits of the process.
#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>
#include <clocale>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "framework/base/memory.h"
#include "framework/base/units.h"
#include "framework/model/decoder.h"
#include "framework/model/packed_products.h"
#include "framework/sample/exactness.h"
#include "framework/store/files.h"
#include "launch/commands.h"
#include "launch/device_request.h"
#include "launch/doctor.h"
#include "launch/host_memory.h"

namespace ft {
namespace {

std::string processor_name() {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return "unknown processor";
}

bool processor_has(std::string_view flag) {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (word == flag) return true;
    }
    return false;
  }
  return false;
}

void judge_processors(Examination& exam) {
  const auto all = exam.collect("processors", {{"name", processor_name()},
                                               {"kind", at::get_cpu_capability()},
                                               {"bf16", processor_has("avx512_bf16") || processor_has("amx_bf16")}});
  std::vector<int> differ;
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] != all[0]) differ.push_back(static_cast<int>(r));
  }
  if (!differ.empty()) {
    const nlohmann::json& other = all[static_cast<std::size_t>(differ.front())];
    exam.warning(
        "processor",
        fmt::format("rank 0 computes on {} ({}), {} on {} ({})", all[0]["name"].get<std::string>(),
                    all[0]["kind"].get<std::string>(), ranks_text(differ), other["name"].get<std::string>(),
                    other["kind"].get<std::string>()),
        "use hosts of one kind: the slowest sets the pace, and a run that moves between them differs by rounding");
    return;
  }
  exam.ok("processor",
          fmt::format("{}, {}, bf16 {}", all[0]["name"].get<std::string>(), all[0]["kind"].get<std::string>(),
                      all[0]["bf16"] ? "in hardware" : "emulated (slow; runs compute in float32)"));
}

// As sampling does at its start: a batch of which sizes gives each row the same bits, whatever its neighbours.
void judge_exactness(Examination& exam) {
  const auto factory = make_dense_factory();
  Decoder model(preset_config("tiny", 64), *factory);
  initialise(model, 1);
  const PackedProducts packed(model, at::kFloat);
  const std::vector<int> mine = find_exact_sizes(model, 64).sizes();
  const auto all = exam.collect("exact batch sizes", mine);
  const auto& worst = *std::ranges::min_element(all, {}, [](const nlohmann::json& sizes) { return sizes.size(); });
  const std::string sizes =
      worst.size() == 64 ? "any size" : fmt::format("{}", fmt::join(worst.get<std::vector<int>>(), ", "));
  if (worst.size() == 1 && worst[0] == 1) {
    exam.warning("exactness", "no batch size gives rows the same bits in all places: each attempt is decoded alone",
                 "sampling is slow on this processor; use another kind of host where there is one");
  } else {
    exam.ok("exactness", fmt::format("rows keep their bits in batches of {}", sizes));
  }
}

// As the run itself asks for them (parallel/cuda/device.h).
void judge_wanted_gpus(Examination& exam) {
  if (exam.demands().device == DeviceKind::cpu) return;
  MpiSession& session = exam.session();
  const auto all = exam.collect("GPUs wanted", why_no_gpu(device_request(exam.demands().device, session.local_rank(),
                                                                         session.local_size(), session.host())));
  for (std::size_t r = 0; r < all.size(); ++r) {
    const std::string why = all[r];
    if (why.empty()) continue;
    const std::string text = all.size() == 1 ? why : fmt::format("rank {}: {}", r, why);
    if (exam.demands().device == DeviceKind::any_gpu) {
      exam.ok("device", fmt::format("parallel.device is auto: the run computes on the processor ({})", text));
    } else {
      exam.problem("device", fmt::format("parallel.device is cuda, but {}", text), "the run would refuse to start");
    }
    return;
  }
  exam.ok("device", "every rank has a GPU");
}

// GPUs by what the driver shows; the CUDA side of the program by whether its library loads.
void judge_gpus(Examination& exam) {
  int devices = 0;
  while (std::filesystem::exists(fmt::format("/dev/nvidia{}", devices))) ++devices;
  std::string driver;
  std::ifstream version("/proc/driver/nvidia/version");
  std::getline(version, driver);
  const std::filesystem::path library = recipe_folder().parent_path() / "libft_cuda.so";
  std::string loads = std::filesystem::exists(library) ? "" : "not built";
  if (loads.empty() && devices > 0 && dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) loads = dlerror();
  const auto all = exam.collect(
      "GPUs", {{"devices", devices}, {"driver", driver}, {"library", loads}, {"ranks", exam.session().local_size()}});
  for (std::size_t r = 0; r < all.size(); ++r) {
    const int here = all[r]["devices"], local = all[r]["ranks"];
    if (here == 0) continue;
    if (const std::string why = all[r]["library"]; !why.empty()) {
      exam.warning("gpu", fmt::format("rank {} sees {} GPUs, but libft_cuda.so: {}", r, here, why),
                   "to compute on them, install the CUDA libraries of launch/setup.sh and build again");
    } else if (here < local) {
      exam.warning("gpu", fmt::format("{} ranks share a host with {} GPUs: NCCL wants one each", local, here),
                   fmt::format("to compute on them, start {} ranks a host", here));
    } else {
      exam.ok("gpu", fmt::format("{} on the host of rank {}, libft_cuda.so loads; {}", here, r,
                                 all[r]["driver"].get<std::string>()));
    }
    return;
  }
  exam.ok("gpu", "none here: ranks compute on CPU cores");
}

}  // namespace

void examine_memory(Examination& exam) {
  const std::int64_t own = resident_memory();
  const HostMemory memory = host_memory();
  nlohmann::json mine = {{"host", exam.session().host()}, {"free", memory.free}, {"own", own}};
  if (memory.limit) mine["limit"] = *memory.limit;
  const auto all = exam.collect("memory", mine);
  std::map<std::string, std::pair<std::int64_t, int>> hosts;  // least seen to be free, ranks
  std::vector<int> limited;
  for (std::size_t r = 0; r < all.size(); ++r) {
    auto& [free, ranks] = hosts.try_emplace(all[r]["host"], all[r]["free"].get<std::int64_t>(), 0).first->second;
    free = std::min(free, all[r]["free"].get<std::int64_t>());
    ++ranks;
    if (all[r].contains("limit") && all[r]["limit"] < std::max<std::int64_t>(exam.demands().memory, 256 << 20))
      limited.push_back(static_cast<int>(r));
  }
  const auto need = static_cast<double>(exam.demands().memory);
  if (!limited.empty()) {
    exam.problem(
        "memory",
        fmt::format("the limit of address space (ulimit -v) leaves {} for {}; {}",
                    bytes_text(all[static_cast<std::size_t>(limited.front())]["limit"]), ranks_text(limited),
                    need > 0 ? fmt::format("stage '{}' needs about {}", exam.demands().largest, bytes_text(need))
                             : std::string("a run needs more")),
        "raise it: `ulimit -v unlimited`");
  }
  for (const auto& [host, entry] : hosts) {
    const auto& [free, ranks] = entry;
    const std::string here = fmt::format("{} free for {} {} on {}", bytes_text(static_cast<double>(free)), ranks,
                                         ranks == 1 ? "rank" : "ranks", host);
    const double together = exam.demands().memory_each * ranks + exam.demands().memory_once;
    if (need <= 0) {
      exam.ok("memory", fmt::format("{}; this process holds {}", here, bytes_text(static_cast<double>(own))));
    } else if (together > static_cast<double>(free)) {
      exam.problem("memory",
                   fmt::format("{}, but stage '{}' needs about {} a rank, {} in all", here, exam.demands().largest,
                               bytes_text(need), bytes_text(together)),
                   "start fewer ranks a host, raise parallel.tensor, set training.recompute: layers, or lower "
                   "training.tokens_per_micro_batch or slots");
    } else if (together > 0.8 * static_cast<double>(free)) {
      exam.warning(
          "memory",
          fmt::format("{}; stage '{}' needs about {} of it", here, exam.demands().largest, bytes_text(together)),
          "that is close: start fewer ranks a host, set training.recompute: layers, or lower "
          "training.tokens_per_micro_batch or slots");
    } else {
      exam.ok("memory", fmt::format("{}; the largest stage, '{}', needs about {} a rank", here, exam.demands().largest,
                                    bytes_text(need)));
    }
  }
}

void examine_processor(Examination& exam) {
  judge_processors(exam);
  judge_wanted_gpus(exam);
  judge_exactness(exam);
  judge_gpus(exam);
}

void examine_limits(Examination& exam) {
  rlimit files{}, size{}, core{}, seconds{};
  getrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_FSIZE, &size);
  getrlimit(RLIMIT_CORE, &core);
  getrlimit(RLIMIT_CPU, &seconds);
  const auto all = exam.collect("limits", {{"files", files.rlim_cur},
                                           {"size", size.rlim_cur},
                                           {"core", core.rlim_cur},
                                           {"seconds", seconds.rlim_cur},
                                           {"point", std::localeconv()->decimal_point}});
  std::uint64_t least_files = RLIM_INFINITY, least_size = RLIM_INFINITY, least_seconds = RLIM_INFINITY,
                largest_core = 0;
  bool points = true;
  for (const nlohmann::json& rank : all) {
    least_files = std::min(least_files, rank["files"].get<std::uint64_t>());
    least_size = std::min(least_size, rank["size"].get<std::uint64_t>());
    least_seconds = std::min(least_seconds, rank["seconds"].get<std::uint64_t>());
    largest_core = std::max(largest_core, rank["core"].get<std::uint64_t>());
    points = points && rank["point"] == ".";
  }
  const std::size_t before = exam.findings().size();
  const std::uint64_t wanted_files = 64 + 4 * all.size();
  if (least_files < wanted_files) {
    exam.problem("limits", fmt::format("only {} open files a process", least_files),
                 fmt::format("raise it: `ulimit -n {}` or more", std::max<std::uint64_t>(1024, wanted_files)));
  }
  if (least_size != RLIM_INFINITY) {
    const bool small = least_size < (std::uint64_t{1} << 30);
    const std::string text = fmt::format("files may not grow beyond {}", bytes_text(static_cast<double>(least_size)));
    if (small)
      exam.problem("limits", text + ": checkpoints and logs will", "raise it: `ulimit -f unlimited`");
    else
      exam.warning("limits", text, "raise it: `ulimit -f unlimited`");
  }
  if (least_seconds != RLIM_INFINITY) {
    exam.warning("limits", fmt::format("a process is killed after {} s of processor time", least_seconds),
                 "raise it: `ulimit -t unlimited`, or set run.time_limit below it");
  }
  if (largest_core != 0) {
    exam.warning("limits", "core dumps are on: a crash writes the memory of every rank to disk",
                 "turn them off: `ulimit -c 0`");
  }
  if (!points)
    exam.problem("limits", "the locale writes decimal numbers with another sign than a point", "set LC_ALL=C.UTF-8");
  if (exam.findings().size() == before)
    exam.ok("limits", fmt::format("{} open files, no limit of file size or time, no core dumps", least_files));
}

}  // namespace ft
