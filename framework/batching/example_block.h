// Examples as one run of bytes: how they lie in files that are mapped (example_store.h), and the views through which
// everybody reads them. A block holds the examples of some neighbouring problems. It carries its own digest, so that
// after any kill it is known which blocks are whole.
//
//   std::string bytes = pack_block({.key = key, .number = 7}, set.examples());
//   if (is_sound_block(bytes, key)) {
//     const ExampleBlock block(bytes);
//     for (std::int64_t i = 0; i < block.size(); ++i) use(block[i].document(0));
//   }
//
// Numbers have the machine's byte order. Behind the head (BlockHead), each part aligned to 8 bytes:
//
//   ids u64 [examples]; then u32 [examples + 1] each: the first document, span and item of every example, and the end
//   documents u32 [documents + 1]: the first token of each, and the end
//   spans {i32 document of the example, i32 first, u32 first token, u32 tokens} [spans]
//   items {i32 kind, i32 spans[4]} [items]
//   tokens i32 [tokens]: those of all documents, then targets that stand in no document (verdicts)
//   words char []: how the first example that was left out is named
//
// Targets that are the document's own tokens are not stored twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/batching/example.h"

namespace ft {

// What was counted while a block was made; recipes add what they want to tell (ExampleTallies::of_recipe).
struct ExampleTallies {
  std::int64_t examples = 0, tokens = 0, dropped = 0;
  std::int64_t longest = 0;                    // tokens of the longest document
  std::array<std::int64_t, 8> of_recipe = {};  // sums, each with the recipe's meaning
  std::string first_dropped;                   // in words; empty where none was

  // Of a block that comes behind this one.
  void add(const ExampleTallies& later);
  // "7473 examples, 1.2 million tokens; 12 left out as too long (the first: problem 'x', solution 1, 713 tokens)"
  [[nodiscard]] std::string summary() const;
};

struct SpanView {
  int document = 0;        // of its example
  std::int32_t first = 0;  // see TargetSpan
  std::span<const TokenId> tokens;
};

namespace stored {

struct Span {
  std::int32_t document, first;
  std::uint32_t begin, count;
};
struct Item {
  std::int32_t kind;
  std::array<std::int32_t, 4> spans;
};

}  // namespace stored

// One example, wherever it lies. Good as long as what it was taken from; copying it copies no tokens.
class ExampleView {
 public:
  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] int num_documents() const { return num_documents_; }
  [[nodiscard]] std::span<const TokenId> document(int d) const {
    return {tokens_ + documents_[d], tokens_ + documents_[d + 1]};
  }
  [[nodiscard]] int num_spans() const { return static_cast<int>(spans_.size()); }
  [[nodiscard]] SpanView span(int s) const {
    const stored::Span& span = spans_[static_cast<std::size_t>(s)];
    return {span.document, span.first, {tokens_ + span.begin, span.count}};
  }
  [[nodiscard]] int num_items() const { return static_cast<int>(items_.size()); }
  [[nodiscard]] LossItem item(int i) const;
  // Of all documents.
  [[nodiscard]] std::int64_t num_tokens() const { return documents_[num_documents_] - documents_[0]; }

 private:
  friend class ExampleBlock;
  std::uint64_t id_ = 0;
  const TokenId* tokens_ = nullptr;
  const std::uint32_t* documents_ = nullptr;
  int num_documents_ = 0;
  std::span<const stored::Span> spans_;
  std::span<const stored::Item> items_;
};

// Units of each loss kind in an example.
using LossUnits = std::array<std::int64_t, kNumLossKinds>;
[[nodiscard]] LossUnits count_units(const ExampleView& example);

struct BlockHead {
  std::array<char, 8> magic;
  std::array<char, 64> key;  // of the store that it belongs to
  std::int64_t number;       // which one of the store's blocks
  std::uint64_t size;        // bytes, the head included: a multiple of 8
  std::uint32_t num_examples, num_documents, num_spans, num_items;
  std::uint64_t num_tokens;  // stored ones
  std::uint64_t num_words;
  std::int64_t tokens, dropped, longest;  // see ExampleTallies
  std::array<std::int64_t, 8> of_recipe;
  std::array<char, 32> sum;       // XXH3-128 of what follows the head
  std::array<char, 32> head_sum;  // of the head before it
};

// Which block it is. The tallies' counts of examples and tokens are taken from the examples.
struct BlockName {
  std::string key;  // 64 hexadecimal digits
  std::int64_t number = 0;
};

// Throws Error for examples that are no sound ones: spans that leave their document, items that name no span, and for
// more than 2^32 tokens.
[[nodiscard]] std::string pack_block(const BlockName& name, std::span<const Example> examples,
                                     const ExampleTallies& tallies = {});

// Whether the first bytes are a whole head that matches its sum; then its size says where the next block begins.
[[nodiscard]] bool is_sound_head(std::span<const std::byte> bytes);
// Whether these bytes are exactly one block of this key, as it was packed.
[[nodiscard]] bool is_sound_block(std::span<const std::byte> bytes, std::string_view key);

// A sound block's content. The bytes, aligned to 8, must outlive it and its views.
class ExampleBlock {
 public:
  explicit ExampleBlock(std::span<const std::byte> bytes);
  [[nodiscard]] std::int64_t size() const { return head_->num_examples; }
  [[nodiscard]] std::int64_t number() const { return head_->number; }
  [[nodiscard]] ExampleView operator[](std::int64_t i) const;
  [[nodiscard]] ExampleTallies tallies() const;

 private:
  const BlockHead* head_;
  const std::uint64_t* ids_;
  const std::uint32_t *documents_of_, *spans_of_, *items_of_, *documents_;
  const stored::Span* spans_;
  const stored::Item* items_;
  const TokenId* tokens_;
  const char* words_;
};

}  // namespace ft
