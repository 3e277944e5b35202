// What main.cpp hands to the test cases of one rank.
#pragma once

#include "parallel/mpi/bootstrap.h"

namespace ft::testing {

// The session that main() started; the world of all ranks.
[[nodiscard]] MpiSession& session();

}  // namespace ft::testing
