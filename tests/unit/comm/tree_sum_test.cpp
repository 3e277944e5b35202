#include "framework/comm/tree_sum.h"

#include <bit>

#include "framework/base/error.h"
#include "framework/comm/topology.h"
#include "tests/support/communicator_cases.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;

namespace {

constexpr std::int64_t kCount = 1203;

at::Tensor sum_of_lanes(const LaneRange& lanes) {
  TreeSum sum;
  for (std::int64_t lane = lanes.begin; lane < lanes.end; ++lane)
    sum.add(telling_values(static_cast<int>(lane), kCount));
  return sum.num_added() > 0 ? sum.take() : at::zeros({kCount});
}

// The definition, by recursion: the left subtree holds the largest power of two below the count.
at::Tensor definition(int first, int count) {
  if (count == 1) return telling_values(first, kCount);
  const int left = static_cast<int>(std::bit_floor(static_cast<unsigned>(count - 1)));
  return definition(first, left) + definition(first + left, count - left);
}

}  // namespace

TEST_CASE("the tree is the one of the definition, for any count") {
  for (int count = 1; count <= 33; ++count) CHECK(same_bits(sum_of_lanes({0, count}), definition(0, count)));
  const auto v = [](int lane) { return telling_values(lane, kCount); };
  CHECK(same_bits(sum_of_lanes({0, 4}), (v(0) + v(1)) + (v(2) + v(3))));
  CHECK(same_bits(sum_of_lanes({0, 7}), ((v(0) + v(1)) + (v(2) + v(3))) + ((v(4) + v(5)) + v(6))));
}

TEST_CASE("the data can tell: left to right gives other bits") {
  at::Tensor plain = telling_values(0, kCount);
  for (int lane = 1; lane < 16; ++lane) plain += telling_values(lane, kCount);
  CHECK_FALSE(same_bits(plain, sum_of_lanes({0, 16})));
  CHECK(at::allclose(plain, sum_of_lanes({0, 16}), 1e-4, 1e-1));
}

TEST_CASE("lanes within ranks, then ranks: the same bits for 1, 2, 4, 8 and 16 ranks") {
  const at::Tensor alone = sum_of_lanes({0, 16});
  for (const int data : {1, 2, 4, 8, 16}) {
    run_ranks(data, [&](Communicator& comm) {
      const Topology topology = make_topology(data, 1);
      CHECK(topology.keeps_bits(16));
      at::Tensor sum = sum_of_lanes(topology.lanes_of(comm.rank(), 16));
      comm.all_reduce("lanes", sum, ReduceOp::sum);
      CHECK(same_bits(sum, alone));
    });
  }
}

TEST_CASE("ranks without a lane contribute zeros: the sum is that of the others") {
  run_ranks(8, [&](Communicator& comm) {
    at::Tensor sum = sum_of_lanes(make_topology(8, 1).lanes_of(comm.rank(), 4));
    comm.all_reduce("lanes", sum, ReduceOp::sum);
    CHECK(same_bits(sum, sum_of_lanes({0, 4})));
  });
}

TEST_CASE("memory holds one tree, and wherever the result lies") {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kInt, at::kLong}) {
    for (int count = 1; count <= 9; ++count) {
      TreeSum sum;
      std::vector<at::Tensor> contributions;
      std::vector<const void*> pointers;
      for (int i = 0; i < count; ++i) {
        contributions.push_back(telling_values(i, kCount).to(dtype));
        pointers.push_back(contributions.back().data_ptr());
        sum.add(contributions.back().clone());
      }
      const at::Tensor expected = sum.take().to(dtype);
      at::Tensor out = at::empty({kCount}, dtype);
      reduce_tree(dtype, ReduceOp::sum, pointers, out.data_ptr(), kCount);
      CHECK(same_bits(out, expected));
      at::Tensor& last = contributions.back();
      reduce_tree(dtype, ReduceOp::sum, pointers, last.data_ptr(), kCount);
      CHECK(same_bits(last, expected));
    }
  }
}

TEST_CASE("nodes of the tree may come as their sums") {
  const auto sum_of = [](const std::vector<int>& leaves) {
    std::vector<at::Tensor> nodes;
    std::vector<const void*> pointers;
    int first = 0;
    for (const int count : leaves) {
      nodes.push_back(definition(first, count));
      pointers.push_back(nodes.back().data_ptr());
      first += count;
    }
    at::Tensor out = at::empty({kCount});
    reduce_tree(at::kFloat, ReduceOp::sum, pointers, out.data_ptr(), kCount, leaves);
    return out;
  };
  CHECK(same_bits(sum_of({4, 4, 4}), definition(0, 12)));
  CHECK(same_bits(sum_of({2, 1, 1, 2}), definition(0, 6)));
  CHECK(same_bits(sum_of({1, 1, 2, 4, 3}), definition(0, 11)));
  CHECK(same_bits(sum_of({7}), definition(0, 7)));
  CHECK_THROWS_WITH_AS((void)sum_of({1, 2, 1}), doctest::Contains("no nodes of its tree"), Error);
  for (const std::vector<int>& none : {std::vector{3, 1, 4}, {1, 3}, {3, 1}, {2, 4}, {4, 4, 2, 4}, {1, 1, 3}}) {
    CHECK_THROWS_WITH_AS((void)sum_of(none), doctest::Contains("no nodes of its tree"), Error);
  }
  const at::Tensor any = at::ones({kCount});
  const std::vector<const void*> two = {any.data_ptr(), any.data_ptr()};
  at::Tensor out = at::empty({kCount});
  CHECK_THROWS_WITH_AS(reduce_tree(at::kFloat, ReduceOp::sum, two, out.data_ptr(), kCount, std::vector{4, 0}),
                       doctest::Contains("sum of none"), Error);
}

TEST_CASE("take empties the sum, and it can be used again; mistakes are told") {
  TreeSum sum;
  CHECK_THROWS_WITH_AS(static_cast<void>(sum.take()), doctest::Contains("no contribution"), Error);
  sum.add(at::ones({3}));
  CHECK(sum.num_added() == 1);
  CHECK(same_bits(sum.take(), at::ones({3})));
  CHECK(sum.num_added() == 0);
  sum.add(at::ones({3}));
  CHECK_THROWS_AS(sum.add(at::ones({4})), Error);
  at::Tensor bytes = at::zeros({3}, at::kByte);
  const void* pointer = bytes.data_ptr();
  CHECK_THROWS_WITH_AS(reduce_tree(at::kByte, ReduceOp::sum, {&pointer, 1}, bytes.data_ptr(), 3),
                       doctest::Contains("cannot be reduced"), Error);
}
