#include "framework/checkpoint/background_writer.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "framework/base/error.h"
#include "framework/comm/solo_communicator.h"
#include "tests/support/doctest_torch.h"
#include "tests/unit/checkpoint/checkpoint_cases.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

std::map<std::string, std::string> bytes_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files[entry.path().filename().string()] = text.str();
  }
  return files;
}

// What a training does after a save: all values change.
void change(Rank& rank) {
  const at::NoGradGuard no_grad;
  at::Tensor(rank.parameters.flat()).fill_(7);
  rank.moments.first.fill_(8);
  rank.moments.second.fill_(9);
}

// As training does between steps: goes on with the write when all ranks are ready.
std::optional<SavedCheckpoint> poll(BackgroundWriter& writer, Communicator& world) {
  if (any_rank(world, "not ready", !writer.ready())) return std::nullopt;
  return writer.advance();
}

// Writes in the background on every rank of a grid while the values change; polls until it is sealed.
void write_while_training(int data, int tensor, const fs::path& target) {
  on_grid(data, tensor, [&](Groups groups) {
    Rank rank(groups);
    rank.fill_all();
    BackgroundWriter writer(groups);
    writer.begin(target, rank.content());
    change(rank);
    CHECK(writer.pending());
    std::optional<SavedCheckpoint> saved;
    while (!(saved = poll(writer, groups.world))) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK_FALSE(writer.pending());
    CHECK(saved->folder == target);
    CHECK(saved->info.manifest_digest == inspect_checkpoint(target).manifest_digest);
    CHECK(saved->num_bytes > 0);
    CHECK(saved->stall_seconds > 0);
    CHECK(saved->durable_seconds > 0);
    CHECK_FALSE(writer.finish());  // given once
  });
}

}  // namespace

TEST_CASE("a checkpoint written in the background is the one of its moment, byte for byte") {
  for (const auto& [data, tensor] : std::vector<std::pair<int, int>>{{1, 1}, {3, 1}, {1, 2}, {2, 2}}) {
    const TemporaryFolder folder;
    write_while_training(data, tensor, folder.path / "background");
    (void)write_on(data, tensor, folder.path / "blocking");
    const auto background = bytes_of(folder.path / "background"), blocking = bytes_of(folder.path / "blocking");
    CHECK(background.size() == static_cast<std::size_t>(data * tensor) + 3);
    CHECK(background == blocking);
  }
}

TEST_CASE("a checkpoint taken from the model itself has the same bytes, and needs no copy") {
  const TemporaryFolder folder;
  on_grid(2, 1, [&](Groups groups) {
    Rank rank(groups);
    rank.fill_all();
    BackgroundWriter writer(groups, TakenFrom::model);
    writer.reserve(std::int64_t{1} << 50);  // nothing is taken
    writer.wait_until_written();            // for nothing
    writer.begin(folder.path / "model", rank.content());
    CHECK(writer.finish());
    writer.begin(folder.path / "in place", rank.content());
    writer.wait_until_written();
    change(rank);
    CHECK(writer.finish());
    writer.wait_until_written();
  });
  (void)write_on(2, 1, folder.path / "blocking");
  CHECK(bytes_of(folder.path / "model") == bytes_of(folder.path / "blocking"));
  CHECK(bytes_of(folder.path / "in place") == bytes_of(folder.path / "blocking"));
}

TEST_CASE("saves follow one another in one writer, and each waits for the one before") {
  const TemporaryFolder folder;
  on_grid(2, 1, [&](Groups groups) {
    Rank rank(groups);
    BackgroundWriter writer(groups);
    for (int save = 0; save < 5; ++save) {
      rank.fill_all();
      bool sealed_then = false;
      const fs::path target = folder.path / std::to_string(save);
      writer.begin(target, rank.content(), [&] { sealed_then = fs::exists(target / "manifest.json"); });
      change(rank);
      CHECK_THROWS_WITH_AS(writer.begin(folder.path / "x", rank.content()), doctest::Contains("is still being written"),
                           Error);
      CHECK(writer.finish());
      CHECK(sealed_then == (groups.world.rank() == 0));
    }
  });
  for (int save = 0; save < 5; ++save) read_alone(folder.path / std::to_string(save));
}

TEST_CASE("nothing has the final name before the seal, and a write that is given up leaves nothing") {
  const TemporaryFolder folder;
  on_grid(2, 1, [&](Groups groups) {
    Rank rank(groups);
    rank.fill_all();
    BackgroundWriter writer(groups);
    writer.begin(folder.path / "x", rank.content());
    CHECK_FALSE(fs::exists(folder.path / "x"));
    groups.world.barrier("all have looked");
  });
  CHECK(folder.empty());
}

TEST_CASE("when a rank cannot write in the background, all ranks say so at the next step, and can go on") {
  const TemporaryFolder folder;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{30000, old.rlim_max};
  on_grid(2, 1, [&](Groups groups) {
    Rank rank(groups);
    rank.fill_all();
    BackgroundWriter writer(groups);
    if (groups.world.rank() == 0) ::setrlimit(RLIMIT_FSIZE, &small);
    groups.world.barrier("small files only");
    writer.begin(folder.path / "x", rank.content());
    const std::string message = complaint_of([&] { (void)writer.finish(); });
    CHECK(contains(message, "rank 0: "));
    CHECK(contains(message, "rank-0000.h5: File too large"));
    CHECK_FALSE(writer.pending());
    groups.world.barrier("all have failed");
    if (groups.world.rank() == 0) {
      ::setrlimit(RLIMIT_FSIZE, &old);
      CHECK(folder.empty());
    }
    groups.world.barrier("there is room again");
    writer.begin(folder.path / "x", rank.content());
    CHECK(writer.finish());
  });
  read_alone(folder.path / "x");
}
