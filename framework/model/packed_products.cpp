#include "framework/model/packed_products.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <string>

#include "framework/base/error.h"
#include "framework/kernels/linear.h"
#include "framework/kernels/packed_weight.h"

namespace ft {
namespace {

bool is_multiplied_by(const Decoder& model, const Parameter& parameter) {
  return parameter.shape.size() == 2 &&
         (model.config().tied_embeddings || parameter.name != std::string(Decoder::kEmbedding) + ".weight");
}

// Null where linear() is to be used.
std::shared_ptr<const PackedWeight> usable(const Parameter& weight) {
  return at::GradMode::is_enabled() ? nullptr : weight.packed.lock();
}

}  // namespace

PackedProducts::PackedProducts(Decoder& model, at::ScalarType compute) {
  if (!model.parameters().flat().is_cpu()) {
    model.parameters().set_compute(compute);
    return;
  }
  for (const Parameter& parameter : model.parameters().all()) {
    if (!is_multiplied_by(model, parameter)) continue;
    std::shared_ptr<const PackedWeight> packed = parameter.packed.lock();
    if (packed == nullptr) {
      packed = std::make_shared<const PackedWeight>(parameter.value, compute);
      model.parameters().at(parameter.name).packed = packed;
    }
    FT_CHECK(packed->compute() == compute, "{} is packed in another dtype already", parameter.name);
    weights_.push_back(std::move(packed));
  }
}

bool all_packed(const Decoder& model) {
  return std::ranges::all_of(model.parameters().all(), [&](const Parameter& parameter) {
    return !is_multiplied_by(model, parameter) || !parameter.packed.expired();
  });
}

at::ScalarType compute_dtype(Compute compute) { return compute == Compute::bfloat16 ? at::kBFloat16 : at::kFloat; }

at::Tensor project(const Remade& x, const Parameter& weight, const Parameter* bias) {
  const at::Tensor added = bias == nullptr ? at::Tensor() : bias->value;
  if (const auto packed = usable(weight)) return packed->product(x.value, added);
  return linear(x, weight.value, added, weight.compute);
}

at::Tensor project_log_probs(const at::Tensor& hidden, const Parameter& weight, const at::Tensor& rows,
                             const at::Tensor& targets, std::int64_t chunk_rows, const ChunkLogProbs& softmax) {
  const auto packed = usable(weight);
  if (packed == nullptr) {
    return chunked_log_probs(hidden, weight.value, rows, targets, chunk_rows, softmax, weight.compute);
  }
  at::Tensor log_probs = at::empty({rows.size(0)}, hidden.options());
  for (std::int64_t begin = 0; begin < rows.size(0); begin += chunk_rows) {
    const std::int64_t size = std::min(chunk_rows, rows.size(0) - begin);
    const at::Tensor logits = packed->product(hidden.index_select(0, rows.narrow(0, begin, size)));  // [size, V]
    at::Tensor part = log_probs.narrow(0, begin, size);
    part.copy_(softmax(logits, targets.narrow(0, begin, size), at::empty_like(part)));
  }
  return log_probs;
}

}  // namespace ft
