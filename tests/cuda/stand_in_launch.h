// What ranks of the stand-in give to NCCL, and what becomes of it when all of them have.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ft::testing {

struct Operation {
  std::string what;  // "all_gather", ...
  const void* from = nullptr;
  void* to = nullptr;
  std::size_t count = 0;
  int type = 0, root = 0, peer = -1;

  // What must be the same on all ranks of a collective operation.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_message() const { return what == "send" || what == "receive"; }
};

struct Launch {
  std::vector<Operation> operations;
  bool over = false;  // its data has moved, or its communicator was aborted
};

// Moves the data of launches that belong together, by rank: of all ranks, or (messages only) of those that need each
// other; null for the others. Returns what NCCL's rules forbid about them, or nothing.
[[nodiscard]] std::string move_data(const std::vector<std::shared_ptr<Launch>>& launches);

}  // namespace ft::testing
