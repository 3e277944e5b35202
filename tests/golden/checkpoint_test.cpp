// Checkpoints that an older program has written: tests/golden/checkpoints, made by write_checkpoint.cpp.
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/checkpoint/stored_weights.h"
#include "framework/comm/solo_communicator.h"
#include "framework/store/sealed_folder.h"
#include "tests/golden/checkpoint_cases.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

const fs::path kFormat1 = fs::path(FT_PROJECT_ROOT) / "tests/golden/checkpoints/format-1";

void check_values(Groups groups) {
  golden::Model model(groups);
  const CheckpointInfo info = read_checkpoint(kFormat1, model.parameters, &model.moments, groups);
  std::int64_t wrong = 0, seen = 0;
  const auto compare = [&](float got, float expected) {
    wrong += got != expected;
    ++seen;
  };
  model.each(model.parameters.flat(), 0, 0, compare);
  model.each(model.moments.first, model.moments.begin, 1, compare);
  model.each(model.moments.second, model.moments.begin, 2, compare);
  CHECK(wrong == 0);
  CHECK(seen == model.parameters.size() + 2 * (model.moments.end - model.moments.begin));
  CHECK(nlohmann::json::parse(info.metadata)["cursor"]["step"] == 7);
}

}  // namespace

TEST_CASE("a checkpoint of format 1 is read, alone and on a grid") {
  CHECK(SealedFolder::open(kFormat1).verify().empty());
  SoloCommunicator solo;
  check_values({solo, solo, solo});
  ft::testing::run_ranks(3, [&](Communicator& world) {
    const GroupSet groups(world, {.ranks = 3, .tensor = 1});
    check_values(groups.view());
  });
}

TEST_CASE("tensor after tensor, it holds the same") {
  StoredWeights weights(kFormat1);
  REQUIRE(weights.parameters().size() == 3);
  CHECK(weights.parameters()[1].name == "layers.0.o_proj.weight");
  CHECK(weights.parameters()[1].shape == std::vector<std::int64_t>{8, 6});
  for (int p = 0; p < 3; ++p) {
    const auto values = weights.read(static_cast<std::size_t>(p));
    const auto& shape = weights.parameters()[static_cast<std::size_t>(p)].shape;
    const std::int64_t columns = shape.size() > 1 ? shape[1] : 1;
    REQUIRE(std::ssize(values) == shape[0] * columns);
    for (std::int64_t i = 0; i < std::ssize(values); ++i)
      REQUIRE(values[static_cast<std::size_t>(i)] == golden::value_of(p, i / columns, i % columns, 0));
  }
}

TEST_CASE("a checkpoint of a newer format is refused in words, as nobody's damage") {
  const fs::path newer = fs::temp_directory_path() / fmt::format("ftrun-newer-{}", ::getpid());
  fs::copy(kFormat1, newer);
  Manifest manifest = SealedFolder::open(newer).manifest();
  manifest.version = kCheckpointFormat + 1;
  std::ofstream(newer / "manifest.json", std::ios::binary) << print_manifest(manifest);
  SoloCommunicator solo;
  const Groups groups{solo, solo, solo};
  golden::Model model(groups);
  CHECK_THROWS_WITH_AS(
      (void)read_checkpoint(newer, model.parameters, nullptr, groups),
      doctest::Contains("has version 2 of ftrun-checkpoint; this program knows versions up to 1: use a newer "
                        "ftrun"),
      UserError);
  fs::remove_all(newer);
}
