#include "framework/watch/exchange_trace.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace ft {
namespace {

double seconds(ExchangeTrace::Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Fixed size, no pointers: other processes read it. Zeroed memory is an empty note.
struct Note {
  char group[32], verb[24], name[96];
  std::uint64_t number;
};

void copy_text(std::span<char> to, std::string_view text) {
  const std::size_t length = std::min(text.size(), to.size() - 1);
  std::memcpy(to.data(), text.data(), length);
  to[length] = '\0';
}

std::string_view text_in(std::span<const char> from) { return {from.data(), strnlen(from.data(), from.size())}; }

std::string exchange_words(std::string_view group, std::uint64_t number, std::string_view verb, std::string_view name) {
  return fmt::format("{} #{}: {} '{}'", group, number, verb, name);
}

std::string words_of(const Note& note) {
  return exchange_words(text_in(note.group), note.number, text_in(note.verb), text_in(note.name));
}

}  // namespace

struct ExchangeTrace::Page {
  Note current, finished;
  std::uint64_t ticket;  // of `current`
  std::int32_t running;  // `current` is not over
};

ExchangeTrace::ExchangeTrace() {
  const int descriptor = memfd_create("ftrun exchanges", MFD_CLOEXEC);
  if (descriptor < 0) return;
  void* data = MAP_FAILED;
  if (ftruncate(descriptor, sizeof(Page)) == 0) {
    data = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  }
  if (data == MAP_FAILED) {
    close(descriptor);
    return;
  }
  page_descriptor_ = descriptor;
  page_ = static_cast<Page*>(data);
}

ExchangeTrace::~ExchangeTrace() {
  if (page_ != nullptr) munmap(page_, sizeof(Page));
  if (page_descriptor_ >= 0) close(page_descriptor_);
}

std::string ExchangeTrace::read_page(int pid, int descriptor) {
  if (descriptor < 0) return "";
  const int file = open(fmt::format("/proc/{}/fd/{}", pid, descriptor).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  Page page{};
  const bool whole = pread(file, &page, sizeof page, 0) == static_cast<ssize_t>(sizeof page);
  close(file);
  if (!whole) return "";
  if (page.running != 0) return "in " + words_of(page.current);
  if (page.finished.verb[0] == '\0') return "";
  return "after " + words_of(page.finished);
}

std::uint64_t ExchangeTrace::begin(std::string_view group, std::uint64_t number, const char* verb, Name name,
                                   std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  Entry& entry = ring_[next_ % kEntries];
  entry.group = group;
  entry.name = name;
  entry.verb = verb;
  entry.ticket = next_;
  entry.number = number;
  entry.bytes = bytes;
  entry.start = Clock::now();
  entry.running = true;
  if (page_ != nullptr) {
    Note& note = page_->current;
    copy_text(note.group, group);
    copy_text(note.verb, verb);
    copy_text(note.name, name);
    note.number = number;
    page_->ticket = next_;
    page_->running = 1;
  }
  return next_++;
}

void ExchangeTrace::end(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  Entry& entry = ring_[ticket % kEntries];
  if (entry.ticket != ticket) return;  // so long ago that its place was used again
  entry.stop = Clock::now();
  entry.running = false;
  finished_ = ticket;
  if (page_ != nullptr && page_->ticket == ticket) {
    page_->finished = page_->current;
    page_->running = 0;
  }
}

void ExchangeTrace::set_stage(std::string_view stage) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
}

std::string ExchangeTrace::words(const Entry& entry) {
  return exchange_words(entry.group, entry.number, entry.verb, entry.name);
}

ExchangeTrace::Snapshot ExchangeTrace::snapshot() const {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  Snapshot snapshot{.stage = stage_, .finished_seconds = seconds(now - made_)};
  const Entry* oldest = nullptr;
  for (const Entry& entry : ring_) {
    if (entry.running && (oldest == nullptr || entry.ticket < oldest->ticket)) oldest = &entry;
  }
  if (oldest != nullptr) {
    snapshot.waiting = words(*oldest);
    snapshot.waiting_bytes = oldest->bytes;
    snapshot.waiting_seconds = seconds(now - oldest->start);
  }
  if (finished_ && ring_[*finished_ % kEntries].ticket == *finished_) {
    const Entry& entry = ring_[*finished_ % kEntries];
    snapshot.finished = words(entry);
    snapshot.finished_seconds = seconds(now - entry.stop);
  }
  return snapshot;
}

std::string ExchangeTrace::dump() const {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  std::string text;
  for (std::uint64_t ticket = next_ < kEntries ? 0 : next_ - kEntries; ticket < next_; ++ticket) {
    const Entry& entry = ring_[ticket % kEntries];
    text += fmt::format("{}, {} bytes", words(entry), entry.bytes);
    text += entry.running ? fmt::format(", waiting for {:.1f} s\n", seconds(now - entry.start))
                          : fmt::format(", took {:.6f} s\n", seconds(entry.stop - entry.start));
  }
  return text;
}

}  // namespace ft
