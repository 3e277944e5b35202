#include "framework/batching/batch.h"

#include <ATen/ATen.h>

#include "framework/base/error.h"

namespace ft {

namespace {

int num_spans(LossKind kind) {
  switch (kind) {
    case LossKind::mle:
    case LossKind::cross_entropy_full:
      return 1;
    case LossKind::cross_entropy_two:
    case LossKind::contrastive:
      return 2;
    case LossKind::margin:
      return 4;
  }
  FT_CHECK(false, "{} is no kind of loss", static_cast<int>(kind));
  return 0;
}

void check_example(const Example& example) {
  for (std::size_t d = 0; d < example.documents.size(); ++d)
    FT_CHECK(!example.documents[d].empty(), "document {} of example {:016x} is empty", d, example.id);
  for (std::size_t s = 0; s < example.spans.size(); ++s) {
    const TargetSpan& span = example.spans[s];
    FT_CHECK(span.document >= 0 && span.document < std::ssize(example.documents) && !span.tokens.empty(),
             "span {} of example {:016x} is empty or lies in document {} of {}", s, example.id, span.document,
             example.documents.size());
    const std::ptrdiff_t size = std::ssize(example.documents[span.document]);
    FT_CHECK(span.first >= 0 && span.first + std::ssize(span.tokens) <= size,
             "span {} of example {:016x} leaves its document of {} tokens: first {}, {} targets", s, example.id, size,
             span.first, span.tokens.size());
  }
  for (const LossItem& item : example.items)
    for (int i = 0; i < num_spans(item.kind); ++i)
      FT_CHECK(item.spans[i] >= 0 && item.spans[i] < std::ssize(example.spans),
               "a loss item of example {:016x} names span {} of {}", example.id, item.spans[i], example.spans.size());
}

at::Tensor to_tensor(const std::vector<std::int64_t>& values) {
  at::Tensor tensor = at::empty({std::ssize(values)}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<std::int64_t>());
  return tensor;
}

// The columns of a batch while they grow.
struct Columns {
  std::vector<std::int64_t> tokens, positions, target_rows, targets, target_spans, span_lengths;

  void add_document(const std::vector<TokenId>& document) {
    for (std::size_t i = 0; i < document.size(); ++i) {
      tokens.push_back(document[i]);
      positions.push_back(static_cast<std::int64_t>(i));
    }
  }

  // `document_row`: the row where the span's document begins.
  void add_span(const TargetSpan& span, std::int64_t document_row) {
    for (std::size_t j = 0; j < span.tokens.size(); ++j) {
      target_rows.push_back(document_row + span.first + static_cast<std::int64_t>(j));
      targets.push_back(span.tokens[j]);
      target_spans.push_back(std::ssize(span_lengths));
    }
    span_lengths.push_back(std::ssize(span.tokens));
  }
};

}  // namespace

std::int64_t Example::num_tokens() const {
  std::int64_t sum = 0;
  for (const auto& document : documents) sum += std::ssize(document);
  return sum;
}

std::array<std::int64_t, kNumLossKinds> count_units(const Example& example) {
  std::array<std::int64_t, kNumLossKinds> counts = {};
  for (const LossItem& item : example.items)
    counts[static_cast<std::size_t>(item.kind)] +=
        item.kind == LossKind::mle ? std::ssize(example.spans.at(item.spans[0]).tokens) : 1;
  return counts;
}

Batch make_batch(std::span<const Example* const> examples) {
  Batch batch;
  Columns columns;
  batch.offsets.push_back(0);
  for (const Example* example : examples) {
    check_example(*example);
    const std::size_t first_document = batch.offsets.size() - 1;
    const int first_span = static_cast<int>(columns.span_lengths.size());
    for (const auto& document : example->documents) {
      columns.add_document(document);
      batch.offsets.push_back(std::ssize(columns.tokens));
    }
    for (const TargetSpan& span : example->spans) columns.add_span(span, batch.offsets[first_document + span.document]);
    for (LossItem item : example->items) {
      for (int& span : item.spans) span = span < 0 ? span : span + first_span;
      batch.items.push_back(item);
    }
    const auto counts = count_units(*example);
    for (int k = 0; k < kNumLossKinds; ++k) batch.counts[k] += counts[k];
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
