// Which GPU a rank takes, and what is said when it cannot have one. None of this needs a GPU.
#include <cstdlib>
#include <filesystem>

#include "framework/comm/solo_communicator.h"
#include "parallel/cuda/device.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("a rank takes the GPU of its number on the host") {
  CHECK(choose_gpu(0, 1, 1) == 0);
  CHECK(choose_gpu(3, 4, 8) == 3);
  CHECK(choose_gpu(7, 8, 8) == 7);
  CHECK(choose_gpu(3, 4, 1) == 0);  // the launcher shows each rank another one
  CHECK_FALSE(choose_gpu(0, 4, 3).has_value());
  CHECK_FALSE(choose_gpu(0, 1, 0).has_value());
}

TEST_CASE("ranks that would share a GPU are named") {
  CHECK(shared_gpus({"node1 a", "node1 b", "node2 a", ""}).empty());
  CHECK(shared_gpus({"", "", ""}).empty());
  CHECK(shared_gpus({"node1 a", "node1 b", "node1 a"}).find("ranks 0 and 2 would share one GPU of node1") == 0);
}

TEST_CASE("a run on the processor asks for nothing") {
  SoloCommunicator world;
  const Device device = open_device({.wanted = DeviceKind::cpu, .library = "/nowhere"}, world);
  CHECK(device.device.is_cpu());
  CHECK(device.connect(world, 1) == nullptr);
}

TEST_CASE("without a GPU, cuda is the user's mistake on every rank, and auto goes on with the processor") {
  if (std::filesystem::exists("/proc/driver/nvidia/version")) return;  // cuda_hardware tests such a machine
  run_ranks(2, [&](Communicator& world) {
    DeviceRequest request{
        .wanted = DeviceKind::cuda, .local_rank = world.rank(), .local_size = 2, .library = "/nowhere"};
    CHECK_THROWS_WITH_AS(open_device(request, world), doctest::Contains("parallel.device is cuda, but rank 0: "),
                         UserError);
    request.wanted = DeviceKind::any_gpu;
    const Device device = open_device(request, world);
    CHECK(device.device.is_cpu());
    CHECK(device.description.find("cpu (no CUDA: rank 0: ") == 0);
  });
}

TEST_CASE("ranks that were told different things find out") {
  run_ranks(2, [&](Communicator& world) {
    CHECK_THROWS_WITH_AS(open_device({.wanted = world.rank() == 0 ? DeviceKind::cpu : DeviceKind::any_gpu}, world),
                         doctest::Contains("parallel.device must be the same on all ranks"), Error);
  });
}

TEST_CASE("libtorch's CUDA part is looked for where the user says, beside libtorch, where it was set up") {
  setenv("FTRUN_LIBTORCH_CUDA", "/given", 1);
  const auto folders = libtorch_cuda_folders("/built");
  unsetenv("FTRUN_LIBTORCH_CUDA");
  REQUIRE(folders.size() == 3);
  CHECK(folders[0] == "/given");
  CHECK(std::filesystem::exists(folders[1] / "libtorch_cpu.so"));
  CHECK(folders[2] == "/built");
}
