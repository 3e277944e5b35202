// Byte-pair encoding of one piece of text: starting from single bytes or characters, the neighbouring pair with the
// lowest merge rank (the leftmost of equals) is merged until no pair of the piece can be.
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

// What a piece is before any merging: its bytes (byte-level vocabularies) or its characters (SentencePiece's), each a
// token; one that is none is spelled by the tokens of its bytes, if all are there, or else is unknown.
struct BpeUnits {
  BpeUnits() { fallback.fill(-1); }
  bool characters = false;
  std::array<TokenId, 256> fallback;  // of "<0x00>", ...; -1: no such token, or byte_fallback is off
  TokenId unknown = -1;               // -1: a piece with unknown units is refused
  bool fuse_unknown = false;          // neighbours are one unknown token
};

class Bpe {
 public:
  struct Rule {
    TokenId left, right, merged;
  };

  // `tokens`: (bytes, id) of everything a piece may become. `rules` in order of rank. `ignore_merges`: a piece that is
  // a token is that token, whatever merging would give.
  Bpe(const std::vector<std::pair<std::string, TokenId>>& tokens, const std::vector<Rule>& rules, bool ignore_merges,
      const BpeUnits& units = {});

  // Appends the ids of `piece`. Throws UserError when a byte or character of it has no token and there is no unknown
  // one.
  void encode(std::string_view piece, std::vector<TokenId>& ids) const;

  // The same without the look-up of whole tokens: what encode() must equal (unless ignore_merges).
  void encode_by_merging(std::string_view piece, std::vector<TokenId>& ids) const;

 private:
  static constexpr std::size_t kShortPiece = 48;  // bytes: up to here scanning all pairs for every merge beats a heap
  // A byte that is no token is spelled by the two bytes that its stand-in in the alphabet has.
  static constexpr std::size_t kMostUnits = 2;  // for each byte

  std::size_t units_of(std::string_view piece, TokenId* units) const;  // how many; `units`: kMostUnits a byte
  [[nodiscard]] TokenId unit_token(std::string_view unit) const;
  [[nodiscard]] std::string_view first_unit(std::string_view piece) const;
  [[nodiscard]] std::size_t spelled(std::string_view unit, TokenId* units) const;
  [[nodiscard]] bool is_expressible(std::string_view piece) const;
  void merge_short(TokenId* symbols, std::size_t size, std::vector<TokenId>& ids) const;
  void merge_long(const std::vector<TokenId>& units, std::vector<TokenId>& ids) const;

  BpeUnits units_;
  std::array<TokenId, 256> byte_tokens_;  // of single bytes
  ByteStringTable characters_;            // of characters of several bytes, where these are units
  MergeTable merges_;
  ByteStringTable whole_;  // pieces that become one token
};

}  // namespace ft
