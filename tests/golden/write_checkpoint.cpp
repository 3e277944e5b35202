// Writes the checkpoint that is committed under tests/golden/checkpoints/format-1. Run once when the format changes,
// with a new folder; the old one stays and must stay readable.
//
//   cmake --build DIR --target write_checkpoint && DIR/bin/write_checkpoint tests/golden/checkpoints/format-1
#include <cstdio>

#include "tests/golden/checkpoint_cases.h"
#include "tests/support/thread_communicator.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("write_checkpoint FOLDER\n", stderr);
    return 2;
  }
  // On 2 x 2 ranks, so that the files hold boxes of every kind.
  ft::testing::run_ranks(4, [&](ft::Communicator& world) {
    const ft::GroupSet groups(world, {.ranks = 4, .tensor = 2});
    ft::golden::Model model(groups.view());
    model.fill();
    const ft::CheckpointInfo info =
        write_checkpoint(argv[1],
                         {.parameters = &model.parameters,
                          .moments = model.moments,
                          .metadata = R"({"kind":"checkpoint","stage":"golden","cursor":{"step":7}})",
                          .files = {{"config.json", "{}\n"}}},
                         groups.view());
    if (world.rank() == 0) fmt::print("weights {}\n", info.weights_digest);
  });
}
