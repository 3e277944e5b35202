#include "framework/text/bpe.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>

#include "framework/base/error.h"

namespace ft {
namespace {

// Up to here scanning all pairs for every merge beats a heap.
constexpr std::size_t kShortPiece = 48;

std::size_t slots_for(std::size_t entries) { return std::bit_ceil(2 * entries + 16); }

std::uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

ByteStringTable::ByteStringTable(std::size_t expected) : slots_(slots_for(expected)) {}

void ByteStringTable::place(const Slot& slot) {
  std::size_t at = slot.hash & (slots_.size() - 1);
  while (slots_[at].id >= 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = slot;
}

void ByteStringTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.id >= 0) place(slot);
  }
}

void ByteStringTable::insert(std::string_view key, TokenId id) {
  FT_CHECK(id >= 0, "id {} of a table entry is negative", id);
  if (2 * ++used_ > slots_.size()) grow();
  place({XXH3_64bits(key.data(), key.size()), static_cast<std::uint32_t>(keys_.size()),
         static_cast<std::uint32_t>(key.size()), id});
  keys_.append(key);
}

TokenId ByteStringTable::find(std::string_view key) const {
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  for (std::size_t at = hash & (slots_.size() - 1); slots_[at].id >= 0; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && std::string_view(keys_).substr(slot.begin, slot.size) == key) return slot.id;
  }
  return -1;
}

MergeTable::MergeTable(std::size_t expected) : slots_(slots_for(expected)) {}

std::size_t MergeTable::slot_of(std::uint64_t pair) const {
  std::uint64_t hash = pair * 0x9E3779B97F4A7C15u;  // Fibonacci hashing: the upper bits are well mixed
  hash ^= hash >> 32;
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].pair != pair && slots_[at].pair != kEmpty) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void MergeTable::insert(TokenId left, TokenId right, Merge merge) {
  const std::uint64_t pair = pair_key(left, right);
  slots_[slot_of(pair)] = {pair, merge};
}

Merge MergeTable::find(TokenId left, TokenId right) const { return slots_[slot_of(pair_key(left, right))].merge; }

Bpe::Bpe(const std::vector<std::pair<std::string, TokenId>>& tokens, const std::vector<Rule>& rules, bool ignore_merges)
    : merges_(rules.size()), whole_(tokens.size()) {
  byte_tokens_.fill(-1);
  for (const auto& [bytes, id] : tokens) {
    if (bytes.size() == 1) byte_tokens_[static_cast<unsigned char>(bytes[0])] = id;
  }
  for (std::size_t rank = 0; rank < rules.size(); ++rank) {
    merges_.insert(rules[rank].left, rules[rank].right, {static_cast<std::uint32_t>(rank), rules[rank].merged});
  }
  std::vector<TokenId> ids;
  for (const auto& [bytes, id] : tokens) {
    bool reachable = ignore_merges;
    if (!reachable &&
        std::ranges::all_of(bytes, [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)] >= 0; })) {
      ids.clear();
      encode_by_merging(bytes, ids);
      reachable = ids.size() == 1 && ids[0] == id;
    }
    if (reachable) whole_.insert(bytes, id);
  }
}

void Bpe::encode(std::string_view piece, std::vector<TokenId>& ids) const {
  const TokenId whole = whole_.find(piece);
  if (whole >= 0) {
    ids.push_back(whole);
  } else {
    encode_by_merging(piece, ids);
  }
}

void Bpe::encode_by_merging(std::string_view piece, std::vector<TokenId>& ids) const {
  if (piece.size() <= kShortPiece) {
    merge_short(piece, ids);
  } else {
    merge_long(piece, ids);
  }
}

TokenId Bpe::byte_token(char byte) const {
  const TokenId id = byte_tokens_[static_cast<unsigned char>(byte)];
  if (id < 0) {
    fail_user(fmt::format("the vocabulary has no token for the byte 0x{:02X}; remove it from the text",
                          static_cast<unsigned char>(byte)));
  }
  return id;
}

void Bpe::merge_short(std::string_view piece, std::vector<TokenId>& ids) const {
  std::array<TokenId, kShortPiece> symbols;  // [size] what is merged so far
  std::array<Merge, kShortPiece> with_next;  // [size - 1] merge of symbols[i] and symbols[i + 1]
  std::size_t size = piece.size();
  for (std::size_t i = 0; i < size; ++i) symbols[i] = byte_token(piece[i]);
  for (std::size_t i = 0; i + 1 < size; ++i) with_next[i] = merges_.find(symbols[i], symbols[i + 1]);
  while (size > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < size; ++i) {
      if (with_next[i].rank < with_next[best].rank) best = i;
    }
    if (with_next[best].rank == Merge::kNone) break;
    symbols[best] = with_next[best].id;
    --size;
    for (std::size_t i = best + 1; i < size; ++i) {
      symbols[i] = symbols[i + 1];
      if (i + 1 < size) with_next[i] = with_next[i + 1];
    }
    if (best + 1 < size) with_next[best] = merges_.find(symbols[best], symbols[best + 1]);
    if (best > 0) with_next[best - 1] = merges_.find(symbols[best - 1], symbols[best]);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.begin() + static_cast<std::ptrdiff_t>(size));
}

void Bpe::merge_long(std::string_view piece, std::vector<TokenId>& ids) const {
  struct Symbol {
    TokenId id;  // -1: merged into its left neighbour
    std::uint32_t previous, next;
  };
  constexpr std::uint32_t kEnd = 0xFFFFFFFFu;
  FT_CHECK(piece.size() < kEnd, "a piece of {} bytes is too long", piece.size());
  const auto size = static_cast<std::uint32_t>(piece.size());
  std::vector<Symbol> symbols(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    symbols[i] = {byte_token(piece[i]), i == 0 ? kEnd : i - 1, i + 1 == size ? kEnd : i + 1};
  }
  // Candidates as rank << 32 | position: the lowest rank first, the leftmost of equals. One that no longer holds when
  // its turn comes is passed over.
  std::vector<std::uint64_t> first;
  first.reserve(size);
  const auto merge_at = [&](std::uint32_t at) { return merges_.find(symbols[at].id, symbols[symbols[at].next].id); };
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> queue(std::greater<>{},
                                                                                       std::move(first));
  const auto consider = [&](std::uint32_t at) {
    if (at == kEnd || symbols[at].next == kEnd) return;
    const Merge merge = merge_at(at);
    if (merge.rank != Merge::kNone) queue.push(static_cast<std::uint64_t>(merge.rank) << 32 | at);
  };
  for (std::uint32_t i = 0; i < size; ++i) consider(i);
  while (!queue.empty()) {
    const auto at = static_cast<std::uint32_t>(queue.top());
    const auto rank = static_cast<std::uint32_t>(queue.top() >> 32);
    queue.pop();
    if (symbols[at].id < 0 || symbols[at].next == kEnd) continue;
    const Merge merge = merge_at(at);
    if (merge.rank != rank) continue;
    Symbol& right = symbols[symbols[at].next];
    symbols[at].id = merge.id;
    symbols[at].next = right.next;
    right.id = -1;
    if (right.next != kEnd) symbols[right.next].previous = at;
    consider(at);
    consider(symbols[at].previous);
  }
  for (std::uint32_t at = 0; at != kEnd; at = symbols[at].next) ids.push_back(symbols[at].id);
}

}  // namespace ft
