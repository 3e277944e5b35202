// A job that exchanges in one verb for ever, watched like the real program; tests/fault/hang_test.py stops one of its
// ranks from outside.
//   hanging_job VERB FOLDER SECONDS     SECONDS: the limit of the hang report
#include <ATen/ATen.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "framework/watch/traced_communicator.h"
#include "launch/hangs.h"
#include "parallel/mpi/bootstrap.h"

namespace {

using namespace ft;

constexpr std::int64_t kElements = 12'000;

void exchange(const std::string& verb, Communicator& comm) {
  const std::vector<std::int64_t> sizes(static_cast<std::size_t>(comm.size()), kElements);
  const at::Tensor part = at::ones({kElements}), whole = at::ones({kElements * comm.size()});
  if (verb == "all_reduce") return comm.all_reduce("gradients", part, ReduceOp::sum);
  if (verb == "all_gather") return comm.all_gather("weights", whole, part, sizes);
  if (verb == "reduce_scatter") {
    return comm.reduce_scatter("gradients", part, whole, sizes);
  }
  if (verb == "broadcast_bytes") return (void)comm.broadcast_bytes("words", std::string(kElements, 'w'), 0);
  if (verb == "gather_bytes") return (void)comm.gather_bytes("words", std::string(kElements, 'w'), 0);
  if (verb == "all_gather_bytes") return (void)comm.all_gather_bytes("words", "word");
  if (verb == "barrier") return comm.barrier("step");
  fail_user("no verb " + verb);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string verb = argv[1], folder = argv[2];
  return run_mpi_session([&](MpiSession& session) {
    const auto trace = std::make_shared<ExchangeTrace>();
    TracedCommunicator world(session.world(), trace, "world");
    const auto watch = watch_for_hangs(world, trace, folder, std::atof(argv[3]), session.host());
    trace->set_stage("test");
    const auto part = world.split(0, world.rank());
    for (int i = 0; i < 20; ++i) exchange(verb, *part);
    std::ofstream(folder + "/pid-" + std::to_string(world.rank())) << getpid() << std::endl;
    while (true) exchange(verb, *part);
    return ExitCode::done;
  });
}
