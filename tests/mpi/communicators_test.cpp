#include <algorithm>
#include <bit>
#include <vector>

#include "framework/comm/groups.h"
#include "framework/comm/tree_sum.h"
#include "parallel/mpi/bootstrap.h"
#include "parallel/mpi/launcher.h"
#include "tests/mpi/world.h"
#include "tests/support/communicator_cases.h"
#include "tests/support/doctest_torch.h"

using namespace ft;
using namespace ft::testing;

namespace {

// Small windows and chunks: the tensors of the cases then take several rounds.
constexpr MpiSettings kWindows{.shared_memory = true, .window_bytes = 64 * 1024};
constexpr MpiSettings kMessages{.shared_memory = false, .chunk_bytes = 64 * 1024};
constexpr MpiSettings kBoth{.window_bytes = 64 * 1024, .share_among = 2};  // as if hosts had two ranks each

void run_cases(const MpiSettings& settings) {
  const auto comm = session().duplicate(settings);
  for (const CommunicatorCase& c : communicator_cases()) {
    CAPTURE(c.name);
    c.run(*comm);
  }
}

}  // namespace

TEST_CASE("the world is made of the ranks of the launcher, on this host") {
  Communicator& world = session().world();
  CHECK(session().local_size() == world.size());
  CHECK(session().local_rank() == world.rank());
  CHECK(MpiSession::way_of(world) == "shared memory");
  if (world.size() > 1) CHECK(MpiSession::way_of(*session().duplicate(kMessages)) == "MPI");
  if (world.size() > 2) CHECK(MpiSession::way_of(*session().duplicate(kBoth)) == "shared memory and MPI");
  CHECK(session().describe().find(world.size() == 1 ? "1 ranks on 1 host" : "on 1 host, shared memory") !=
        std::string::npos);
}

TEST_CASE("every verb over shared windows") { run_cases(kWindows); }

TEST_CASE("every verb over messages") { run_cases(kMessages); }

TEST_CASE("every verb over shared windows of two ranks, and messages between these") { run_cases(kBoth); }

TEST_CASE("all ways, and other chunks, give the same bits") {
  constexpr std::int64_t kCount = 777'777;
  const int size = session().world().size();
  TreeSum sum;
  for (int r = 0; r < size; ++r) sum.add(telling_values(r, kCount));
  const at::Tensor expected = sum.take();
  for (const MpiSettings& settings : {kWindows, kMessages, kBoth, MpiSettings{}, MpiSettings{.shared_memory = false}}) {
    const auto comm = session().duplicate(settings);
    at::Tensor values = telling_values(comm->rank(), kCount);
    comm->all_reduce("telling", values, ReduceOp::sum);
    CHECK(same_bits(values, expected));
  }
}

TEST_CASE("lanes within ranks, then ranks: the bits of one rank alone") {
  const int size = session().world().size();
  if (!std::has_single_bit(static_cast<unsigned>(size))) return;  // bits are kept between powers of two
  const std::int64_t lanes = std::max(16, size);
  const auto sum_of = [](const LaneRange& range) {
    TreeSum sum;
    for (std::int64_t lane = range.begin; lane < range.end; ++lane) {
      sum.add(telling_values(static_cast<int>(lane), 50'000));
    }
    return sum.take();
  };
  for (const MpiSettings& settings : {kWindows, kMessages, kBoth}) {
    const auto comm = session().duplicate(settings);
    at::Tensor mine = sum_of(make_topology(size, 1).lanes_of(comm->rank(), lanes));
    comm->all_reduce("lanes", mine, ReduceOp::sum);
    CHECK(same_bits(mine, sum_of({0, lanes})));
  }
}

TEST_CASE("ranks that do different things all learn who does what") {
  if (session().world().size() == 1) return;
  for (const MpiSettings& settings : {kWindows, kMessages, kBoth}) {
    const auto comm = session().duplicate(settings);
    const auto differ = [&] {
      if (comm->rank() == 1) return (void)comm->broadcast_bytes("loss", "3.5", 0);
      comm->barrier("end of epoch");
    };
    CHECK_THROWS_WITH_AS(differ(), doctest::Contains("rank 0 is in barrier 'end of epoch' (0 bytes"), Error);
  }
}

TEST_CASE("the launcher is known by its environment") {
  const auto launch_of = [](std::vector<std::pair<std::string, std::string>> variables) {
    return find_launch([variables](const char* name) -> std::optional<std::string> {
      for (const auto& [key, value] : variables) {
        if (key == name) return value;
      }
      return std::nullopt;
    });
  };
  CHECK_FALSE(launch_of({}).has_value());
  CHECK(launch_of({{"OMPI_COMM_WORLD_SIZE", "4"}})->ranks == 4);
  CHECK(launch_of({{"PMI_SIZE", "2"}})->launcher == "PMI");
  CHECK(launch_of({{"PMIX_RANK", "0"}, {"SLURM_STEP_NUM_TASKS", "6"}})->ranks == 6);
  CHECK(launch_of({{"PMIX_RANK", "0"}})->ranks == 0);
  CHECK_FALSE(launch_of({{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}}).has_value());
  CHECK_THROWS_WITH_AS(launch_of({{"SLURM_STEP_NUM_TASKS", "6"}}), doctest::Contains("srun --mpi=pmix"), UserError);
}
