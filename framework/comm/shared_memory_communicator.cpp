#include "framework/comm/shared_memory_communicator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>
#include <utility>

#include "framework/comm/checks.h"
#include "framework/comm/tree_sum.h"

namespace ft {

// Fixed size and no pointers: it lies in memory that other processes read.
struct SharedMemoryCommunicator::Note {
  std::uint64_t round;
  std::int64_t bytes;
  char verb[24];
  char name[88];  // cut where longer
};

namespace {

constexpr std::size_t kNoteBytes = 128;
// Up to this size a tensor is reduced by every rank in full: one round instead of two.
constexpr std::int64_t kSmallBytes = 4096;
constexpr std::int64_t kAlignedElements = 16;

std::byte* bytes_of(const at::Tensor& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

// memcpy that allows no bytes from nowhere.
void copy_bytes(std::byte* to, const std::byte* from, std::int64_t bytes) {
  if (bytes > 0 && to != from) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

// The part [begin, begin + step) of a shard of `size` elements; empty beyond its end.
std::int64_t part(std::int64_t size, std::int64_t begin, std::int64_t step) {
  return std::clamp<std::int64_t>(size - begin, 0, step);
}

void copy_text(std::span<char> to, std::string_view text) {
  const std::size_t length = std::min(text.size(), to.size() - 1);
  std::memcpy(to.data(), text.data(), length);
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(length), to.end(), '\0');
}

std::vector<std::int64_t> offsets_of(std::span<const std::int64_t> sizes) {
  std::vector<std::int64_t> offsets(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), offsets.begin(), std::int64_t{0});
  return offsets;
}

}  // namespace

SharedMemoryCommunicator::SharedMemoryCommunicator(std::unique_ptr<SharedBuffers> buffers)
    : buffers_(std::move(buffers)), rank_(buffers_->rank()), size_(buffers_->size()) {
  static_assert(sizeof(Note) <= kNoteBytes);
  FT_CHECK(slice_elements(sizeof(double)) > 0, "shared buffers of {} bytes are too small for {} ranks",
           buffers_->capacity(), size_);
}

std::byte* SharedMemoryCommunicator::payload(int rank) const { return buffers_->buffer(rank, which_) + kNoteBytes; }

std::size_t SharedMemoryCommunicator::payload_bytes() const { return buffers_->capacity() - kNoteBytes; }

std::int64_t SharedMemoryCommunicator::slice_elements(std::int64_t element_size) const {
  const auto bytes = static_cast<std::int64_t>(payload_bytes());
  return bytes / size_ / element_size / kAlignedElements * kAlignedElements;
}

void SharedMemoryCommunicator::write_note(const Exchange& exchange) {
  Note note{};
  note.round = rounds_;
  note.bytes = exchange.bytes;
  copy_text(note.verb, exchange.verb);
  copy_text(note.name, exchange.name);
  std::memcpy(buffers_->buffer(rank_, which_), &note, sizeof note);
}

void SharedMemoryCommunicator::compare_notes() const {
  const std::byte* first = buffers_->buffer(0, which_);
  for (int rank = 1; rank < size_; ++rank) {
    const std::byte* other = buffers_->buffer(rank, which_);
    if (std::memcmp(first, other, sizeof(Note)) == 0) continue;
    Note left, right;
    std::memcpy(&left, first, sizeof left);
    std::memcpy(&right, other, sizeof right);
    throw Error(fmt::format(
        "ranks disagree on what they do: rank 0 is in {} '{}' ({} bytes, round {}), rank {} in {} "
        "'{}' ({} bytes, round {})",
        left.verb, left.name, left.bytes, left.round, rank, right.verb, right.name, right.bytes, right.round));
  }
}

template <class Fill, class Read>
void SharedMemoryCommunicator::round(const Exchange& exchange, Fill fill, Read read) {
  write_note(exchange);
  fill(payload(rank_));
  buffers_->meet();
  compare_notes();
  read();
  which_ ^= 1;
  ++rounds_;
}

void SharedMemoryCommunicator::all_reduce_small(const Exchange& exchange, const at::Tensor& inout, ReduceOp op) {
  std::byte* data = bytes_of(inout);
  std::vector<const void*> contributions(static_cast<std::size_t>(size_));
  round(
      exchange, [&](std::byte* mine) { copy_bytes(mine, data, exchange.bytes); },
      [&] {
        for (int r = 0; r < size_; ++r) contributions[static_cast<std::size_t>(r)] = payload(r);
        reduce_tree(inout.scalar_type(), op, contributions, data, inout.numel());
      });
}

// Reduces `count` elements, at most slice_elements() for each rank: each rank reduces its slice, then hands it round.
void SharedMemoryCommunicator::all_reduce_chunk(const Exchange& exchange, std::byte* data, std::int64_t count,
                                                at::ScalarType dtype, std::int64_t element_size, ReduceOp op) {
  std::int64_t slice = (count + size_ - 1) / size_;
  slice = (slice + kAlignedElements - 1) / kAlignedElements * kAlignedElements;
  const std::int64_t slice_bytes = slice * element_size;
  const auto bytes_of_rank = [&](int r) { return part(count, r * slice, slice) * element_size; };
  std::vector<const void*> contributions(static_cast<std::size_t>(size_));
  round(
      exchange,
      [&](std::byte* mine) {
        for (int r = 0; r < size_; ++r) {
          if (r != rank_) copy_bytes(mine + r * slice_bytes, data + r * slice_bytes, bytes_of_rank(r));
        }
      },
      [&] {
        std::byte* out = data + rank_ * slice_bytes;
        for (int r = 0; r < size_; ++r) {
          contributions[static_cast<std::size_t>(r)] = r == rank_ ? out : payload(r) + rank_ * slice_bytes;
        }
        reduce_tree(dtype, op, contributions, out, bytes_of_rank(rank_) / element_size);
      });
  round(
      exchange, [&](std::byte* mine) { copy_bytes(mine, data + rank_ * slice_bytes, bytes_of_rank(rank_)); },
      [&] {
        for (int r = 0; r < size_; ++r) {
          if (r != rank_) copy_bytes(data + r * slice_bytes, payload(r), bytes_of_rank(r));
        }
      });
}

Pending SharedMemoryCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp op, Order) {
  check_reducible(name, inout);
  const auto element_size = static_cast<std::int64_t>(inout.element_size());
  const std::int64_t count = inout.numel();
  const Exchange exchange{"all_reduce", name, count * element_size};
  if (exchange.bytes <= std::min(kSmallBytes, static_cast<std::int64_t>(payload_bytes()))) {
    all_reduce_small(exchange, inout, op);
    return {};
  }
  const std::int64_t chunk = slice_elements(element_size) * size_;
  for (std::int64_t begin = 0; begin < count; begin += chunk) {
    all_reduce_chunk(exchange, bytes_of(inout) + begin * element_size, part(count, begin, chunk), inout.scalar_type(),
                     element_size, op);
  }
  return {};
}

Pending SharedMemoryCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                             std::span<const std::int64_t> sizes) {
  check_shards(name, out, shard, sizes, rank_, size_);
  const auto element_size = static_cast<std::int64_t>(out.element_size());
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  const std::int64_t chunk = static_cast<std::int64_t>(payload_bytes()) / element_size;
  const std::int64_t longest = *std::ranges::max_element(sizes);
  const std::byte* mine = bytes_of(shard);
  std::byte* whole = bytes_of(out);
  for (std::int64_t begin = 0; begin < std::max<std::int64_t>(longest, 1); begin += chunk) {
    const auto part_bytes = [&](int r) {
      return part(sizes[static_cast<std::size_t>(r)], begin, chunk) * element_size;
    };
    round(
        {"all_gather", name, out.numel() * element_size},
        [&](std::byte* buffer) { copy_bytes(buffer, mine + begin * element_size, part_bytes(rank_)); },
        [&] {
          for (int r = 0; r < size_; ++r) {
            std::byte* to = whole + (offsets[static_cast<std::size_t>(r)] + begin) * element_size;
            copy_bytes(to, r == rank_ ? mine + begin * element_size : payload(r), part_bytes(r));
          }
        });
  }
  return {};
}

Pending SharedMemoryCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp op, Order,
                                                 std::span<const std::int64_t> sizes) {
  check_reducible(name, in);
  check_shards(name, in, shard, sizes, rank_, size_);
  const auto element_size = static_cast<std::int64_t>(in.element_size());
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  const std::int64_t slice = slice_elements(element_size);
  const std::int64_t longest = *std::ranges::max_element(sizes);
  const std::byte* whole = bytes_of(in);
  std::vector<const void*> contributions(static_cast<std::size_t>(size_));
  for (std::int64_t begin = 0; begin < std::max<std::int64_t>(longest, 1); begin += slice) {
    const auto part_of = [&](int r) { return part(sizes[static_cast<std::size_t>(r)], begin, slice); };
    const auto from = [&](int r) { return whole + (offsets[static_cast<std::size_t>(r)] + begin) * element_size; };
    round(
        {"reduce_scatter", name, in.numel() * element_size},
        [&](std::byte* mine) {
          for (int r = 0; r < size_; ++r) {
            if (r != rank_) copy_bytes(mine + r * slice * element_size, from(r), part_of(r) * element_size);
          }
        },
        [&] {
          if (part_of(rank_) == 0) return;
          for (int r = 0; r < size_; ++r) {
            contributions[static_cast<std::size_t>(r)] =
                r == rank_ ? from(r) : payload(r) + rank_ * slice * element_size;
          }
          reduce_tree(in.scalar_type(), op, contributions, bytes_of(shard) + begin * element_size, part_of(rank_));
        });
  }
  return {};
}

Pending SharedMemoryCommunicator::all_to_all(Name name, at::Tensor out, const at::Tensor& in) {
  check_all_to_all(name, out, in, size_);
  const std::int64_t row = in.numel() / size_ * static_cast<std::int64_t>(in.element_size());
  const std::int64_t slice = slice_elements(1);
  for (std::int64_t begin = 0; begin < std::max<std::int64_t>(row, 1); begin += slice) {
    const std::int64_t bytes = part(row, begin, slice);
    round(
        {"all_to_all", name, row * size_},
        [&](std::byte* mine) {
          for (int r = 0; r < size_; ++r) copy_bytes(mine + r * slice, bytes_of(in) + r * row + begin, bytes);
        },
        [&] {
          for (int r = 0; r < size_; ++r) {
            copy_bytes(bytes_of(out) + r * row + begin, payload(r) + rank_ * slice, bytes);
          }
        });
  }
  return {};
}

Pending SharedMemoryCommunicator::broadcast(Name name, at::Tensor inout, int root) {
  check_host_tensor(name, inout);
  check_root(name, root, size_);
  const auto bytes = static_cast<std::int64_t>(inout.nbytes());
  const auto chunk = static_cast<std::int64_t>(payload_bytes());
  for (std::int64_t begin = 0; begin < std::max<std::int64_t>(bytes, 1); begin += chunk) {
    std::byte* data = bytes_of(inout) + begin;
    const std::int64_t now = part(bytes, begin, chunk);
    round(
        {"broadcast", name, bytes},
        [&](std::byte* mine) {
          if (rank_ == root) copy_bytes(mine, data, now);
        },
        [&] {
          if (rank_ != root) copy_bytes(data, payload(root), now);
        });
  }
  return {};
}

std::vector<std::string> SharedMemoryCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  std::vector<std::string> all(static_cast<std::size_t>(size_));
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(size_));
  const auto length = static_cast<std::int64_t>(bytes.size());
  const auto* mine = reinterpret_cast<const std::byte*>(bytes.data());
  // Every payload starts with the length, so that short strings need one round only.
  const std::int64_t chunk = static_cast<std::int64_t>(payload_bytes() - sizeof length);
  std::int64_t longest = 1;
  for (std::int64_t begin = 0; begin < longest; begin += chunk) {
    round(
        {"all_gather_bytes", name, 0},
        [&](std::byte* buffer) {
          std::memcpy(buffer, &length, sizeof length);
          copy_bytes(buffer + sizeof length, mine + begin, part(length, begin, chunk));
        },
        [&] {
          for (std::size_t r = 0; r < all.size(); ++r) {
            const std::byte* from = payload(static_cast<int>(r));
            std::memcpy(&lengths[r], from, sizeof length);
            longest = std::max(longest, lengths[r]);
            if (begin == 0) all[r].resize(static_cast<std::size_t>(lengths[r]));
            copy_bytes(reinterpret_cast<std::byte*>(all[r].data()) + begin, from + sizeof length,
                       part(lengths[r], begin, chunk));
          }
        });
  }
  return all;
}

void SharedMemoryCommunicator::barrier(Name name) {
  round(
      {"barrier", name, 0}, [](std::byte*) {}, [] {});
}

std::unique_ptr<Communicator> SharedMemoryCommunicator::split(int colour, int key) {
  FT_CHECK(colour >= 0, "a group of ranks with colour {}", colour);
  return std::make_unique<SharedMemoryCommunicator>(buffers_->split(colour, key));
}

void SharedMemoryCommunicator::abort(std::string_view why, ExitCode code) {
  buffers_->abort(why, code);
  std::terminate();  // not reached; GCC does not see that a virtual function does not return
}

}  // namespace ft
