#include "tests/support/communicator_cases.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "framework/comm/agreement.h"
#include "framework/comm/groups.h"
#include "framework/comm/topology.h"
#include "framework/comm/tree_sum.h"
#include "tests/support/doctest_torch.h"

namespace ft::testing {

at::Tensor telling_values(int contributor, std::int64_t count) {
  at::Generator generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(contributor) + 1);
  return at::randn({count}, generator) * std::pow(10.0, contributor % 5);
}

bool same_bits(const at::Tensor& left, const at::Tensor& right) {
  return left.sizes() == right.sizes() && left.scalar_type() == right.scalar_type() && left.is_contiguous() &&
         right.is_contiguous() &&
         (left.nbytes() == 0 || std::memcmp(left.data_ptr(), right.data_ptr(), left.nbytes()) == 0);
}

namespace {

// Larger than a chunk of any transport under test (tests give them small ones), and no multiple of anything.
constexpr std::int64_t kLarge = 150'007;

// Small integers that differ by rank and place: their sums are exact in every dtype.
at::Tensor integers(int rank, std::int64_t count, at::ScalarType dtype) {
  const at::Tensor places = at::arange(count, at::kLong);
  return ((places * (rank + 3) + rank * 7) % 19 - 9).to(dtype);
}

at::Tensor reduced_integers(int size, std::int64_t count, at::ScalarType dtype, ReduceOp op) {
  at::Tensor result = integers(0, count, dtype);
  for (int r = 1; r < size; ++r) {
    const at::Tensor other = integers(r, count, dtype);
    if (op == ReduceOp::sum) result = result + other;
    if (op == ReduceOp::max) result = at::maximum(result, other);
  }
  return result;
}

// Shard sizes that differ by rank; rank 1 has none.
std::vector<std::int64_t> uneven_sizes(int size, std::int64_t unit) {
  std::vector<std::int64_t> sizes;
  for (int r = 0; r < size; ++r) sizes.push_back(r == 1 ? 0 : unit + r * (unit / 2 + 1));
  return sizes;
}

std::int64_t total(const std::vector<std::int64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
}

at::Tensor slice_of(const at::Tensor& whole, const std::vector<std::int64_t>& sizes, int rank) {
  const std::int64_t begin = std::accumulate(sizes.begin(), sizes.begin() + rank, std::int64_t{0});
  return whole.slice(0, begin, begin + sizes[static_cast<std::size_t>(rank)]);
}

at::Tensor tree_of_ranks(int size, std::int64_t count) {
  TreeSum sum;
  for (int r = 0; r < size; ++r) sum.add(telling_values(r, count));
  return sum.take();
}

void all_reduce_is_the_reduction(Communicator& comm) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kInt, at::kLong}) {
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max}) {
      for (const std::int64_t count : {0, 1, 5, 33, 1500, 3'000}) {
        at::Tensor values = integers(comm.rank(), count, dtype);
        comm.all_reduce("integers", values, op);
        CHECK(at::equal(values, reduced_integers(comm.size(), count, dtype, op)));
      }
    }
  }
}

void large_tensors_go_in_chunks(Communicator& comm) {
  at::Tensor values = integers(comm.rank(), kLarge, at::kFloat);
  comm.all_reduce("large", values, ReduceOp::sum);
  CHECK(at::equal(values, reduced_integers(comm.size(), kLarge, at::kFloat, ReduceOp::sum)));
}

void exact_sums_have_the_bits_of_the_tree(Communicator& comm) {
  for (const std::int64_t count : {7, 1000, 60'000}) {
    const at::Tensor expected = tree_of_ranks(comm.size(), count);
    at::Tensor values = telling_values(comm.rank(), count);
    comm.all_reduce("telling", values, ReduceOp::sum);
    CHECK(same_bits(values, expected));

    std::vector<std::int64_t> sizes(static_cast<std::size_t>(comm.size()), 0);
    sizes.back() = count;
    at::Tensor shard = at::empty({sizes[static_cast<std::size_t>(comm.rank())]});
    comm.reduce_scatter("telling", shard, telling_values(comm.rank(), count), sizes);
    CHECK(same_bits(shard, slice_of(expected, sizes, comm.rank()).contiguous()));
  }
  if (comm.size() < 4) return;  // up to three, the tree is left to right
  at::Tensor plain = telling_values(0, 1000);
  for (int r = 1; r < comm.size(); ++r) plain += telling_values(r, 1000);
  CHECK_FALSE(same_bits(plain, tree_of_ranks(comm.size(), 1000)));
}

void a_nan_of_any_rank_survives_a_maximum(Communicator& comm) {
  for (const std::int64_t count : {4, 4000}) {
    for (int bad = 0; bad < comm.size(); ++bad) {
      at::Tensor values = at::ones({count});
      if (comm.rank() == bad) values[2] = std::numeric_limits<float>::quiet_NaN();
      comm.all_reduce("nan", values, ReduceOp::max);
      CHECK(at::isnan(values).sum().item<std::int64_t>() == 1);
      CHECK(std::isnan(values[2].item<float>()));
    }
  }
}

void all_gather_concatenates_uneven_shards(Communicator& comm) {
  for (const std::int64_t unit : {0, 3, 1000, 25'000}) {
    const std::vector<std::int64_t> sizes = uneven_sizes(comm.size(), unit);
    const std::int64_t mine = sizes[static_cast<std::size_t>(comm.rank())];
    std::vector<at::Tensor> parts;
    for (int r = 0; r < comm.size(); ++r) parts.push_back(integers(r, sizes[static_cast<std::size_t>(r)], at::kFloat));
    const at::Tensor expected = at::cat(parts);

    at::Tensor out = at::full({total(sizes)}, -1.0F);
    comm.all_gather("shards", out, integers(comm.rank(), mine, at::kFloat), sizes);
    CHECK(at::equal(out, expected));

    at::Tensor in_place = at::full({total(sizes)}, -1.0F);
    const at::Tensor own = slice_of(in_place, sizes, comm.rank());
    own.copy_(integers(comm.rank(), mine, at::kFloat));
    comm.all_gather("shards in place", in_place, own, sizes);
    CHECK(at::equal(in_place, expected));
  }
  const std::vector<std::int64_t> nothing(static_cast<std::size_t>(comm.size()), 0);
  at::Tensor empty = at::empty({0}, at::kByte);
  comm.all_gather("nothing", empty, empty, nothing);
  CHECK(empty.numel() == 0);
}

void reduce_scatter_gives_each_rank_its_slice(Communicator& comm) {
  for (const at::ScalarType dtype : {at::kFloat, at::kLong}) {
    for (const std::int64_t unit : {0, 3, 1000, 25'000}) {
      const std::vector<std::int64_t> sizes = uneven_sizes(comm.size(), unit);
      const at::Tensor expected =
          slice_of(reduced_integers(comm.size(), total(sizes), dtype, ReduceOp::sum), sizes, comm.rank());
      const at::Tensor in = integers(comm.rank(), total(sizes), dtype);
      at::Tensor shard = at::empty({sizes[static_cast<std::size_t>(comm.rank())]}, dtype);
      comm.reduce_scatter("slices", shard, in, sizes);
      CHECK(at::equal(shard, expected));
      CHECK(at::equal(in, integers(comm.rank(), total(sizes), dtype)));  // untouched

      const at::Tensor own = slice_of(in, sizes, comm.rank());
      comm.reduce_scatter("slices in place", own, in, sizes);
      CHECK(at::equal(own, expected));
    }
  }
}

// The bytes of a rank: any values, zero bytes among them.
std::string bytes_of(int rank, std::size_t length) {
  std::string bytes(length, '\0');
  for (std::size_t i = 0; i < length; ++i)
    bytes[i] = static_cast<char>((i * 31 + static_cast<std::size_t>(rank)) % 251);
  return bytes;
}

// Lengths that go with the greeting, that just do not, and that take rounds.
constexpr std::array<std::size_t, 8> kLengths{0, 1, 112, 200'000, 113, 65'536, 5000, 7};

void bytes_of_different_lengths(Communicator& comm) {
  for (std::size_t shift = 0; shift < kLengths.size(); ++shift) {
    const auto length_of = [&](int r) { return kLengths[(static_cast<std::size_t>(r) + shift) % kLengths.size()]; };
    const std::string own = bytes_of(comm.rank(), length_of(comm.rank()));
    const auto all = comm.all_gather_bytes("bytes", own);
    CHECK(all.size() == static_cast<std::size_t>(comm.size()));
    for (int r = 0; r < comm.size(); ++r) CHECK(all[static_cast<std::size_t>(r)] == bytes_of(r, length_of(r)));
    for (int root = 0; root < comm.size(); ++root) {
      const auto gathered = comm.gather_bytes("to one", own, root);
      CHECK(gathered == (comm.rank() == root ? all : std::vector<std::string>()));
      CHECK(comm.broadcast_bytes("from one", own, root) == bytes_of(root, length_of(root)));
    }
  }
  for (const std::string& none : comm.all_gather_bytes("none", "")) CHECK(none.empty());
}

void records_are_agreed_upon_in_the_order_of_ranks(Communicator& comm) {
  struct Record {
    std::int64_t ranks;
    std::array<double, 20> numbers;  // too long to go with the greeting
    bool all_even;
  };
  const Record mine{.ranks = 1, .numbers = {0.5 * comm.rank(), 1.0}, .all_even = comm.rank() % 2 == 0};
  const Record together = agree(comm, "record", mine, [](Record a, const Record& b) {
    a.ranks += b.ranks;
    a.numbers[0] = 10 * a.numbers[0] + b.numbers[0];  // neither commutative nor associative
    a.numbers[1] += b.numbers[1];
    a.all_even = a.all_even && b.all_even;
    return a;
  });
  double expected = 0;
  for (int r = 1; r < comm.size(); ++r) expected = 10 * expected + 0.5 * r;
  CHECK(together.ranks == comm.size());
  CHECK(together.numbers[0] == expected);
  CHECK(together.numbers[1] == comm.size());
  CHECK(together.numbers[19] == 0);
  CHECK(together.all_even == (comm.size() == 1));
  const auto records = gather_records(comm, "short record", comm.rank() * 3);
  CHECK(std::ssize(records) == comm.size());
  for (int r = 0; r < comm.size(); ++r) CHECK(records[static_cast<std::size_t>(r)] == r * 3);
}

void helpers_agree_on_all_ranks(Communicator& comm) {
  const std::int64_t size = comm.size();
  CHECK(sum_over_ranks(comm, "counts", (std::int64_t{1} << 60) / size + comm.rank()) ==
        (std::int64_t{1} << 60) / size * size + size * (size - 1) / 2);
  CHECK_FALSE(any_rank(comm, "none", false));
  for (int r = 0; r < comm.size(); ++r) {
    CHECK(any_rank(comm, "one", comm.rank() == r));
  }
}

void check_same_names_the_ranks_that_differ(Communicator& comm) {
  check_same(comm, "the run file", "seed: 1\nsteps: 7\n");
  if (comm.size() == 1) return;
  const int odd = comm.size() - 1;
  const std::string text = comm.rank() == odd ? "seed: 1\nsteps: 8\n" : "seed: 1\nsteps: 7\n";
  const std::string expected = fmt::format(
      "the run file must be the same on all ranks, but rank {} differs from rank 0: rank 0 has 'steps: 7', "
      "rank {} has 'steps: 8'",
      odd, odd);
  CHECK_THROWS_WITH_AS(check_same(comm, "the run file", text), expected.c_str(), Error);
  CHECK_THROWS_WITH_AS(
      check_same(comm, "the digest", comm.rank() == 0 ? std::string("\x01\x02") : std::string("\x01\x03")),
      doctest::Contains("2 bytes, which differ from byte 1 on"), Error);
}

void split_makes_groups_in_the_order_of_keys(Communicator& comm) {
  const int colour = comm.rank() % 2;
  const auto half = comm.split(colour, -comm.rank());  // reversed
  const int members = (comm.size() + 1 - colour) / 2;
  CHECK(half->size() == members);
  CHECK(half->rank() == members - 1 - comm.rank() / 2);
  // The halves do different numbers of exchanges, and the world goes on between them.
  for (int i = 0; i < 3 + 4 * colour; ++i) {
    at::Tensor value = at::full({5000}, comm.rank(), at::kLong);
    half->all_reduce("half", value, ReduceOp::sum);
    std::int64_t expected = 0;
    for (int r = colour; r < comm.size(); r += 2) expected += r;
    CHECK(value[4999].item<std::int64_t>() == expected);
  }
  CHECK(sum_over_ranks(comm, "world", 1) == comm.size());
  const auto alone = half->split(half->rank(), 0);
  CHECK(alone->size() == 1);
  CHECK(sum_over_ranks(*alone, "alone", 5) == 5);
  CHECK(sum_over_ranks(*half, "half", 1) == members);
}

void groups_follow_the_topology(Communicator& comm) {
  for (int tensor = 1; tensor <= comm.size(); ++tensor) {
    if (comm.size() % tensor != 0) continue;
    const GroupSet set(comm, make_topology(comm.size(), tensor));
    const Groups groups = set.view();
    CHECK(groups.tensor.size() == tensor);
    CHECK(groups.data.size() == comm.size() / tensor);
    CHECK(comm.rank() == groups.data.rank() * groups.tensor.size() + groups.tensor.rank());
    // A sum over one axis, then over the other, is the sum over the world.
    const std::int64_t over_tensor = sum_over_ranks(groups.tensor, "tensor", comm.rank());
    CHECK(sum_over_ranks(groups.data, "data", over_tensor) == comm.size() * (comm.size() - 1) / 2);
  }
}

void mistakes_are_told_before_anything_is_sent(Communicator& comm) {
  at::Tensor odd = at::zeros({4, 4}).t();
  CHECK_THROWS_WITH_AS(comm.all_reduce("odd", odd, ReduceOp::sum),
                       doctest::Contains("'odd' of a tensor that is not contiguous"), Error);
  at::Tensor whole = at::zeros({10}), shard = at::zeros({4});
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(comm.size()), 5);
  CHECK_THROWS_AS(comm.all_gather("sizes", whole, shard, sizes), Error);
  CHECK_THROWS_AS(comm.reduce_scatter("sizes", shard, whole, sizes), Error);
  CHECK_THROWS_AS((void)comm.broadcast_bytes("root", "", comm.size()), Error);
  CHECK_THROWS_AS((void)comm.gather_bytes("root", "", -1), Error);
  comm.barrier("and the communicator still works");
}

// Each rank takes runs of its own lengths, rank 0 fewer than others, and pauses between them to serve.
void a_counter_gives_each_number_to_one_rank(Communicator& comm) {
  constexpr std::int64_t kTotal = 400;
  for (int turn = 0; turn < 2; ++turn) {  // the second one begins at 0, too
    const auto counter = comm.make_counter("numbers");
    CHECK(counter->taken() <= kTotal + 5 * comm.size());
    std::vector<std::int64_t> mine;
    bool grows = true;
    for (std::int64_t last = -1;;) {
      const std::int64_t count = 1 + (comm.rank() + turn) % 5, first = counter->take(count);
      grows = grows && first > last && counter->taken() >= first + count;
      last = first;
      for (std::int64_t n = first; n < std::min(first + count, kTotal); ++n) mine.push_back(n);
      counter->serve();
      if (first >= kTotal || (comm.rank() == 0 && comm.size() > 1 && mine.size() > 20)) break;
    }
    counter->finish();
    CHECK(grows);
    const std::string bytes(reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof mine[0]);
    std::vector<int> given(kTotal, 0);
    for (const std::string& of_rank : comm.all_gather_bytes("numbers of each rank", bytes)) {
      for (std::size_t at = 0; at < of_rank.size(); at += sizeof(std::int64_t)) {
        std::int64_t number = 0;
        std::memcpy(&number, of_rank.data() + at, sizeof number);
        ++given[static_cast<std::size_t>(number)];
      }
    }
    CHECK(std::ranges::all_of(given, [](int times) { return times == 1; }));
  }
}

constexpr std::array kCases = {
    CommunicatorCase{"all_reduce is the reduction, for every dtype, operation and size", all_reduce_is_the_reduction},
    CommunicatorCase{"large tensors go in chunks", large_tensors_go_in_chunks},
    CommunicatorCase{"exact sums have the bits of the tree", exact_sums_have_the_bits_of_the_tree},
    CommunicatorCase{"a NaN of any rank survives a maximum", a_nan_of_any_rank_survives_a_maximum},
    CommunicatorCase{"all_gather concatenates uneven shards", all_gather_concatenates_uneven_shards},
    CommunicatorCase{"reduce_scatter gives each rank its slice", reduce_scatter_gives_each_rank_its_slice},
    CommunicatorCase{"bytes of different lengths", bytes_of_different_lengths},
    CommunicatorCase{"records are agreed upon in the order of ranks", records_are_agreed_upon_in_the_order_of_ranks},
    CommunicatorCase{"helpers agree on all ranks", helpers_agree_on_all_ranks},
    CommunicatorCase{"check_same names the ranks that differ", check_same_names_the_ranks_that_differ},
    CommunicatorCase{"split makes groups in the order of keys", split_makes_groups_in_the_order_of_keys},
    CommunicatorCase{"groups follow the topology", groups_follow_the_topology},
    CommunicatorCase{"a counter gives each number to one rank", a_counter_gives_each_number_to_one_rank},
    CommunicatorCase{"mistakes are told before anything is sent", mistakes_are_told_before_anything_is_sent},
};

}  // namespace

std::span<const CommunicatorCase> communicator_cases() { return kCases; }

}  // namespace ft::testing
