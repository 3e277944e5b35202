#include "framework/comm/communicator.h"

#include <algorithm>
#include <functional>

#include "framework/base/digest.h"
#include "framework/comm/agreement.h"

namespace ft {

std::int64_t sum_over_ranks(Communicator& comm, Name name, std::int64_t value) {
  return agree(comm, name, value, std::plus<>());
}

bool any_rank(Communicator& comm, Name name, bool value) {
  return agree(comm, name, value ? 1 : 0, std::bit_or<>()) != 0;
}

namespace {

// The line of text around position `at`, or what can be said of bytes that are no text.
std::string excerpt(std::string_view bytes, std::size_t at) {
  const bool text = std::ranges::all_of(bytes, [](unsigned char c) { return c >= 0x20 || c == '\n' || c == '\t'; });
  if (!text) return fmt::format("{} bytes, which differ from byte {} on", bytes.size(), at);
  std::size_t begin = at == 0 ? std::string_view::npos : bytes.rfind('\n', at - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  begin = std::max(begin, at < 60 ? 0 : at - 60);
  const std::size_t end = std::min({bytes.size(), bytes.find('\n', at), at + 60});
  return fmt::format("'{}'", bytes.substr(begin, end - begin));
}

}  // namespace

void check_same(Communicator& comm, Name name, std::string_view bytes) {
  const std::vector<std::string> digests = comm.all_gather_bytes(name, xxh128(bytes));
  if (std::ranges::all_of(digests, [&](const std::string& digest) { return digest == digests[0]; })) return;
  const std::vector<std::string> all = comm.all_gather_bytes(name, bytes);
  std::vector<std::size_t> different;
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all[0]) different.push_back(rank);
  }
  const std::string& first = all[different.front()];
  const std::size_t common = std::min(first.size(), all[0].size());
  const auto at = static_cast<std::size_t>(
      std::mismatch(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(common), all[0].begin()).first -
      first.begin());
  const std::string who = different.size() == 1 ? fmt::format("rank {} differs", different[0])
                                                : fmt::format("ranks {} differ", fmt::join(different, ", "));
  throw Error(fmt::format("{} must be the same on all ranks, but {} from rank 0: rank 0 has {}, rank {} has {}", name,
                          who, excerpt(all[0], at), different.front(), excerpt(first, at)));
}

}  // namespace ft
