#include "framework/comm/topology.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <vector>

namespace ft {
namespace {

// "1, 2, 3 or 6"
std::string one_of(const std::vector<int>& values) {
  if (values.size() == 1) return fmt::format("{}", values.front());
  return fmt::format("{} or {}", fmt::join(values.begin(), values.end() - 1, ", "), values.back());
}

[[noreturn]] void fail(const Place& where, const std::string& what) {
  if (where.file.empty()) fail_user(what);
  fail_user(where, what);
}

bool is_power_of_two(std::int64_t value) { return value > 0 && std::has_single_bit(static_cast<std::uint64_t>(value)); }

}  // namespace

LaneRange Topology::lanes_of(int data_rank, std::int64_t num_lanes) const {
  FT_CHECK(data_rank >= 0 && data_rank < data(), "data rank {} of {}", data_rank, data());
  FT_CHECK(num_lanes >= 0, "{} lanes", num_lanes);
  return {data_rank * num_lanes / data(), (data_rank + std::int64_t{1}) * num_lanes / data()};
}

bool Topology::keeps_bits(std::int64_t num_lanes) const {
  return is_power_of_two(num_lanes) && is_power_of_two(data());
}

std::string Topology::describe() const {
  return fmt::format("{} {} = {} data x {} tensor", ranks, ranks == 1 ? "rank" : "ranks", data(), tensor);
}

std::string Topology::lanes_note(std::int64_t num_lanes) const {
  std::string note;
  if (num_lanes < data()) {
    note = fmt::format("{} of {} data ranks have no lane to compute; use at least {} lanes or at most {} data ranks",
                       data() - num_lanes, data(), data(), num_lanes);
  } else if (num_lanes % data() != 0) {
    note = fmt::format(
        "some of the {} data ranks compute one lane more than others and the others wait; {} or {} lanes "
        "divide evenly",
        data(), num_lanes / data() * data(), (num_lanes / data() + 1) * data());
  }
  if (!keeps_bits(num_lanes)) {
    if (!note.empty()) note += "; ";
    note += fmt::format(
        "the weights will differ by rounding from those of another number of ranks: for the same bits "
        "lanes (now {}) and data ranks (now {}) must be powers of two",
        num_lanes, data());
  }
  return note;
}

Topology make_topology(int ranks, int tensor, const Place& where) {
  FT_CHECK(ranks >= 1, "{} ranks", ranks);
  if (tensor < 1) fail(where, fmt::format("parallel.tensor is {}, must be at least 1", tensor));
  if (ranks % tensor != 0) {
    std::vector<int> divisors;
    for (int candidate = 1; candidate <= ranks; ++candidate) {
      if (ranks % candidate == 0) divisors.push_back(candidate);
    }
    const int below = ranks / tensor * tensor, above = below + tensor;
    const std::string counts = below > 0 ? fmt::format("{} or {}", below, above) : fmt::format("{}", above);
    fail(where,
         fmt::format("ranks {} do not divide by parallel.tensor {}; start {} ranks, or use parallel.tensor {} (as "
                     "far as it divides the attention heads of every model, too)",
                     ranks, tensor, counts, one_of(divisors)));
  }
  return {ranks, tensor};
}

}  // namespace ft
