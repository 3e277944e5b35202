#include "framework/batching/batch.h"

#include <ATen/ATen.h>

namespace ft {

namespace {

at::Tensor to_tensor(const std::vector<std::int64_t>& values) {
  at::Tensor tensor = at::empty({std::ssize(values)}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<std::int64_t>());
  return tensor;
}

// The columns of a batch while they grow.
struct Columns {
  std::vector<std::int64_t> tokens, positions, target_rows, targets, target_spans, span_lengths;

  void add_document(std::span<const TokenId> document) {
    for (std::size_t i = 0; i < document.size(); ++i) {
      tokens.push_back(document[i]);
      positions.push_back(static_cast<std::int64_t>(i));
    }
  }

  // `document_row`: the row where the span's document begins.
  void add_span(const SpanView& span, std::int64_t document_row) {
    for (std::size_t j = 0; j < span.tokens.size(); ++j) {
      target_rows.push_back(document_row + span.first + static_cast<std::int64_t>(j));
      targets.push_back(span.tokens[j]);
      target_spans.push_back(std::ssize(span_lengths));
    }
    span_lengths.push_back(std::ssize(span.tokens));
  }
};

}  // namespace

Batch make_batch(std::span<const ExampleView> examples) {
  Batch batch;
  Columns columns;
  batch.offsets.push_back(0);
  for (const ExampleView& example : examples) {
    const std::size_t first_document = batch.offsets.size() - 1;
    const int first_span = static_cast<int>(columns.span_lengths.size());
    for (int d = 0; d < example.num_documents(); ++d) {
      columns.add_document(example.document(d));
      batch.offsets.push_back(std::ssize(columns.tokens));
    }
    for (int s = 0; s < example.num_spans(); ++s) {
      const SpanView span = example.span(s);
      columns.add_span(span, batch.offsets[first_document + static_cast<std::size_t>(span.document)]);
    }
    for (int i = 0; i < example.num_items(); ++i) {
      LossItem item = example.item(i);
      for (int& span : item.spans) span = span < 0 ? span : span + first_span;
      batch.items.push_back(item);
    }
    const LossUnits units = count_units(example);
    for (int k = 0; k < kNumLossKinds; ++k) batch.counts[k] += units[k];
  }
  batch.tokens = to_tensor(columns.tokens);
  batch.positions = to_tensor(columns.positions);
  batch.target_rows = to_tensor(columns.target_rows);
  batch.targets = to_tensor(columns.targets);
  batch.target_spans = to_tensor(columns.target_spans);
  batch.span_lengths = to_tensor(columns.span_lengths).to(at::kFloat);
  return batch;
}

}  // namespace ft
