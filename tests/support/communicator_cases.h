// What every communicator must do, as cases that a test runs on all ranks of the one it has made: alone, among threads,
// over MPI, over shared windows. A new transport is right when it passes them at 1, 2, 3 and 4 ranks.
//
//   for (const CommunicatorCase& c : communicator_cases()) c.run(comm);
//
// A case checks with doctest on every rank; it uses CHECK only, so that a rank that finds a fault goes on with the
// others.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "framework/comm/communicator.h"

namespace ft::testing {

struct CommunicatorCase {
  std::string_view name;
  void (*run)(Communicator& comm);
};

[[nodiscard]] std::span<const CommunicatorCase> communicator_cases();

// `count` floats of very different size, so that another order of addition gives other bits; the same for the same
// contributor on every rank.
[[nodiscard]] at::Tensor telling_values(int contributor, std::int64_t count);

// The bits of `tensor`, for comparisons in which -0.0 differs from 0.0.
[[nodiscard]] bool same_bits(const at::Tensor& left, const at::Tensor& right);

}  // namespace ft::testing
