// A job that ends in the way its argument says; failures_test.sh looks at what its user would see.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

#include "framework/comm/groups.h"
#include "parallel/mpi/bootstrap.h"

namespace {

using namespace ft;

// Exchanges until something ends it.
[[noreturn]] void exchange_for_ever(Communicator& comm) {
  while (true) {
    at::Tensor values = at::ones({10'000});
    comm.all_reduce("gradients", values, ReduceOp::sum);
  }
}

ExitCode run(const std::string& how, MpiSession& session) {
  Communicator& world = session.world();
  const GroupSet groups(world, make_topology(world.size(), 1));
  world.barrier("start");
  if (how == "done") return ExitCode::done;
  if (how == "mistake everywhere") fail_user({"run.yaml", 3, 5}, "unknown key 'learing_rate'");
  if (how == "stop everywhere") throw StopRequested("stopped by signal 10; the same command continues");
  if (how == "different everywhere") throw Error(fmt::format("fault {}", world.rank()));
  if (how == "kill one" && world.rank() == 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    std::raise(SIGKILL);
  }
  if (how == "exit one" && world.rank() == 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    _exit(3);
  }
  if (how == "throw on one" && world.rank() == 1) throw Error("disk full");
  if (how == "abort on one" && world.rank() == 1) world.abort("model file is torn", ExitCode::user_mistake);
  if (how == "abort on all") world.abort(fmt::format("all at once"), ExitCode::failure);
  if (how == "throw beside work") {
    if (world.rank() == 1) throw Error("disk full");
    std::this_thread::sleep_for(std::chrono::seconds(60));
  }
  exchange_for_ever(world);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "done";
  return ft::run_mpi_session([&](ft::MpiSession& session) { return run(how, session); });
}
