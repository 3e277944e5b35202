#include "framework/batching/example_block.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "framework/base/digest.h"
#include "framework/base/error.h"

namespace ft {
namespace {

constexpr std::array<char, 8> kMagic = {'f', 't', 'e', 'x', 'b', 'l', 'k', '1'};
static_assert(std::has_unique_object_representations_v<BlockHead> && sizeof(BlockHead) % 8 == 0);
static_assert(sizeof(stored::Span) == 16 && sizeof(stored::Item) == 20);

std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

// Where the parts lie behind the head, from the counts in it.
struct Layout {
  std::size_t ids, documents_of, spans_of, items_of, documents, spans, items, tokens, words, end;

  explicit Layout(const BlockHead& head) {
    std::size_t at = sizeof(BlockHead);
    const auto part = [&at](std::size_t bytes) {
      const std::size_t begin = at;
      at += padded(bytes);
      return begin;
    };
    const std::size_t examples = head.num_examples, offsets = 4 * (examples + 1);
    ids = part(8 * examples);
    documents_of = part(offsets);
    spans_of = part(offsets);
    items_of = part(offsets);
    documents = part(4 * (std::size_t{head.num_documents} + 1));
    spans = part(sizeof(stored::Span) * head.num_spans);
    items = part(sizeof(stored::Item) * head.num_items);
    tokens = part(sizeof(TokenId) * head.num_tokens);
    words = part(head.num_words);
    end = at;
  }
};

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

// Whether the targets are the document's own tokens, each one behind the row that predicts it.
bool stands_in(const std::vector<TokenId>& document, const TargetSpan& span) {
  const std::size_t begin = static_cast<std::size_t>(span.first) + 1;
  return begin + span.tokens.size() <= document.size() &&
         std::equal(span.tokens.begin(), span.tokens.end(), document.begin() + static_cast<std::ptrdiff_t>(begin));
}

// The parts of a block while they grow.
struct Parts {
  std::vector<std::uint64_t> ids;
  std::vector<std::uint32_t> documents_of{0}, spans_of{0}, items_of{0}, documents{0};
  std::vector<stored::Span> spans;
  std::vector<stored::Item> items;
  std::vector<TokenId> tokens, targets;  // of documents; of spans that stand in none
  std::vector<std::size_t> apart;        // which spans these are

  void add(const Example& example) {
    check_example(example);
    ids.push_back(example.id);
    const std::size_t first = documents.size() - 1;
    for (const auto& document : example.documents) {
      tokens.insert(tokens.end(), document.begin(), document.end());
      documents.push_back(static_cast<std::uint32_t>(tokens.size()));
    }
    for (const TargetSpan& span : example.spans) {
      const auto of = static_cast<std::size_t>(span.document);
      const auto count = static_cast<std::uint32_t>(span.tokens.size());
      if (stands_in(example.documents[of], span)) {
        spans.push_back(
            {span.document, span.first, documents[first + of] + static_cast<std::uint32_t>(span.first) + 1, count});
      } else {
        apart.push_back(spans.size());
        spans.push_back({span.document, span.first, static_cast<std::uint32_t>(targets.size()), count});
        targets.insert(targets.end(), span.tokens.begin(), span.tokens.end());
      }
    }
    for (const LossItem& item : example.items) {
      items.push_back(
          {static_cast<std::int32_t>(item.kind), {item.spans[0], item.spans[1], item.spans[2], item.spans[3]}});
    }
    documents_of.push_back(static_cast<std::uint32_t>(documents.size() - 1));
    spans_of.push_back(static_cast<std::uint32_t>(spans.size()));
    items_of.push_back(static_cast<std::uint32_t>(items.size()));
    FT_CHECK(tokens.size() + targets.size() < std::numeric_limits<std::uint32_t>::max(),
             "a block of examples has {} tokens", tokens.size());
  }

  // Behind the documents' tokens.
  void append_targets() {
    for (const std::size_t span : apart) spans[span].begin += static_cast<std::uint32_t>(tokens.size());
    tokens.insert(tokens.end(), targets.begin(), targets.end());
  }
};

template <class T>
void put(std::string& bytes, std::size_t at, const std::vector<T>& part) {
  if (!part.empty()) std::memcpy(bytes.data() + at, part.data(), part.size() * sizeof(T));
}

template <std::size_t N>
void put_text(std::array<char, N>& to, std::string_view text) {
  FT_CHECK(text.size() == N, "'{}' should have {} characters", text, N);
  std::copy(text.begin(), text.end(), to.begin());
}

template <std::size_t N>
std::string_view text_of(const std::array<char, N>& from) {
  return {from.data(), N};
}

std::string head_sum(const BlockHead& head) {
  return xxh128(std::string_view(reinterpret_cast<const char*>(&head), offsetof(BlockHead, head_sum)));
}

std::int64_t longest_document(std::span<const Example> examples) {
  std::int64_t longest = 0;
  for (const Example& example : examples) {
    for (const auto& document : example.documents) longest = std::max<std::int64_t>(longest, std::ssize(document));
  }
  return longest;
}

}  // namespace

void ExampleTallies::add(const ExampleTallies& later) {
  examples += later.examples;
  tokens += later.tokens;
  if (dropped == 0) first_dropped = later.first_dropped;
  dropped += later.dropped;
  longest = std::max(longest, later.longest);
  for (std::size_t i = 0; i < of_recipe.size(); ++i) of_recipe[i] += later.of_recipe[i];
}

std::string ExampleTallies::summary() const {
  std::string text = fmt::format("{} examples, {} tokens", examples, tokens);
  if (dropped > 0) text += fmt::format("; {} left out as too long (the first: {})", dropped, first_dropped);
  return text;
}

LossItem ExampleView::item(int i) const {
  const stored::Item& item = items_[static_cast<std::size_t>(i)];
  return {.kind = static_cast<LossKind>(item.kind),
          .spans = {item.spans[0], item.spans[1], item.spans[2], item.spans[3]}};
}

LossUnits count_units(const ExampleView& example) {
  LossUnits units = {};
  for (int i = 0; i < example.num_items(); ++i) {
    const LossItem item = example.item(i);
    units[static_cast<std::size_t>(item.kind)] +=
        item.kind == LossKind::mle ? std::ssize(example.span(item.spans[0]).tokens) : 1;
  }
  return units;
}

std::string pack_block(const BlockName& name, std::span<const Example> examples, const ExampleTallies& tallies) {
  Parts parts;
  for (const Example& example : examples) parts.add(example);
  BlockHead head = {};
  head.tokens = std::ssize(parts.tokens);
  parts.append_targets();
  head.magic = kMagic;
  put_text(head.key, name.key);
  head.number = name.number;
  head.num_examples = static_cast<std::uint32_t>(parts.ids.size());
  head.num_documents = static_cast<std::uint32_t>(parts.documents.size() - 1);
  head.num_spans = static_cast<std::uint32_t>(parts.spans.size());
  head.num_items = static_cast<std::uint32_t>(parts.items.size());
  head.num_tokens = parts.tokens.size();
  head.num_words = tallies.first_dropped.size();
  head.dropped = tallies.dropped;
  head.longest = longest_document(examples);
  head.of_recipe = tallies.of_recipe;
  const Layout layout(head);
  head.size = layout.end;
  std::string bytes(layout.end, '\0');
  put(bytes, layout.ids, parts.ids);
  put(bytes, layout.documents_of, parts.documents_of);
  put(bytes, layout.spans_of, parts.spans_of);
  put(bytes, layout.items_of, parts.items_of);
  put(bytes, layout.documents, parts.documents);
  put(bytes, layout.spans, parts.spans);
  put(bytes, layout.items, parts.items);
  put(bytes, layout.tokens, parts.tokens);
  std::copy(tallies.first_dropped.begin(), tallies.first_dropped.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(layout.words));
  put_text(head.sum, xxh128(std::string_view(bytes).substr(sizeof head)));
  put_text(head.head_sum, head_sum(head));
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes;
}

bool is_sound_head(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(BlockHead)) return false;
  BlockHead head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head.magic == kMagic && text_of(head.head_sum) == head_sum(head) && head.size == Layout(head).end;
}

bool is_sound_block(std::span<const std::byte> bytes, std::string_view key) {
  if (!is_sound_head(bytes)) return false;
  BlockHead head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head.size == bytes.size() && text_of(head.key) == key &&
         text_of(head.sum) == xxh128(bytes.subspan(sizeof head));
}

ExampleBlock::ExampleBlock(std::span<const std::byte> bytes) : head_(reinterpret_cast<const BlockHead*>(bytes.data())) {
  const Layout layout(*head_);
  FT_CHECK(bytes.size() >= layout.end, "a block of {} bytes is cut to {}", layout.end, bytes.size());
  const auto at = [&](std::size_t offset) { return bytes.data() + offset; };
  ids_ = reinterpret_cast<const std::uint64_t*>(at(layout.ids));
  documents_of_ = reinterpret_cast<const std::uint32_t*>(at(layout.documents_of));
  spans_of_ = reinterpret_cast<const std::uint32_t*>(at(layout.spans_of));
  items_of_ = reinterpret_cast<const std::uint32_t*>(at(layout.items_of));
  documents_ = reinterpret_cast<const std::uint32_t*>(at(layout.documents));
  spans_ = reinterpret_cast<const stored::Span*>(at(layout.spans));
  items_ = reinterpret_cast<const stored::Item*>(at(layout.items));
  tokens_ = reinterpret_cast<const TokenId*>(at(layout.tokens));
  words_ = reinterpret_cast<const char*>(at(layout.words));
}

ExampleView ExampleBlock::operator[](std::int64_t i) const {
  ExampleView view;
  view.id_ = ids_[i];
  view.tokens_ = tokens_;
  view.documents_ = documents_ + documents_of_[i];
  view.num_documents_ = static_cast<int>(documents_of_[i + 1] - documents_of_[i]);
  view.spans_ = {spans_ + spans_of_[i], spans_ + spans_of_[i + 1]};
  view.items_ = {items_ + items_of_[i], items_ + items_of_[i + 1]};
  return view;
}

ExampleTallies ExampleBlock::tallies() const {
  return {.examples = head_->num_examples,
          .tokens = head_->tokens,
          .dropped = head_->dropped,
          .longest = head_->longest,
          .of_recipe = head_->of_recipe,
          .first_dropped = std::string(words_, head_->num_words)};
}

}  // namespace ft
