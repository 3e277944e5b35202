// A problem set that one rank has read and all ranks use piece by piece: a file of JSON lines that lies beside what is
// made of it and goes when that is done. So no rank but the reader ever holds the whole set, and it only once.
//
//   const ProblemSpool spool(world, folder / ".problems.partial", 64, [&] { return stage.inputs.problems("train"); });
//   for (const Problem& problem : spool.read(3)) ...       // problems 192 to 255
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/comm/communicator.h"
#include "framework/problem/problem.h"
#include "framework/tensor/random_access_file.h"

namespace ft {

class ProblemSpool {
 public:
  // Collective. Rank 0 calls `load` and writes the file, in blocks of `block` problems. Throws on all ranks what that
  // throws, as on_rank_zero(); as store/files.h where it cannot be written.
  ProblemSpool(Communicator& world, const std::filesystem::path& file, std::int64_t block,
               const std::function<std::vector<Problem>()>& load)
      : ProblemSpool(
            world, file, [block](std::int64_t) { return block; }, load) {}
  // The same with a size of blocks that is decided by the number of problems.
  ProblemSpool(Communicator& world, const std::filesystem::path& file,
               const std::function<std::int64_t(std::int64_t)>& block,
               const std::function<std::vector<Problem>()>& load);

  [[nodiscard]] std::int64_t num_problems() const { return num_problems_; }
  [[nodiscard]] std::int64_t num_blocks() const { return (num_problems_ + block_ - 1) / block_; }
  // Behind the last problem of a block; 0 for block -1.
  [[nodiscard]] std::int64_t end_of(std::int64_t block) const { return std::min(num_problems_, (block + 1) * block_); }
  [[nodiscard]] std::int64_t block_of(std::int64_t place) const { return place / block_; }
  // One block's lines, its problems, and one problem, on any rank. Throw Unreadable.
  [[nodiscard]] std::string lines(std::int64_t block) const;
  [[nodiscard]] std::vector<Problem> read(std::int64_t block) const;
  [[nodiscard]] Problem problem(std::int64_t place) const;
  // Of the problem's line: its text, its solution and what else belongs to it.
  [[nodiscard]] std::int64_t bytes(std::int64_t place) const { return offset(place + 1) - offset(place); }

 private:
  [[nodiscard]] std::int64_t offset(std::int64_t place) const { return offsets_.at(static_cast<std::size_t>(place)); }
  [[nodiscard]] std::string text(std::int64_t begin, std::int64_t end) const;

  std::optional<RandomAccessFile> file_;  // open from the beginning: its folder may be moved meanwhile
  std::int64_t num_problems_ = 0, block_ = 1;
  std::vector<std::int64_t> offsets_;  // of each problem, and the end
};

}  // namespace ft
