// Log-probabilities of given tokens, without the logits of a whole batch.
//
// With 49,152 tokens in the vocabulary, the logits of 2048 rows take 400 MB and their gradient as much again. Here rows
// go through the vocabulary in chunks; backward computes each chunk's logits once more (small ones are kept) and turns
// them into their own gradient in place. Any upstream gradient per row is allowed, as the margin loss needs it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace ft {

// Element m is log softmax(hidden[rows[m]] weight')[targets[m]].
//   hidden [T, H], weight [V, H], rows [M] int64 in 0 .. T-1 (may repeat), targets [M] int64 in 0 .. V-1.
// Returns [M] float32. Differentiable in hidden and weight; the weight's gradient follows the rule of linear.h, as does
// `compute`. Everything after the logits is float32.
[[nodiscard]] at::Tensor vocabulary_log_probs(const at::Tensor& hidden, const at::Tensor& weight,
                                              const at::Tensor& rows, const at::Tensor& targets,
                                              at::ScalarType compute = at::kFloat);

// Rows of logits that fit a chunk for a vocabulary (or a slice of one) of this size; at least 16.
[[nodiscard]] std::int64_t vocabulary_chunk_rows(std::int64_t vocab_size);

// Log-probabilities [M] of a chunk's targets [M] from its logits [M, V]; fills log_sum [M] with log(sum(exp(logits)))
// over the whole vocabulary.
using ChunkLogProbs =
    std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& targets, at::Tensor log_sum)>;

// A ChunkLogProbs for logits of the whole vocabulary.
[[nodiscard]] at::Tensor whole_log_probs(const at::Tensor& logits, const at::Tensor& targets, at::Tensor log_sum);

// As vocabulary_log_probs, for heads that hold a slice of the vocabulary: `softmax` exchanges what the slices must know
// of each other, `chunk_rows` (the same on all ranks that it exchanges with) says how many rows it gets at a time. The
// gradient of `hidden` is this slice's part.
[[nodiscard]] at::Tensor chunked_log_probs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& rows,
                                           const at::Tensor& targets, std::int64_t chunk_rows, ChunkLogProbs softmax,
                                           at::ScalarType compute = at::kFloat);

// The steps of a chunk. logits [M, V] float32, contiguous.
// Row maxima [M], and sums of exp(logit - shift) [M] for a shift [M].
[[nodiscard]] at::Tensor row_max(const at::Tensor& logits);
[[nodiscard]] at::Tensor row_sum_exp(const at::Tensor& logits, const at::Tensor& shift);
// In place: logits[m] <- upstream[m] * (onehot(targets[m]) - exp(logits[m] - log_sum[m])), the gradient of
// log p(targets[m]). log_sum, upstream [M] float32; a target outside 0 .. V-1 (another slice's) has no one.
void logits_to_gradient(const at::Tensor& logits, const at::Tensor& log_sum, const at::Tensor& targets,
                        const at::Tensor& upstream);

}  // namespace ft
