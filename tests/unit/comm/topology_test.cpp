#include "framework/comm/topology.h"

#include <set>

#include "tests/support/doctest_torch.h"

using namespace ft;

TEST_CASE("every world rank has one place in the grid, tensor ranks side by side") {
  for (int ranks = 1; ranks <= 24; ++ranks) {
    for (int tensor = 1; tensor <= ranks; ++tensor) {
      if (ranks % tensor != 0) continue;
      const Topology topology = make_topology(ranks, tensor);
      CHECK(topology.data() * topology.tensor == ranks);
      std::set<std::pair<int, int>> places;
      for (int rank = 0; rank < ranks; ++rank) {
        const int data = topology.data_rank(rank), slice = topology.tensor_rank(rank);
        places.emplace(data, slice);
        CHECK(topology.world_rank(data, slice) == rank);
        CHECK((data >= 0 && data < topology.data() && slice >= 0 && slice < tensor));
      }
      CHECK(places.size() == static_cast<std::size_t>(ranks));
    }
  }
}

TEST_CASE("lanes: each once, in rank order, evenly where they divide") {
  for (int data = 1; data <= 9; ++data) {
    for (std::int64_t lanes = 0; lanes <= 20; ++lanes) {
      const Topology topology = make_topology(data, 1);
      std::int64_t next = 0;
      for (int rank = 0; rank < data; ++rank) {
        const LaneRange range = topology.lanes_of(rank, lanes);
        CHECK(range.begin == next);
        CHECK(range.count() >= lanes / data);
        CHECK(range.count() <= (lanes + data - 1) / data);
        next = range.end;
      }
      CHECK(next == lanes);
    }
  }
  CHECK(make_topology(8, 2).lanes_of(3, 8).begin == 6);
  CHECK_THROWS_AS(static_cast<void>(make_topology(8, 2).lanes_of(4, 8)), Error);
}

TEST_CASE("a grid that does not fit is the user's mistake, and told with what would fit") {
  CHECK_THROWS_WITH_AS(static_cast<void>(make_topology(6, 4, {"run.yaml", 3, 20})),
                       "run.yaml:3:20: ranks 6 do not divide by parallel.tensor 4; start 4 or 8 ranks, or use "
                       "parallel.tensor 1, 2, 3 or 6 "
                       "(as far as it divides the attention heads of every model, too)",
                       UserError);
  CHECK_THROWS_WITH_AS(static_cast<void>(make_topology(1, 4)),
                       doctest::Contains("start 4 ranks, or use parallel.tensor 1 ("), UserError);
  CHECK_THROWS_WITH_AS(static_cast<void>(make_topology(2, 0)), doctest::Contains("must be at least 1"), UserError);
}

TEST_CASE("what the log says") {
  CHECK(make_topology(6, 2).describe() == "6 ranks = 3 data x 2 tensor");
  CHECK(make_topology(1, 1).describe() == "1 rank = 1 data x 1 tensor");
  CHECK(make_topology(4, 1).lanes_note(8).empty());
  CHECK(make_topology(12, 3).lanes_note(4).empty());
  CHECK(make_topology(4, 1).keeps_bits(8));
  CHECK_FALSE(make_topology(3, 1).keeps_bits(8));
  CHECK(make_topology(3, 1).lanes_note(8).find("6 or 9 lanes divide evenly; the weights will differ by rounding") !=
        std::string::npos);
  CHECK(make_topology(8, 1).lanes_note(4) ==
        "4 of 8 data ranks have no lane to compute; use at least 8 lanes or at most 4 data ranks");
}
