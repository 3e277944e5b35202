#include "framework/comm/window_rounds.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace ft {

// Fixed size and no pointers: it lies in memory that other processes read.
struct WindowRounds::Note {
  std::uint64_t round;
  std::int64_t bytes;
  char verb[24];
  char name[88];  // cut where longer
};

namespace {

constexpr std::size_t kNoteBytes = 128;

void copy_text(std::span<char> to, std::string_view text) {
  const std::size_t length = std::min(text.size(), to.size() - 1);
  std::memcpy(to.data(), text.data(), length);
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(length), to.end(), '\0');
}

std::int64_t bytes_of(const Pieces& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::int64_t{0},
                         [](std::int64_t sum, const Piece& piece) { return sum + piece.bytes; });
}

// Calls copy(at, offset, bytes) for the parts of `pieces`, taken as one run of bytes, that lie within [begin, end);
// `offset` counts from `begin`.
template <class Copy>
void for_parts(const Pieces& pieces, std::int64_t begin, std::int64_t end, Copy copy) {
  std::int64_t place = 0;
  for (const Piece& piece : pieces) {
    const std::int64_t from = std::max(begin, place), to = std::min(end, place + piece.bytes);
    if (from < to) copy(piece.at + (from - place), from - begin, static_cast<std::size_t>(to - from));
    place += piece.bytes;
  }
}

}  // namespace

WindowRounds::WindowRounds(SharedBuffers* buffers, std::vector<int> members)
    : buffers_(buffers), members_(std::move(members)) {
  static_assert(sizeof(Note) <= kNoteBytes);
  if (buffers == nullptr) return;
  place_ = buffers->rank();
  size_ = buffers->size();
}

std::size_t WindowRounds::payload_of(std::size_t capacity) { return capacity - kNoteBytes; }

const std::byte* WindowRounds::payload(int place) const { return buffers_->buffer(place, which_) + kNoteBytes; }

std::byte* WindowRounds::mine() { return buffers_->buffer(place_, which_) + kNoteBytes; }

void WindowRounds::write_note(const Exchange& exchange) {
  Note note{};
  note.round = rounds_;
  note.bytes = exchange.bytes;
  copy_text(note.verb, exchange.verb);
  copy_text(note.name, exchange.name);
  std::memcpy(buffers_->buffer(place_, which_), &note, sizeof note);
}

void WindowRounds::compare_notes() const {
  const std::byte* first = buffers_->buffer(0, which_);
  for (int place = 1; place < size_; ++place) {
    const std::byte* other = buffers_->buffer(place, which_);
    if (std::memcmp(first, other, sizeof(Note)) == 0) continue;
    Note left, right;
    std::memcpy(&left, first, sizeof left);
    std::memcpy(&right, other, sizeof right);
    throw Error(
        fmt::format("ranks disagree on what they do: rank {} is in {} '{}' ({} bytes, round {}), rank {} in {} "
                    "'{}' ({} bytes, round {})",
                    members_.front(), left.verb, left.name, left.bytes, left.round,
                    members_[static_cast<std::size_t>(place)], right.verb, right.name, right.bytes, right.round));
  }
}

void WindowRounds::share(const Exchange& exchange, const std::vector<Pieces>& pieces, bool reads) {
  if (size_ == 1) return;
  const auto chunk = static_cast<std::int64_t>(payload_of(buffers_->capacity()));
  std::int64_t longest = 1;
  for (const Pieces& of_rank : pieces) longest = std::max(longest, bytes_of(of_rank));
  for (std::int64_t begin = 0; begin < longest; begin += chunk) {
    round(
        exchange,
        [&](std::byte* to) {
          for_parts(pieces[static_cast<std::size_t>(place_)], begin, begin + chunk,
                    [&](const std::byte* at, std::int64_t offset, std::size_t bytes) {
                      std::memcpy(to + offset, at, bytes);
                    });
        },
        [&] {
          if (!reads) return;
          for (int place = 0; place < size_; ++place) {
            if (place == place_) continue;
            const std::byte* from = payload(place);
            for_parts(
                pieces[static_cast<std::size_t>(place)], begin, begin + chunk,
                [&](std::byte* at, std::int64_t offset, std::size_t bytes) { std::memcpy(at, from + offset, bytes); });
          }
        });
  }
}

}  // namespace ft
