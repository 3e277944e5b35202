#include "framework/text/bpe.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <queue>

#include "framework/base/error.h"
#include "framework/text/byte_level.h"
#include "framework/text/utf8.h"

namespace ft {
namespace {

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

Bpe::Bpe(const std::vector<std::pair<std::string, TokenId>>& tokens, const std::vector<Rule>& rules, bool ignore_merges,
         const BpeUnits& units)
    : units_(units), merges_(rules.size()), whole_(tokens.size()) {
  byte_tokens_.fill(-1);
  for (const auto& [bytes, id] : tokens) {
    if (bytes.size() == 1) {
      byte_tokens_[static_cast<unsigned char>(bytes[0])] = id;
    } else if (units_.characters && !bytes.empty() && first_unit(bytes).size() == bytes.size()) {
      characters_.insert(bytes, id);
    }
  }
  for (std::size_t rank = 0; rank < rules.size(); ++rank) {
    merges_.insert(rules[rank].left, rules[rank].right, {static_cast<std::uint32_t>(rank), rules[rank].merged});
  }
  std::vector<TokenId> ids;
  for (const auto& [bytes, id] : tokens) {
    bool reachable = ignore_merges;
    if (!reachable && is_expressible(bytes)) {
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
    std::array<TokenId, kShortPiece * kMostUnits> units;
    merge_short(units.data(), units_of(piece, units.data()), ids);
  } else {
    std::vector<TokenId> units(piece.size() * kMostUnits);
    units.resize(units_of(piece, units.data()));
    merge_long(units, ids);
  }
}

std::string_view Bpe::first_unit(std::string_view piece) const {
  if (!units_.characters) return piece.substr(0, 1);
  std::size_t end = 0;
  static_cast<void>(next_code_point(piece, end));
  return piece.substr(0, end);
}

TokenId Bpe::unit_token(std::string_view unit) const {
  return unit.size() == 1 ? byte_tokens_[static_cast<unsigned char>(unit[0])] : characters_.find(unit);
}

// By the tokens of its bytes, as it is written in the vocabulary; 0 where one is missing.
std::size_t Bpe::spelled(std::string_view unit, TokenId* units) const {
  const std::string written = units_.characters ? std::string(unit) : alphabet_of_bytes(unit);
  for (std::size_t i = 0; i < written.size(); ++i) {
    units[i] = units_.fallback[static_cast<unsigned char>(written[i])];
    if (units[i] < 0) return 0;
  }
  return written.size();
}

bool Bpe::is_expressible(std::string_view piece) const {
  if (units_.unknown >= 0) return true;
  std::array<TokenId, 4> units;
  for (std::string_view unit; !piece.empty(); piece.remove_prefix(unit.size())) {
    unit = first_unit(piece);
    if (unit_token(unit) < 0 && spelled(unit, units.data()) == 0) return false;
  }
  return true;
}

std::size_t Bpe::units_of(std::string_view piece, TokenId* units) const {
  std::size_t size = 0;
  if (!units_.characters) {  // nearly always all bytes are tokens
    for (; size < piece.size(); ++size) {
      units[size] = byte_tokens_[static_cast<unsigned char>(piece[size])];
      if (units[size] < 0) break;
    }
    piece.remove_prefix(size);
  }
  bool unknown = false;  // one is to be put before the next token
  const auto put_unknown = [&] {
    if (unknown) units[size++] = units_.unknown;
    unknown = false;
  };
  for (std::string_view unit; !piece.empty(); piece.remove_prefix(unit.size())) {
    unit = first_unit(piece);
    const TokenId id = unit_token(unit);
    if (id >= 0) {
      put_unknown();
      units[size++] = id;
    } else if (const std::size_t bytes = spelled(unit, units + size)) {
      size += bytes;  // before an unknown one that still waits, as in the reference
    } else if (units_.unknown >= 0) {
      if (!units_.fuse_unknown) put_unknown();
      unknown = true;
    } else {
      fail_user(fmt::format("the vocabulary has no token for the {} {}; remove it from the text",
                            units_.characters ? "character" : "byte",
                            units_.characters ? fmt::format("'{}'", unit)
                                              : fmt::format("0x{:02X}", static_cast<unsigned char>(unit[0]))));
    }
  }
  put_unknown();
  return size;
}

void Bpe::merge_short(TokenId* symbols, std::size_t size, std::vector<TokenId>& ids) const {
  // [size - 1] the merge of symbols[i] and symbols[i + 1]; two arrays, since one of Merge would be filled first.
  std::array<std::uint32_t, kShortPiece * kMostUnits> rank;
  std::array<TokenId, kShortPiece * kMostUnits> merged;
  const auto look_up = [&](std::size_t i) {
    const Merge merge = merges_.find(symbols[i], symbols[i + 1]);
    rank[i] = merge.rank;
    merged[i] = merge.id;
  };
  for (std::size_t i = 0; i + 1 < size; ++i) look_up(i);
  while (size > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < size; ++i) {
      if (rank[i] < rank[best]) best = i;
    }
    if (rank[best] == Merge::kNone) break;
    symbols[best] = merged[best];
    --size;
    for (std::size_t i = best + 1; i < size; ++i) {
      symbols[i] = symbols[i + 1];
      if (i + 1 < size) {
        rank[i] = rank[i + 1];
        merged[i] = merged[i + 1];
      }
    }
    if (best + 1 < size) look_up(best);
    if (best > 0) look_up(best - 1);
  }
  ids.insert(ids.end(), symbols, symbols + size);
}

void Bpe::merge_long(const std::vector<TokenId>& units, std::vector<TokenId>& ids) const {
  if (units.empty()) return;
  struct Symbol {
    TokenId id;  // -1: merged into its left neighbour
    std::uint32_t previous, next;
  };
  constexpr std::uint32_t kEnd = 0xFFFFFFFFu;
  FT_CHECK(units.size() < kEnd, "a piece of {} symbols is too long", units.size());
  const auto size = static_cast<std::uint32_t>(units.size());
  std::vector<Symbol> symbols(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    symbols[i] = {units[i], i == 0 ? kEnd : i - 1, i + 1 == size ? kEnd : i + 1};
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
