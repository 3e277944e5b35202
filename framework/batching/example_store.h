// Tokenised examples in a folder that all stages and ranks share: written side by side, read through mappings.
//
//   <run>/examples/<key>/piece-0000.bin    blocks of examples (example_block.h), one behind the other, of one rank
//                        index.bin         written last: which block lies where, and what planning asks of each example
//
// The key is a digest of everything that decides the examples. They are cut into blocks by their problems, alike on any
// number of ranks, so any ranks can make any blocks. Every block knows its key, its number and its digest: after a kill
// at any moment the whole blocks of all pieces are found again, and only the missing ones are made. This class knows
// files only; who does what among ranks is in recipe/stage_examples.h.
//
//   const ExampleStore store(run / "examples" / key.substr(0, 32), key);
//   StoredBlocks blocks = store.check(store.read_index(), share, shares);   // without an index: store.scan(...)
//
//   ExamplePiece piece = store.piece(rank, end_of_piece(blocks.found, rank));
//   blocks.found.push_back(piece.append(pack_block({key, number}, examples)));
//   piece.sync();
//   store.write_index(blocks.found);                             // one rank
//   const Examples examples = store.open();                      // all ranks
//
// What is torn, damaged or of another key is told in words and never used. What cannot be read throws
// Unreadable; writing throws as store/files.h.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/batching/example_list.h"
#include "framework/store/files.h"

namespace ft {

// SHA-256 over everything that decides the examples (each part with its length, so that no two lists read alike) and
// the format of the store.
[[nodiscard]] std::string example_key(std::span<const std::string> parts);

// Where a block lies; of plain bytes, for files and for the exchange between ranks.
struct BlockRecord {
  std::int64_t number = 0, piece = 0, offset = 0, size = 0, num_examples = 0;
  std::array<char, 32> sum = {};  // as in its head
  friend bool operator==(const BlockRecord&, const BlockRecord&) = default;
};

struct StoredBlocks {
  std::vector<BlockRecord> found;
  std::string complaint;  // the first, about what is there and is not used; empty: none
};

// What an index says, where it is sound.
struct StoreIndex : StoredBlocks {
  bool sound = false;
  std::int64_t ids = 0, tokens = 0, units = 0;  // where the columns begin in the file
};

[[nodiscard]] std::string to_bytes(std::span<const BlockRecord> records);
[[nodiscard]] std::vector<BlockRecord> records_from(std::string_view bytes);
[[nodiscard]] std::string to_bytes(const StoreIndex& index);
[[nodiscard]] StoreIndex index_from(std::string_view bytes);

// One record for each number, the numbers ascending: of several the one that lies first.
[[nodiscard]] std::vector<BlockRecord> in_order(std::vector<BlockRecord> records);
// Where a piece may be written on: behind the last of these records that lies in it.
[[nodiscard]] std::int64_t end_of_piece(std::span<const BlockRecord> records, std::int64_t piece);

// One rank's file while it grows. One writer a piece.
class ExamplePiece {
 public:
  // Makes the file where there is none; what lies behind `end` is cut off.
  ExamplePiece(const std::filesystem::path& path, std::int64_t piece, std::int64_t end);
  // Writes a packed block.
  BlockRecord append(std::string_view block);
  void sync();

 private:
  FileHandle file_;
  std::int64_t piece_, end_;
};

class ExampleStore {
 public:
  ExampleStore(std::filesystem::path folder, std::string key) : folder_(std::move(folder)), key_(std::move(key)) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] std::filesystem::path index_path() const { return folder_ / "index.bin"; }
  [[nodiscard]] std::filesystem::path piece_path(std::int64_t piece) const;

  // What the index says, where there is a sound one of this key. The blocks themselves are not looked at.
  [[nodiscard]] StoreIndex read_index() const;
  // Reads every byte of one of `shares` equal parts of the index's blocks, and their lines in its columns: those that
  // are what it says. `check_stop` is called before each block; may be empty.
  [[nodiscard]] StoredBlocks check(const StoreIndex& index, int share, int shares,
                                   const std::function<void()>& check_stop = {}) const;
  // Reads every byte of one part of the pieces that are there: their whole blocks, with or without an index.
  [[nodiscard]] StoredBlocks scan(int share, int shares, const std::function<void()>& check_stop = {}) const;

  [[nodiscard]] ExamplePiece piece(std::int64_t piece, std::int64_t end) const;
  // `records`: blocks 0, 1, ..., all of them, sound. Atomic and durable.
  void write_index(std::span<const BlockRecord> records) const;
  void remove_index() const;

  // Maps everything. Throws Error where the index is no sound one: the caller has just read or written it.
  [[nodiscard]] Examples open() const;

 private:
  std::filesystem::path folder_;
  std::string key_;
};

}  // namespace ft
