// Byte-pair encoding of one piece of text: starting from single bytes, the neighbouring pair with the lowest merge rank
// (the leftmost of equals) is merged until no pair of the piece can be.
//
// Most pieces of ordinary text are whole tokens. Those tokens that merging itself would arrive at are found once, when
// the model is built; such a piece costs one table look-up, and no cache is needed: a Bpe is immutable and may be
// shared between threads. Other pieces are merged by scanning (short ones) or with a heap over a linked list (long
// ones: n log n, so a megabyte without a blank is no trap).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/text/tokenizer.h"

namespace ft {

// A read-mostly table from byte strings to ids: open addressing, keys in one arena.
class ByteStringTable {
 public:
  explicit ByteStringTable(std::size_t expected = 0);
  void insert(std::string_view key, TokenId id);           // `key` must not be in the table
  [[nodiscard]] TokenId find(std::string_view key) const;  // -1 where absent

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t begin = 0, size = 0;  // of the key in keys_
    TokenId id = -1;                    // -1: an empty slot
  };
  void place(const Slot& slot);
  void grow();

  std::vector<Slot> slots_;
  std::string keys_;
  std::size_t used_ = 0;
};

// What merging the pair (left, right) gives.
struct Merge {
  std::uint32_t rank = kNone;  // position in the list of merges; kNone: the pair cannot be merged
  TokenId id = -1;
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
};

class MergeTable {
 public:
  explicit MergeTable(std::size_t expected = 0);
  void insert(TokenId left, TokenId right, Merge merge);  // the later of two equal pairs wins, as in the reference
  [[nodiscard]] Merge find(TokenId left, TokenId right) const;

 private:
  struct Slot {
    std::uint64_t pair = kEmpty;
    Merge merge;
  };
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
  [[nodiscard]] std::size_t slot_of(std::uint64_t pair) const;

  std::vector<Slot> slots_;  // a power of two, at most half full
};

class Bpe {
 public:
  struct Rule {
    TokenId left, right, merged;
  };

  // `tokens`: (bytes, id) of everything a piece may become. `rules` in order of rank. `ignore_merges`: a piece that is
  // a token is that token, whatever merging would give.
  Bpe(const std::vector<std::pair<std::string, TokenId>>& tokens, const std::vector<Rule>& rules, bool ignore_merges);

  // Appends the ids of `piece`. Throws UserError when a byte of it has no token.
  void encode(std::string_view piece, std::vector<TokenId>& ids) const;

  // The same without the look-up of whole tokens: what encode() must equal (unless ignore_merges).
  void encode_by_merging(std::string_view piece, std::vector<TokenId>& ids) const;

 private:
  void merge_short(std::string_view piece, std::vector<TokenId>& ids) const;
  void merge_long(std::string_view piece, std::vector<TokenId>& ids) const;
  [[nodiscard]] TokenId byte_token(char byte) const;

  std::array<TokenId, 256> byte_tokens_;
  MergeTable merges_;
  ByteStringTable whole_;  // pieces that become one token
};

}  // namespace ft
