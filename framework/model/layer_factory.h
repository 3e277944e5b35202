// Builds the layers that differ between one rank and a tensor group. The decoder is written against these; the dense
// factory is here, the tensor-parallel one in parallel/tensor.
//
// "Column" layers split their output features over the tensor axis, "row" layers their input features; a row layer sums
// its partial results over the group, so that hidden states [T, H] are whole on every rank of the group.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "framework/kernels/remade.h"
#include "framework/tensor/parameter.h"

namespace ft {

class Linear {
 public:
  virtual ~Linear() = default;
  // x [T, in_local] -> [T, out_local]
  [[nodiscard]] virtual at::Tensor forward(const Remade& x) = 0;
};

// The norm of each head's query or key (Qwen3). One weight for all heads, so a rank that holds some of the heads sees
// only their part of its gradient.
class HeadNorm {
 public:
  virtual ~HeadNorm() = default;
  // x [T, heads of this rank, head_dim] -> the same shape
  [[nodiscard]] virtual at::Tensor forward(const at::Tensor& x) = 0;
};

class Embedding {
 public:
  virtual ~Embedding() = default;
  // tokens [T] int64 -> [T, H]
  [[nodiscard]] virtual at::Tensor forward(const at::Tensor& tokens) = 0;
};

// The last layer: hidden states to vocabulary.
class VocabularyHead {
 public:
  virtual ~VocabularyHead() = default;
  // As Decoder::log_probs.
  [[nodiscard]] virtual at::Tensor log_probs(const at::Tensor& hidden, const at::Tensor& rows,
                                             const at::Tensor& targets) = 0;
  // [T, vocab_size], whole on every rank of the tensor group.
  [[nodiscard]] virtual at::Tensor logits(const at::Tensor& hidden) = 0;
};

class LayerFactory {
 public:
  virtual ~LayerFactory() = default;
  [[nodiscard]] virtual int tensor_size() const = 0;
  [[nodiscard]] virtual int tensor_rank() const = 0;
  // Where the model's parameters lie, and so where it computes.
  [[nodiscard]] virtual at::Device device() const = 0;

  // Parameters are declared in `parameters` as <name>.weight [out, in] and <name>.bias [out].
  [[nodiscard]] virtual std::unique_ptr<Linear> column_linear(ParameterSet& parameters, std::string name,
                                                              std::int64_t in, std::int64_t out, bool bias) = 0;
  [[nodiscard]] virtual std::unique_ptr<Linear> row_linear(ParameterSet& parameters, std::string name, std::int64_t in,
                                                           std::int64_t out, bool bias) = 0;
  // The key or value projection: `heads` heads of `head_dim`; replicated within groups of ranks where the axis is wider
  // than they are many.
  [[nodiscard]] virtual std::unique_ptr<Linear> kv_linear(ParameterSet& parameters, std::string name, std::int64_t in,
                                                          int heads, int head_dim, bool bias) = 0;
  [[nodiscard]] virtual std::unique_ptr<Embedding> embedding(ParameterSet& parameters, std::string name,
                                                             std::int64_t vocab_size, std::int64_t hidden_size) = 0;
  // With its own weight `name`.weight [V, H], or sharing the embedding's when `name` is empty (tied).
  [[nodiscard]] virtual std::unique_ptr<VocabularyHead> head(ParameterSet& parameters, std::string name,
                                                             std::string embedding_name, std::int64_t vocab_size,
                                                             std::int64_t hidden_size) = 0;
  // Declares <name>.weight [head_dim], whole on every rank.
  [[nodiscard]] virtual std::unique_ptr<HeadNorm> head_norm(ParameterSet& parameters, std::string name, int head_dim,
                                                            double epsilon) = 0;
};

// Whole layers, for one rank without a tensor axis.
[[nodiscard]] std::unique_ptr<LayerFactory> make_dense_factory(at::Device device = at::kCPU);

}  // namespace ft
