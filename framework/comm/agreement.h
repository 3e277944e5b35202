// What ranks agree upon in one small record: flags, counters, who is ready.
//
//   struct Ready { bool all; std::int64_t tokens; };
//   const Ready together = agree(world, "end of the step", Ready{mine, tokens},
//                                [](Ready a, Ready b) { return Ready{a.all && b.all, a.tokens + b.tokens}; });
//
// One exchange; a record of up to 112 bytes takes the shortest there is.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "framework/comm/communicator.h"

namespace ft {

// Collective: the records of all ranks, in their order.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] std::vector<T> gather_records(Communicator& comm, Name name, const T& mine) {
  const auto texts = comm.all_gather_bytes(name, {reinterpret_cast<const char*>(&mine), sizeof mine});
  std::vector<T> records(texts.size(), mine);
  for (std::size_t rank = 0; rank < texts.size(); ++rank) {
    FT_CHECK(texts[rank].size() == sizeof mine, "'{}': rank {} sent {} bytes, not {}", name, rank, texts[rank].size(),
             sizeof mine);
    std::memcpy(&records[rank], texts[rank].data(), sizeof mine);
  }
  return records;
}

// Collective: combine(combine(r0, r1), r2) ... of the ranks' records, on every rank.
template <class T, class Combine>
[[nodiscard]] T agree(Communicator& comm, Name name, const T& mine, Combine combine) {
  const std::vector<T> records = gather_records(comm, name, mine);
  T all = records[0];
  for (std::size_t rank = 1; rank < records.size(); ++rank) all = combine(all, records[rank]);
  return all;
}

}  // namespace ft
