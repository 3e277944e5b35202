// Rounds in which the ranks of one host hand each other data through shared buffers.
//
// A round: fill one's own buffer, meet the others, read from theirs. Rounds alternate between the two buffers of each
// rank, so that one meeting a round is enough: whoever fills a buffer again has met everybody since they read it. So
// what lies in a buffer also stays readable until the next round's meeting. Each buffer says which exchange it belongs
// to: ranks that disagree all get an Error that names both.
//
//   window.round(exchange, [&](std::byte* mine) { ... }, [&] { ... window.payload(place) ... });
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "framework/comm/transport.h"

namespace ft {

// The exchange of the moment, for notes and messages.
struct Exchange {
  const char* verb;
  Name name;
  std::int64_t bytes;
};

// A run of bytes; where they lie in this rank's memory.
struct Piece {
  std::byte* at;
  std::int64_t bytes;
};
using Pieces = std::vector<Piece>;

class WindowRounds {
 public:
  // `buffers` must outlive this; null: this rank is alone on its host. `members`: the ranks of the host as messages shall
  // name them.
  WindowRounds(SharedBuffers* buffers, std::vector<int> members);

  [[nodiscard]] int place() const { return place_; }
  [[nodiscard]] int size() const { return size_; }
  // What of a buffer is free for data.
  [[nodiscard]] static std::size_t payload_of(std::size_t capacity);
  // The data of the rank at that place, in the present round.
  [[nodiscard]] const std::byte* payload(int place) const;

  // fill(std::byte*) writes this rank's data, read() sees those of all. Not to be called where a rank is alone.
  template <class Fill, class Read>
  void round(const Exchange& exchange, Fill fill, Read read) {
    write_note(exchange);
    fill(mine());
    buffers_->meet();
    compare_notes();
    read();
    which_ ^= 1;
    ++rounds_;
  }

  // Every rank of the host gets everybody's pieces: `pieces[p]` is what the rank at place p gives, with the same sizes
  // on all ranks, and where it goes here. Where `reads` is false, nothing is written here. At least one round.
  void share(const Exchange& exchange, const std::vector<Pieces>& pieces, bool reads = true);

 private:
  struct Note;  // what a rank does, as written at the head of its buffer

  [[nodiscard]] std::byte* mine();
  void write_note(const Exchange& exchange);
  void compare_notes() const;

  SharedBuffers* buffers_;
  std::vector<int> members_;
  int place_ = 0, size_ = 1;
  int which_ = 0;             // the buffer of the present round
  std::uint64_t rounds_ = 0;  // since the start
};

}  // namespace ft
