#include "framework/batching/example_list.h"

#include <algorithm>
#include <string>
#include <utility>

#include "framework/base/error.h"

namespace ft {
namespace {

constexpr std::int64_t kTouched = 32 << 20;  // bytes of pages that may stay with the process
constexpr std::int64_t kPage = 4096;

// What examples lie in that were never on a disk.
struct OwnMemory {
  std::string block;
  std::vector<std::uint64_t> ids;
  std::vector<std::uint32_t> tokens;
  std::vector<std::array<std::uint32_t, kNumLossKinds>> units;
};

}  // namespace

struct Examples::Body {
  Source source;
  std::int64_t touched = 0;

  // An estimate from above: each access may have been the first one to its page.
  void touch(std::int64_t bytes) {
    touched += bytes;
    if (touched < kTouched || !source.let_go) return;
    source.let_go();
    touched = 0;
  }
};

Examples::Examples(Source source) : body_(std::make_shared<Body>(Body{std::move(source)})) {}

Examples::Examples(const std::vector<Example>& examples) {
  if (examples.empty()) return;
  const auto memory = std::make_shared<OwnMemory>();
  memory->block = pack_block({.key = std::string(64, '0')}, examples);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(memory->block));
  const ExampleBlock block(bytes);
  for (std::int64_t i = 0; i < block.size(); ++i) {
    memory->ids.push_back(block[i].id());
    memory->tokens.push_back(static_cast<std::uint32_t>(block[i].num_tokens()));
    auto& units = memory->units.emplace_back();
    std::ranges::transform(count_units(block[i]), units.begin(),
                           [](std::int64_t u) { return static_cast<std::uint32_t>(u); });
  }
  Source source{.blocks = {bytes}, .begins = {0, block.size()}};
  source.columns = {memory->ids, memory->tokens, memory->units};
  source.tallies = block.tallies();
  source.memory = memory;
  *this = Examples(std::move(source));
}

std::int64_t Examples::size() const { return body_ ? std::ssize(body_->source.columns.ids) : 0; }

ExampleView Examples::operator[](std::int64_t i) const {
  FT_CHECK(i >= 0 && i < size(), "there is no example {} among {}", i, size());
  const auto& begins = body_->source.begins;
  const auto block = std::upper_bound(begins.begin(), begins.end(), i) - begins.begin() - 1;
  const ExampleView view =
      ExampleBlock(body_->source.blocks[static_cast<std::size_t>(block)])[i - begins[static_cast<std::size_t>(block)]];
  body_->touch(4 * kPage + view.num_tokens() * static_cast<std::int64_t>(sizeof(TokenId)));
  return view;
}

std::uint64_t Examples::id(std::int64_t i) const {
  body_->touch(kPage);
  return body_->source.columns.ids[static_cast<std::size_t>(i)];
}

// Planning walks through all of these: 4 bytes each, which stay.
std::int64_t Examples::num_tokens(std::int64_t i) const {
  return body_->source.columns.tokens[static_cast<std::size_t>(i)];
}

LossUnits Examples::units(std::int64_t i) const {
  body_->touch(kPage);
  LossUnits units = {};
  std::ranges::copy(body_->source.columns.units[static_cast<std::size_t>(i)], units.begin());
  return units;
}

const ExampleTallies& Examples::tallies() const {
  static const ExampleTallies none;
  return body_ ? body_->source.tallies : none;
}

}  // namespace ft
