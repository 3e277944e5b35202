#include "framework/comm/communicator.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <utility>

namespace ft {

Pending::Pending(std::function<void()> finish) : finish_(std::move(finish)), exceptions_(std::uncaught_exceptions()) {}

Pending::Pending(Pending&& other) noexcept
    : finish_(std::exchange(other.finish_, nullptr)), exceptions_(other.exceptions_) {}

Pending& Pending::operator=(Pending&& other) noexcept {
  if (this == &other) return *this;
  end_unseen();
  finish_ = std::exchange(other.finish_, nullptr);
  exceptions_ = other.exceptions_;
  return *this;
}

Pending::~Pending() { end_unseen(); }

void Pending::wait() {
  // Taken out first: an exchange that failed has ended, and its destructor must not try again.
  if (const auto finish = std::exchange(finish_, nullptr)) finish();
}

void Pending::end_unseen() noexcept {
  if (!finish_ || std::uncaught_exceptions() > exceptions_) return;
  try {
    wait();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "an exchange failed that nobody waited for: %s\n", error.what());
    std::terminate();
  }
}

std::int64_t sum_over_ranks(Communicator& comm, Name name, std::int64_t value) {
  std::int64_t sum = 0;
  const std::string_view bytes(reinterpret_cast<const char*>(&value), sizeof value);
  for (const std::string& of_rank : comm.all_gather_bytes(name, bytes)) {
    FT_CHECK(of_rank.size() == sizeof value, "sum of '{}': a rank sent {} bytes", name, of_rank.size());
    std::int64_t term = 0;
    std::memcpy(&term, of_rank.data(), sizeof term);
    sum += term;
  }
  return sum;
}

bool any_rank(Communicator& comm, Name name, bool value) {
  const std::vector<std::string> all = comm.all_gather_bytes(name, value ? "1" : "0");
  return std::ranges::any_of(all, [](const std::string& flag) { return flag == "1"; });
}

std::string broadcast_bytes(Communicator& comm, Name name, std::string_view bytes, int root) {
  FT_CHECK(root >= 0 && root < comm.size(), "'{}' from rank {} of {} ranks", name, root, comm.size());
  std::vector<std::string> all = comm.all_gather_bytes(name, comm.rank() == root ? bytes : std::string_view());
  return std::move(all[static_cast<std::size_t>(root)]);
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
  const std::vector<std::string> all = comm.all_gather_bytes(name, bytes);
  std::vector<std::size_t> different;
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all[0]) different.push_back(rank);
  }
  if (different.empty()) return;
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
