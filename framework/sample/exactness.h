// Which batch sizes give the same bits on this processor, found by trying.
//
// An attempt must not depend on what else is decoded beside it. Products from packed weights promise that
// (kernels/packed_weight.h); it is tried once all the same, with few rows, and then any number of rows is decoded as it is.
// The libraries that are used elsewhere promise nothing of the kind, but on the processors tried a row of a float32
// product depends neither on its place nor on its neighbours, and not on the number of rows from some number up (4 on AMD
// Zen 4, 16 on Intel Emerald Rapids, at the shapes tried). That is a property of processor and library, so it is measured
// at start with the model itself: the logits of rows decoded in a batch of kReferenceRows, against the same rows in other
// places and in batches of other sizes. Sizes that differ are not used. Results then do not depend on the number of slots
// either.
//
//   const BatchSizes sizes = find_exact_sizes(model, slots);
//   for (BatchPart part : sizes.cut(active)) ...      // part.rows active rows in a forward of part.size rows
#pragma once

#include <span>
#include <vector>

#include "framework/model/decoder.h"

namespace ft {

struct BatchPart {
  int rows = 0;  // active ones; the other size - rows are idle
  int size = 0;
};

class BatchSizes {
 public:
  static constexpr int kReferenceRows = 64;

  // Increasing, not empty.
  explicit BatchSizes(std::vector<int> sizes);
  // Each from 1 to `most`.
  [[nodiscard]] static BatchSizes any(int most);
  [[nodiscard]] bool is_any() const { return any_; }
  [[nodiscard]] const std::vector<int>& sizes() const { return sizes_; }
  // Full parts of the largest size, then the smallest size that holds the rest.
  [[nodiscard]] std::vector<BatchPart> cut(int rows) const;

 private:
  std::vector<int> sizes_;
  bool any_ = false;
};

// The sizes worth trying: 4, 8, 12, 16, 24, 32, 48, 64, 96, ... up to the first that holds `slots`; the reference too.
[[nodiscard]] std::vector<int> candidate_sizes(int slots);

// Collective over the model's tensor group: decodes a few tokens. Of a model whose products are packed, any size up to
// `slots`, once a few have given the same bits. Of another, the candidate sizes (at most the first that holds `slots`)
// whose logits equal the reference's bit for bit. When not even the reference keeps its bits under a permutation of its
// rows, the answer is {1}: each attempt in a forward of its own, slow and exact.
[[nodiscard]] BatchSizes find_exact_sizes(Decoder& model, int slots);

}  // namespace ft
