#include "framework/comm/tree_sum.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "framework/base/error.h"

namespace ft {

void TreeSum::add(at::Tensor contribution) {
  const at::NoGradGuard no_grad;
  FT_CHECK(contribution.defined(), "contribution {} to a tree sum is undefined", num_added_);
  if (contribution.scalar_type() == at::kBFloat16 || contribution.scalar_type() == at::kHalf) {
    contribution = contribution.to(at::kFloat);
  }
  std::size_t level = 0;
  for (; level < levels_.size() && levels_[level]; ++level) {
    at::Tensor left = std::move(*levels_[level]);
    levels_[level].reset();
    FT_CHECK(left.sizes() == contribution.sizes() && left.scalar_type() == contribution.scalar_type(),
             "contribution {} to a tree sum has another shape or dtype than those before it", num_added_);
    left.add_(contribution);  // left + right, always in this order
    contribution = std::move(left);
  }
  if (level == levels_.size()) levels_.emplace_back();
  levels_[level] = std::move(contribution);
  ++num_added_;
}

at::Tensor TreeSum::take() {
  const at::NoGradGuard no_grad;
  FT_CHECK(num_added_ > 0, "the sum over no contribution was asked for");
  at::Tensor sum;
  for (std::optional<at::Tensor>& left : levels_) {  // from the smallest, which is the rightmost
    if (!left) continue;
    if (sum.defined()) {
      FT_CHECK(left->sizes() == sum.sizes() && left->scalar_type() == sum.scalar_type(),
               "contributions to a tree sum differ in shape or dtype");
      left->add_(sum);
    }
    sum = std::move(*left);
  }
  levels_.clear();
  num_added_ = 0;
  return sum;
}

namespace {

// Elements added at a time: the partial sums of all levels stay in the first-level cache.
constexpr std::int64_t kBlock = 512;

template <ReduceOp op, class T>
T combine(T left, T right) {
  if constexpr (op == ReduceOp::sum) return left + right;
  // `right != right` hands on a NaN of the right, a comparison with a NaN on the left keeps the left.
  if constexpr (op == ReduceOp::max) return right > left || right != right ? right : left;
}

// The left part of a tree holds the largest power of two of leaves below their count.
unsigned left_leaves(unsigned leaves) { return std::bit_floor(leaves - 1); }

// Throws where sums over so many neighbours each are no nodes of the tree over all of them.
void check_nodes(std::span<const int> leaves) {
  if (leaves.size() < 2) return;
  int left = static_cast<int>(left_leaves(std::accumulate(leaves.begin(), leaves.end(), 0U)));
  std::size_t num = 0;
  for (; left > 0 && num < leaves.size(); ++num) left -= leaves[num];
  FT_CHECK(left == 0, "contributions to a sum over ranks are no nodes of its tree");
  check_nodes(leaves.first(num));
  check_nodes(leaves.subspan(num));
}

// Reduces one block of elements.
template <ReduceOp op, class T>
class BlockTree {
 public:
  BlockTree(std::span<const void* const> contributions, std::span<const int> leaves)
      : contributions_(contributions), begins_(1, 0) {
    for (std::size_t i = 0; i < contributions.size(); ++i) {
      begins_.push_back(begins_.back() + (leaves.empty() ? 1U : static_cast<unsigned>(leaves[i])));
    }
    scratch_.resize(static_cast<std::size_t>(std::bit_width(begins_.back())) + 1);
  }

  void reduce(std::int64_t begin, std::int64_t count, T* out) {
    begin_ = begin;
    count_ = count;
    reduce_node(0, contributions_.size(), 0);
    std::copy_n(scratch_[0].data(), count, out);
  }

 private:
  // scratch_[slot] = the tree over `num` contributions from `first`; slots above `slot` are free.
  void reduce_node(std::size_t first, std::size_t num, std::size_t slot) {
    T* out = scratch_[slot].data();
    const T* left = static_cast<const T*>(contributions_[first]) + begin_;
    if (num == 1) {
      std::copy_n(left, count_, out);
    } else if (num == 2) {
      const T* right = static_cast<const T*>(contributions_[first + 1]) + begin_;
      for (std::int64_t i = 0; i < count_; ++i) out[i] = combine<op>(left[i], right[i]);
    } else {
      const std::size_t num_left = left_of(first, num);
      reduce_node(first, num_left, slot);
      reduce_node(first + num_left, num - num_left, slot + 1);
      const T* right = scratch_[slot + 1].data();
      for (std::int64_t i = 0; i < count_; ++i) out[i] = combine<op>(out[i], right[i]);
    }
  }

  // How many of `num` contributions from `first` make up the left part.
  [[nodiscard]] std::size_t left_of(std::size_t first, std::size_t num) const {
    const auto from = begins_.begin() + static_cast<std::ptrdiff_t>(first);
    const unsigned left = left_leaves(begins_[first + num] - begins_[first]);
    return static_cast<std::size_t>(std::lower_bound(from, begins_.end(), *from + left) - from);
  }

  std::span<const void* const> contributions_;
  std::vector<unsigned> begins_;  // leaves before each contribution, and all of them
  std::vector<std::array<T, kBlock>> scratch_;
  std::int64_t begin_ = 0, count_ = 0;
};

template <ReduceOp op, class T>
void reduce_all(std::span<const void* const> contributions, void* out, std::int64_t count,
                std::span<const int> leaves) {
  if (contributions.size() == 2) {  // the usual case on small machines, without the detour over scratch
    const auto* left = static_cast<const T*>(contributions[0]);
    const auto* right = static_cast<const T*>(contributions[1]);
    auto* result = static_cast<T*>(out);
    for (std::int64_t i = 0; i < count; ++i) result[i] = combine<op>(left[i], right[i]);
    return;
  }
  BlockTree<op, T> tree(contributions, leaves);
  for (std::int64_t begin = 0; begin < count; begin += kBlock) {
    tree.reduce(begin, std::min(kBlock, count - begin), static_cast<T*>(out) + begin);
  }
}

template <class T>
void reduce_as(ReduceOp op, std::span<const void* const> contributions, void* out, std::int64_t count,
               std::span<const int> leaves) {
  switch (op) {
    case ReduceOp::sum:
      return reduce_all<ReduceOp::sum, T>(contributions, out, count, leaves);
    case ReduceOp::max:
      return reduce_all<ReduceOp::max, T>(contributions, out, count, leaves);
  }
}

}  // namespace

void reduce_tree(at::ScalarType dtype, ReduceOp op, std::span<const void* const> contributions, void* out,
                 std::int64_t count, std::span<const int> leaves) {
  FT_CHECK(!contributions.empty(), "the sum over no contribution was asked for");
  FT_CHECK(leaves.empty() || leaves.size() == contributions.size(), "{} contributions with {} numbers of leaves",
           contributions.size(), leaves.size());
  FT_CHECK(std::ranges::all_of(leaves, [](int count) { return count > 0; }), "a contribution that is the sum of none");
  check_nodes(leaves);
  switch (dtype) {
    case at::kFloat:
      return reduce_as<float>(op, contributions, out, count, leaves);
    case at::kDouble:
      return reduce_as<double>(op, contributions, out, count, leaves);
    case at::kInt:
      return reduce_as<std::int32_t>(op, contributions, out, count, leaves);
    case at::kLong:
      return reduce_as<std::int64_t>(op, contributions, out, count, leaves);
    default:
      throw Error(fmt::format("tensors of {} cannot be reduced over ranks", c10::toString(dtype)));
  }
}

}  // namespace ft
