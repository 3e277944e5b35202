// A micro-batch as tensors: packed documents and the targets whose log-probabilities are wanted.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "framework/batching/example_block.h"

namespace ft {

struct Batch {
  at::Tensor tokens;                                    // [T] int64
  at::Tensor positions;                                 // [T] int64, from 0 in each document
  std::vector<std::int64_t> offsets;                    // [documents + 1]
  at::Tensor target_rows;                               // [M] int64: row of `hidden` that predicts target m
  at::Tensor targets;                                   // [M] int64
  at::Tensor target_spans;                              // [M] int64: span that target m belongs to
  at::Tensor span_lengths;                              // [S] float32: targets of each span
  std::vector<LossItem> items;                          // spans renumbered over the whole batch
  std::array<std::int64_t, kNumLossKinds> counts = {};  // units of each loss kind in this batch
};

// Lays the examples end to end in the given order.
[[nodiscard]] Batch make_batch(std::span<const ExampleView> examples);

}  // namespace ft
