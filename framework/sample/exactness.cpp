#include "framework/sample/exactness.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/model/packed_products.h"
#include "framework/sample/kv_cache.h"

namespace ft {
namespace {

constexpr int kSteps = 3;  // attention then averages over more than one value

// Decodes kSteps random tokens in each of `size` rows; row b is the sequence first + (b + shift) modulo `size`.
// Returns the logits in the order of sequences, [kSteps, size, V].
at::Tensor decode_sequences(Decoder& model, int size, int shift, int first = 0) {
  const Philox random(0, "exactness");
  const auto vocab_size = static_cast<std::uint64_t>(model.config().vocab_size);
  KvCache cache(model.config().num_layers, size);
  const at::Device device = model.parameters().flat().device();
  std::vector<int> slots(static_cast<std::size_t>(size));
  at::Tensor sequence_of_row = at::empty({size}, at::kLong);
  for (int row = 0; row < size; ++row) {
    slots[static_cast<std::size_t>(row)] = row;
    cache.start(row, KvCache::kNoPrompt);
    sequence_of_row[row] = (row + shift) % size;
  }
  at::Tensor result = at::empty({kSteps, size, model.config().vocab_size}, at::kFloat);
  for (int step = 0; step < kSteps; ++step) {
    for (const int slot : slots) cache.advance(slot);
    DecodeAttention context(cache, slots);
    at::Tensor tokens = at::empty({size}, at::kLong);
    for (int row = 0; row < size; ++row) {
      const auto sequence = static_cast<std::uint64_t>(first + (row + shift) % size);
      tokens[row] = static_cast<std::int64_t>(random.below(vocab_size, sequence, static_cast<std::uint64_t>(step)));
    }
    const at::Tensor places = at::full({size}, step, at::kLong);
    const at::Tensor hidden = model.forward(tokens.to(device), places.to(device), context);
    result.select(0, step).index_copy_(0, sequence_of_row, model.logits(hidden).to(at::kCPU, at::kFloat));
  }
  return result;
}

// Do the sequences that both batches hold have the same bits?
bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  const std::int64_t shared = std::min(a.size(1), b.size(1));
  const at::Tensor x = a.narrow(1, 0, shared).contiguous(), y = b.narrow(1, 0, shared).contiguous();
  return std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

// Sequences decoded together, then the same in unequal parts: each has other neighbours, another place and another number
// of rows, alone included.
bool parts_have_the_same_bits(Decoder& model) {
  constexpr int kTogether = 16, kParts[] = {1, 5, 10};
  const at::Tensor together = decode_sequences(model, kTogether, 3);  // [kSteps, 16, V]
  int first = 0;
  for (const int size : kParts) {
    if (!same_bits(together.narrow(1, first, size), decode_sequences(model, size, 0, first))) return false;
    first += size;
  }
  return first == kTogether;
}

}  // namespace

BatchSizes BatchSizes::any(int most) {
  std::vector<int> sizes(static_cast<std::size_t>(most));
  std::iota(sizes.begin(), sizes.end(), 1);
  BatchSizes any(std::move(sizes));
  any.any_ = true;
  return any;
}

BatchSizes::BatchSizes(std::vector<int> sizes) : sizes_(std::move(sizes)) {
  FT_CHECK(!sizes_.empty() && sizes_.front() > 0 && std::ranges::is_sorted(sizes_), "batch sizes must increase from 1");
}

std::vector<BatchPart> BatchSizes::cut(int rows) const {
  std::vector<BatchPart> parts;
  for (; rows >= sizes_.back(); rows -= sizes_.back()) parts.push_back({sizes_.back(), sizes_.back()});
  if (rows > 0) parts.push_back({rows, *std::ranges::lower_bound(sizes_, rows)});
  return parts;
}

std::vector<int> candidate_sizes(int slots) {
  std::vector<int> sizes = {4};
  for (int power = 8; sizes.back() < std::max(slots, BatchSizes::kReferenceRows); power *= 2) {
    sizes.push_back(power);
    sizes.push_back(power + power / 2);
  }
  while (sizes[sizes.size() - 2] >= std::max(slots, BatchSizes::kReferenceRows)) sizes.pop_back();
  return sizes;
}

BatchSizes find_exact_sizes(Decoder& model, int slots) {
  const at::NoGradGuard no_grad;
  if (all_packed(model) && parts_have_the_same_bits(model)) return BatchSizes::any(slots);
  constexpr int kReference = BatchSizes::kReferenceRows;
  const at::Tensor reference = decode_sequences(model, kReference, 0);  // [kSteps, 64, V]
  if (!same_bits(reference, decode_sequences(model, kReference, 1))) return BatchSizes({1});
  std::vector<int> exact;
  for (const int size : candidate_sizes(slots)) {
    // A size below the reference is tried in other places; rows of one size keep their bits in other places then, too.
    if (size == kReference || same_bits(reference, decode_sequences(model, size, size / 2 + 1))) exact.push_back(size);
    if (size >= slots && !exact.empty() && exact.back() >= slots) break;
  }
  if (exact.empty()) exact.push_back(kReference);
  return BatchSizes(exact);
}

}  // namespace ft
