// What the verbs between processes are made of: memory that the ranks of one host share, and messages between any two.
//
// TransportCommunicator (transport_communicator.h) holds the algorithms; here is all that MPI, or the threads of a test,
// have to provide. Which ranks share memory is part of it: the verbs cross between hosts as seldom as they can.
//
//   auto comm = std::make_unique<TransportCommunicator>(std::move(transport));
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "framework/comm/communicator.h"

namespace ft {

// Two buffers a rank, which all ranks of the host can read.
class SharedBuffers {
 public:
  virtual ~SharedBuffers() = default;

  // Among the ranks of the host, in the order of the communicator.
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;

  // Bytes of one buffer, a multiple of 64, at least 1024; the same on all ranks.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
  // Buffer `which` (0 or 1) of `rank`, 64-byte aligned. Only its owner writes to it.
  [[nodiscard]] virtual std::byte* buffer(int rank, int which) const = 0;

  // A number that all ranks of the host may change at any time; 0 at first.
  [[nodiscard]] virtual std::atomic<std::int64_t>& number() const = 0;

  // Returns when all ranks have called it; what they wrote before is visible after. Throws Error when a rank has
  // failed.
  virtual void meet() = 0;
};

// Bytes for another rank, or room for bytes from it.
struct Outgoing {
  int peer;
  const std::byte* data;
  std::int64_t bytes;
};
struct Incoming {
  int peer;
  std::byte* data;
  std::int64_t bytes;
};

// A number from another rank (as peer), apart from exchanges.
struct Note {
  int peer;
  std::int64_t value;
};

class Transport {
 public:
  virtual ~Transport() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;

  // The host of each rank: ranks with the same number share memory. Numbers count up from 0 in the order of each host's
  // first rank. The same on all ranks.
  [[nodiscard]] virtual std::span<const int> hosts() const = 0;
  // The buffers of this rank's host; null where it is alone on it.
  [[nodiscard]] virtual SharedBuffers* buffers() = 0;
  // Bytes that a rank takes in at once where ranks add: the capacity of buffers, where any host has some. At least 1024,
  // the same on all ranks.
  [[nodiscard]] virtual std::size_t chunk_bytes() const = 0;

  // Sends and receives all of these; returns when what was sent may be written to and what was received may be read.
  // Messages between two ranks arrive in the order of the lists; both sides know their lengths, and none is empty.
  virtual void exchange(Name name, std::span<const Incoming> receive, std::span<const Outgoing> send) = 0;

  // Notes: for what a rank asks of another one that computes meanwhile. post() returns when the note is on its way;
  // next_note() at once, with one that has come, if any; wait_for_note() with the next one. Those of one peer come in order.
  virtual void post(int peer, std::int64_t value) = 0;
  [[nodiscard]] virtual std::optional<Note> next_note() = 0;
  [[nodiscard]] virtual Note wait_for_note() = 0;

  // As Communicator::split and Communicator::abort.
  [[nodiscard]] virtual std::unique_ptr<Transport> split(int colour, int key) = 0;
  [[noreturn]] virtual void abort(std::string_view why, ExitCode code) = 0;
};

}  // namespace ft
