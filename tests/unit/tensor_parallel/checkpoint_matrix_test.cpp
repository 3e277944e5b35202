// Every grid of data {1,2,3,4} x tensor {1,2,4} ranks reads what every other one has written, in the background, to the
// last bit: a decoder with grouped queries (two key heads, so four tensor ranks share them) and a vocabulary that no
// number of ranks divides.
#include <numeric>

#include "framework/checkpoint/background_writer.h"
#include "tests/unit/checkpoint/checkpoint_cases.h"
#include "tests/unit/tensor_parallel/grid.h"

using namespace ft;
using namespace ft::testing;

namespace {

struct State {
  SplitModel model;
  MomentsView moments;
  explicit State(Groups groups) : model(tiny_config(), groups.tensor, 1) {
    const auto sizes = owned_sizes(parameters().blocks(), groups.data.size());
    moments.begin = std::accumulate(sizes.begin(), sizes.begin() + groups.data.rank(), std::int64_t{0});
    moments.end = moments.begin + sizes[groups.data.rank()];
    moments.first = at::zeros({moments.end - moments.begin});
    moments.second = at::zeros({moments.end - moments.begin});
  }
  ParameterSet& parameters() { return model.decoder.parameters(); }
  void fill_all() {
    fill(parameters(), parameters().flat(), 0, 0);
    fill(parameters(), moments.first, moments.begin, 1);
    fill(parameters(), moments.second, moments.begin, 2);
  }
};

std::string write_on(Grid grid, const fs::path& target) {
  std::string digest;
  run_grid(grid, [&](Groups groups) {
    State state(groups);
    state.fill_all();
    BackgroundWriter writer(groups);
    writer.begin(target, {.parameters = &state.parameters(), .moments = state.moments, .metadata = "{}"});
    const auto saved = writer.finish();
    REQUIRE(saved);
    if (groups.world.rank() == 0) digest = saved->info.weights_digest;
  });
  return digest;
}

// Which ranks got something else than what belongs there.
std::vector<int> wrong_ranks(Grid grid, const fs::path& folder) {
  std::vector<char> wrong(static_cast<std::size_t>(grid.ranks()), 1);
  run_grid(grid, [&](Groups groups) {
    State read(groups), expected(groups);
    at::Tensor(read.parameters().flat()).detach().fill_(NAN);
    (void)read_checkpoint(folder, read.parameters(), &read.moments, groups);
    expected.fill_all();
    const bool same = at::equal(read.parameters().flat(), expected.parameters().flat()) &&
                      at::equal(read.moments.first, expected.moments.first) &&
                      at::equal(read.moments.second, expected.moments.second);
    wrong[static_cast<std::size_t>(groups.world.rank())] = !same;
  });
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < wrong.size(); ++rank)
    if (wrong[rank]) ranks.push_back(static_cast<int>(rank));
  return ranks;
}

}  // namespace

TEST_CASE("a checkpoint of any grid is read on any other, weights and moments to the last bit") {
  std::vector<Grid> grids;
  for (const int data : {1, 2, 3, 4})
    for (const int tensor : {1, 2, 4}) grids.push_back({data, tensor});
  const TemporaryFolder folder;
  std::string digest;
  int pairs = 0;
  for (const Grid& from : grids) {
    const fs::path target = folder.path / fmt::format("{}x{}", from.data, from.tensor);
    const std::string written = write_on(from, target);
    if (digest.empty()) digest = written;
    CHECK(written == digest);  // the same model, whoever held it
    for (const Grid& to : grids) {
      INFO("written on ", from.data, " x ", from.tensor, ", read on ", to.data, " x ", to.tensor);
      CHECK(wrong_ranks(to, target) == std::vector<int>{});
      ++pairs;
    }
  }
  CHECK(pairs == 144);
}
