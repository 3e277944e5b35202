// main() of the tests under mpirun: starts MPI, checks that there are as many ranks as the test asked for (a launcher
// that starts n single processes would otherwise pass), and runs all cases on every rank in the same order.
#define DOCTEST_CONFIG_IMPLEMENT
#include <ATen/Parallel.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "tests/mpi/world.h"
#include "tests/support/doctest_torch.h"

namespace {

ft::MpiSession* the_session = nullptr;

// The n of --expect-ranks=n; 0 where it is missing.
int expected_ranks(int argc, char** argv) {
  constexpr std::string_view kOption = "--expect-ranks=";
  int ranks = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kOption)) std::from_chars(argument.data() + kOption.size(), argument.end(), ranks);
  }
  return ranks;
}

}  // namespace

ft::MpiSession& ft::testing::session() { return *the_session; }

int main(int argc, char** argv) {
  const auto body = [&](ft::MpiSession& session) {
    const int expected = expected_ranks(argc, argv);
    if (session.world().size() != expected) {
      std::fprintf(stderr, "the world has %d ranks, the test asked for %d\n", session.world().size(), expected);
      return ft::ExitCode::failure;
    }
    at::set_num_threads(1);
    the_session = &session;
    doctest::Context context(argc, argv);
    context.setOption("no-path-filenames", true);
    context.setOption("no-colors", true);
    if (session.world().rank() != 0) context.setOption("minimal", true);  // speaks only where a check fails
    return context.run() == 0 ? ft::ExitCode::done : ft::ExitCode::failure;
  };
  return ft::run_mpi_session(body, {.solo_without_mpi = false});
}
