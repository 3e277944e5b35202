#include "framework/comm/transport_counter.h"

#include <algorithm>

namespace ft {
namespace {

constexpr int kRoot = 0;
constexpr std::int64_t kDone = 0;  // instead of how many numbers a rank asks for: it asks for no more

}  // namespace

TransportCounter::TransportCounter(Communicator& comm, Transport& transport, Name name)
    : comm_(comm), transport_(transport), name_(name) {
  const std::span<const int> hosts = transport.hosts();
  far_ranks_ = std::ranges::count_if(hosts, [&](int host) { return host != hosts[kRoot]; });
  if (hosts[static_cast<std::size_t>(transport.rank())] == hosts[kRoot])
    number_ = transport.buffers() == nullptr ? &own_ : &transport.buffers()->number();
  if (transport.rank() == kRoot) number_->store(0);
  comm_.barrier(name_);  // nobody takes before that
}

void TransportCounter::answer(const Note& note) {
  if (note.value == kDone) {
    ++far_done_;
  } else {
    transport_.post(note.peer, number_->fetch_add(note.value));
  }
}

void TransportCounter::serve() {
  if (transport_.rank() != kRoot || far_done_ == far_ranks_) return;
  while (const auto note = transport_.next_note()) answer(*note);
}

std::int64_t TransportCounter::take(std::int64_t count) {
  FT_CHECK(count > 0, "'{}': {} numbers are asked for", name_, count);
  serve();
  std::int64_t first = 0;
  if (number_ != nullptr) {
    first = number_->fetch_add(count);
  } else {
    transport_.post(kRoot, count);
    first = transport_.wait_for_note().value;
  }
  last_ = first + count;
  return first;
}

std::int64_t TransportCounter::taken() const { return number_ != nullptr ? number_->load() : last_; }

void TransportCounter::finish() {
  if (number_ == nullptr) transport_.post(kRoot, kDone);
  if (transport_.rank() == kRoot) {
    while (far_done_ < far_ranks_) answer(transport_.wait_for_note());
  }
  comm_.barrier(name_);
}

}  // namespace ft
