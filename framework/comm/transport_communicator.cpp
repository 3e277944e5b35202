#include "framework/comm/transport_communicator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <utility>

#include "framework/comm/across_hosts.h"
#include "framework/comm/checks.h"
#include "framework/comm/shards.h"
#include "framework/comm/transport_counter.h"
#include "framework/comm/tree_sum.h"

namespace ft {

// Fixed size and no pointers. 128 bytes: with room for a step's agreement (train/step_agreement.h).
struct TransportCommunicator::Greeting {
  std::uint64_t exchange;  // hash of what the rank is about to do
  std::int64_t length;     // of what it has to say
  char first[112];         // bytes of that

  [[nodiscard]] bool is_all() const { return length <= static_cast<std::int64_t>(sizeof first); }
  [[nodiscard]] std::string text() const { return {first, static_cast<std::size_t>(length)}; }
};

namespace {

// Up to this size a tensor is reduced by every rank of a host in full: one round instead of two.
constexpr std::int64_t kSmallBytes = 4096;
constexpr std::int64_t kAlignedElements = 16;
// What ranks of several hosts do together whatever they are about to do: so those who disagree come to hear of it.
constexpr Exchange kGreeting{"greeting", "", 0};

std::byte* bytes_of(const at::Tensor& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

Piece piece_of(std::string& text) {
  return {reinterpret_cast<std::byte*>(text.data()), static_cast<std::int64_t>(text.size())};
}

// memcpy that allows no bytes from nowhere.
void copy_bytes(std::byte* to, const std::byte* from, std::int64_t bytes) {
  if (bytes > 0 && to != from) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

std::string words(const Exchange& exchange) {
  return fmt::format("{} '{}' ({} bytes)", exchange.verb, exchange.name, exchange.bytes);
}

std::uint64_t hash_of(std::string_view text) {  // FNV-1a: the same in every process
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace

TransportCommunicator::TransportCommunicator(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)),
      layout_(transport_->hosts()),
      rank_(transport_->rank()),
      window_(transport_->buffers(), layout_.members(own_host())) {
  FT_CHECK(slice_elements(sizeof(double)) > 0, "chunks of {} bytes are too small for {} ranks",
           transport_->chunk_bytes(), size());
}

std::vector<int> TransportCommunicator::hosts() const {
  const std::span<const int> hosts = transport_->hosts();
  return {hosts.begin(), hosts.end()};
}

std::vector<int> TransportCommunicator::speakers(int root) const {
  std::vector<int> speakers;
  for (int host = 0; host < layout_.num_hosts(); ++host) speakers.push_back(layout_.members(host).front());
  if (root >= 0) speakers[static_cast<std::size_t>(layout_.host_of(root))] = root;
  return speakers;
}

void TransportCommunicator::gather_records(const Exchange& exchange, std::byte* all, std::int64_t bytes) {
  const auto record = [&](int rank) { return Piece{all + rank * bytes, bytes}; };
  std::vector<Pieces> own(static_cast<std::size_t>(window_.size()));
  for (const int rank : layout_.members(own_host()))
    own[static_cast<std::size_t>(layout_.place(rank))] = {record(rank)};
  window_.share(exchange, own);
  if (one_host()) return;
  if (window_.place() == 0) {
    std::vector<std::byte> mine;
    for (const int rank : layout_.members(own_host()))
      mine.insert(mine.end(), record(rank).at, record(rank).at + bytes);
    std::vector<std::int64_t> sizes;
    for (int host = 0; host < layout_.num_hosts(); ++host) sizes.push_back(std::ssize(layout_.members(host)) * bytes);
    const std::vector<std::byte> from =
        AcrossHosts(*transport_, speakers(), own_host()).gather(exchange.name, mine, sizes);
    const std::byte* next = from.data();
    for (int turn = 0; turn < layout_.num_hosts(); ++turn) {
      for (const int rank : layout_.members((own_host() + turn) % layout_.num_hosts())) {
        copy_bytes(record(rank).at, next, bytes);
        next += bytes;
      }
    }
  }
  std::vector<Pieces> foreign(static_cast<std::size_t>(window_.size()));
  for (int rank = 0; rank < size(); ++rank) {
    if (layout_.host_of(rank) != own_host()) foreign[0].push_back(record(rank));
  }
  window_.share(exchange, foreign);
}

std::vector<TransportCommunicator::Greeting> TransportCommunicator::greet(const Exchange& exchange,
                                                                          std::string_view bytes) {
  std::vector<Greeting> all(static_cast<std::size_t>(size()));
  Greeting& own = all[static_cast<std::size_t>(rank_)];
  own.exchange = one_host() ? 0 : hash_of(words(exchange));
  own.length = static_cast<std::int64_t>(bytes.size());
  bytes.copy(own.first, sizeof own.first);
  gather_records(one_host() ? exchange : kGreeting, reinterpret_cast<std::byte*>(all.data()), sizeof(Greeting));
  const bool alike = std::ranges::all_of(all, [&](const Greeting& other) { return other.exchange == own.exchange; });
  if (!alike) throw_disagreement(exchange, all);
  return all;
}

void TransportCommunicator::throw_disagreement(const Exchange& exchange, const std::vector<Greeting>& all) {
  using Line = std::array<char, 160>;
  std::vector<Line> lines(all.size());
  Line& own = lines[static_cast<std::size_t>(rank_)];
  words(exchange).copy(own.data(), own.size() - 1);
  gather_records(kGreeting, reinterpret_cast<std::byte*>(lines.data()), sizeof(Line));
  std::size_t other = 0;
  while (all[other].exchange == all[0].exchange) ++other;
  throw Error(fmt::format("ranks disagree on what they do: rank 0 is in {}, rank {} in {}", lines[0].data(), other,
                          lines[other].data()));
}

void TransportCommunicator::announce(const Exchange& exchange) {
  if (!one_host()) (void)greet(exchange, {});
}

void TransportCommunicator::spread(const Exchange& exchange, const Pieces& of_rank) {
  const Piece& own = of_rank[static_cast<std::size_t>(rank_)];
  std::vector<Incoming> receive;
  std::vector<Outgoing> send;
  std::vector<Pieces> by_place(static_cast<std::size_t>(window_.size()));
  for (int rank = 0; rank < size(); ++rank) {
    const Piece& piece = of_rank[static_cast<std::size_t>(rank)];
    const int handler = layout_.handler(own_host(), rank);
    by_place[static_cast<std::size_t>(layout_.place(handler))].push_back(piece);
    if (handler == rank_ && rank != rank_ && piece.bytes > 0) receive.push_back({rank, piece.at, piece.bytes});
  }
  for (int host = 0; host < layout_.num_hosts(); ++host) {
    if (host != own_host() && own.bytes > 0) send.push_back({layout_.handler(host, rank_), own.at, own.bytes});
  }
  if (!receive.empty() || !send.empty()) transport_->exchange(exchange.name, receive, send);
  window_.share(exchange, by_place);
}

std::int64_t TransportCommunicator::slice_elements(std::int64_t width) const {
  const auto bytes = static_cast<std::int64_t>(WindowRounds::payload_of(transport_->chunk_bytes()));
  return bytes / size() / width / kAlignedElements * kAlignedElements;
}

void TransportCommunicator::reduce_slices(const Exchange& exchange, std::byte* shard, const std::byte* in,
                                          const Sum& sum, std::span<const std::int64_t> sizes) {
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  const std::int64_t longest = *std::ranges::max_element(sizes), stride = slice_elements(sum.width);
  std::vector<Run> slices(sizes.size());
  for (std::int64_t begin = 0; begin < std::max<std::int64_t>(longest, 1); begin += stride) {
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      slices[r] = {in + (offsets[r] + begin) * sum.width, std::clamp<std::int64_t>(sizes[r] - begin, 0, stride)};
    }
    reduce_chunk(exchange, shard + begin * sum.width, slices, stride, sum);
  }
}

// `slices[r]`: what this rank gives to the chunk's slice of rank r, at most `stride` elements.
void TransportCommunicator::reduce_chunk(const Exchange& exchange, std::byte* shard, const std::vector<Run>& slices,
                                         std::int64_t stride, const Sum& sum) {
  const std::int64_t stride_bytes = stride * sum.width;
  const std::int64_t own_count = slices[static_cast<std::size_t>(rank_)].count;
  const std::vector<HostNode>& nodes = layout_.nodes();
  std::vector<int> handled;  // the ranks whose slices this one sums up for its host
  for (int r = 0; r < size(); ++r) {
    if (layout_.handler(own_host(), r) == rank_ && slices[static_cast<std::size_t>(r)].count > 0) handled.push_back(r);
  }

  // What the ranks of this host add up to, slice by slice and node by node.
  std::vector<Outgoing> send;
  std::vector<const void*> of_nodes(nodes.size());  // to this rank's own slice
  const auto added_here = [&](const HostNode& node) { return node.host == own_host() && node.count > 1; };
  const auto num_sums = handled.size() * static_cast<std::size_t>(std::ranges::count_if(nodes, added_here));
  host_sums_.resize(nodes.size() == 1 ? 0 : num_sums * static_cast<std::size_t>(stride_bytes));
  const auto add = [&] {
    const auto given = [&](int rank, int r) -> const std::byte* {
      if (rank == rank_) return slices[static_cast<std::size_t>(r)].at;
      return window_.payload(layout_.place(rank)) + r * stride_bytes;
    };
    std::byte* next = host_sums_.data();
    std::vector<const void*> contributions;
    for (const int r : handled) {
      const std::int64_t count = slices[static_cast<std::size_t>(r)].count;
      for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (nodes[n].host != own_host()) continue;
        contributions.clear();
        for (int rank = nodes[n].first; rank < nodes[n].first + nodes[n].count; ++rank)
          contributions.push_back(given(rank, r));
        const std::byte* result = given(nodes[n].first, r);  // stays readable until the next meeting
        if (added_here(nodes[n])) {
          std::byte* to = nodes.size() == 1 ? shard : std::exchange(next, next + stride_bytes);
          reduce_tree(sum.dtype, sum.op, contributions, to, count);
          result = to;
        }
        if (r == rank_) of_nodes[n] = result;
        if (layout_.host_of(r) != own_host()) send.push_back({r, result, count * sum.width});
      }
    }
  };
  if (window_.size() == 1) {
    add();
  } else {
    window_.round(
        exchange,
        [&](std::byte* mine) {
          for (int r = 0; r < size(); ++r) {
            if (layout_.handler(own_host(), r) == rank_) continue;
            const Run& slice = slices[static_cast<std::size_t>(r)];
            copy_bytes(mine + r * stride_bytes, slice.at, slice.count * sum.width);
          }
        },
        add);
  }

  // To the owners of the slices, who add the hosts' sums.
  std::vector<Incoming> receive;
  std::vector<int> leaves;
  foreign_sums_.resize(nodes.size() * static_cast<std::size_t>(stride_bytes));
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    leaves.push_back(nodes[n].count);
    if (nodes[n].host == own_host() || own_count == 0) continue;
    std::byte* to = foreign_sums_.data() + n * static_cast<std::size_t>(stride_bytes);
    of_nodes[n] = to;
    receive.push_back({layout_.handler(nodes[n].host, rank_), to, own_count * sum.width});
  }
  if (!receive.empty() || !send.empty()) transport_->exchange(exchange.name, receive, send);
  if (own_count == 0) return;
  if (nodes.size() > 1) {
    reduce_tree(sum.dtype, sum.op, of_nodes, shard, own_count, leaves);
  } else if (size() == 1) {
    copy_bytes(shard, slices[0].at, own_count * sum.width);
  }
}

void TransportCommunicator::all_reduce_small(const Exchange& exchange, const at::Tensor& inout, const Sum& sum) {
  std::byte* data = bytes_of(inout);
  std::vector<const void*> contributions;
  if (one_host()) {
    return window_.round(
        exchange, [&](std::byte* mine) { copy_bytes(mine, data, exchange.bytes); },
        [&] {
          for (int r = 0; r < size(); ++r) contributions.push_back(window_.payload(r));
          reduce_tree(sum.dtype, sum.op, contributions, data, inout.numel());
        });
  }
  const auto all = greet(exchange, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(exchange.bytes)});
  for (const Greeting& greeting : all) contributions.push_back(greeting.first);
  reduce_tree(sum.dtype, sum.op, contributions, data, inout.numel());
}

void TransportCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp op) {
  check_reducible(name, inout);
  const Sum sum{inout.scalar_type(), op, static_cast<std::int64_t>(inout.element_size())};
  const Exchange exchange{"all_reduce", name, inout.numel() * sum.width};
  if (size() == 1) return;
  const std::int64_t small =
      one_host() ? std::min(kSmallBytes, slice_elements(1) * size()) : std::ssize(Greeting{}.first);
  if (exchange.bytes <= small) return all_reduce_small(exchange, inout, sum);
  announce(exchange);
  const std::vector<std::int64_t> sizes = even_shards(inout.numel(), size());
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  Pieces slices;
  for (std::size_t r = 0; r < sizes.size(); ++r)
    slices.push_back({bytes_of(inout) + offsets[r] * sum.width, sizes[r] * sum.width});
  reduce_slices(exchange, slices[static_cast<std::size_t>(rank_)].at, bytes_of(inout), sum, sizes);
  spread(exchange, slices);
}

void TransportCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                       std::span<const std::int64_t> sizes) {
  check_shards(name, out, shard, sizes, rank_, size());
  const auto width = static_cast<std::int64_t>(out.element_size());
  const Exchange exchange{"all_gather", name, out.numel() * width};
  announce(exchange);
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  Pieces shards;
  for (std::size_t r = 0; r < sizes.size(); ++r)
    shards.push_back({bytes_of(out) + offsets[r] * width, sizes[r] * width});
  copy_bytes(shards[static_cast<std::size_t>(rank_)].at, bytes_of(shard), shard.numel() * width);
  spread(exchange, shards);
}

void TransportCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in,
                                           std::span<const std::int64_t> sizes) {
  check_reducible(name, in);
  check_shards(name, in, shard, sizes, rank_, size());
  const Sum sum{in.scalar_type(), ReduceOp::sum, static_cast<std::int64_t>(in.element_size())};
  const Exchange exchange{"reduce_scatter", name, in.numel() * sum.width};
  announce(exchange);
  reduce_slices(exchange, bytes_of(shard), bytes_of(in), sum, sizes);
}

std::vector<std::string> TransportCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  const Exchange exchange{"all_gather_bytes", name, 0};
  const std::vector<Greeting> greetings = greet(exchange, bytes);
  std::vector<std::string> all;
  if (std::ranges::all_of(greetings, &Greeting::is_all)) {
    for (const Greeting& greeting : greetings) all.push_back(greeting.text());
    return all;
  }
  for (const Greeting& greeting : greetings) all.emplace_back(static_cast<std::size_t>(greeting.length), '\0');
  all[static_cast<std::size_t>(rank_)] = bytes;
  Pieces pieces;
  for (std::string& text : all) pieces.push_back(piece_of(text));
  spread(exchange, pieces);
  return all;
}

std::vector<std::string> TransportCommunicator::gather_bytes(Name name, std::string_view bytes, int root) {
  check_root(name, root, size());
  const Exchange exchange{"gather_bytes", name, 0};
  const std::vector<Greeting> greetings = greet(exchange, bytes);
  std::vector<std::string> all(rank_ == root ? greetings.size() : 0);
  if (std::ranges::all_of(greetings, &Greeting::is_all)) {
    for (std::size_t r = 0; r < all.size(); ++r) all[r] = greetings[r].text();
    return all;
  }
  // Each host's speaker collects from its ranks, the root from the speakers.
  const int speaker = speakers(root)[static_cast<std::size_t>(own_host())];
  std::vector<std::string> texts(greetings.size());
  std::vector<Pieces> of_host(static_cast<std::size_t>(window_.size()));
  std::vector<Incoming> receive;
  std::vector<Outgoing> send;
  for (int r = 0; r < size(); ++r) {
    const auto index = static_cast<std::size_t>(r);
    const bool here = layout_.host_of(r) == own_host();
    const std::int64_t length = greetings[index].length;
    if (rank_ == root || (rank_ == speaker && here)) texts[index].resize(static_cast<std::size_t>(length));
    if (r == rank_) texts[index] = bytes;
    const Piece piece{piece_of(texts[index]).at, length};
    if (here) of_host[static_cast<std::size_t>(layout_.place(r))] = {piece};
    if (length == 0) continue;
    if (here && rank_ == speaker && rank_ != root) send.push_back({root, piece.at, length});
    if (!here && rank_ == root)
      receive.push_back({speakers(root)[static_cast<std::size_t>(layout_.host_of(r))], piece.at, length});
  }
  window_.share(exchange, of_host, rank_ == speaker);
  if (!receive.empty() || !send.empty()) transport_->exchange(name, receive, send);
  if (rank_ == root) return texts;
  return {};
}

std::string TransportCommunicator::broadcast_bytes(Name name, std::string_view bytes, int root) {
  check_root(name, root, size());
  const Exchange exchange{"broadcast_bytes", name, 0};
  const std::vector<Greeting> greetings = greet(exchange, rank_ == root ? bytes : std::string_view());
  const Greeting& of_root = greetings[static_cast<std::size_t>(root)];
  if (of_root.is_all()) return of_root.text();
  std::string text(rank_ == root ? bytes : std::string_view());
  text.resize(static_cast<std::size_t>(of_root.length));
  const std::vector<int> speaking = speakers(root);
  const int speaker = speaking[static_cast<std::size_t>(own_host())];
  if (rank_ == speaker) {
    AcrossHosts(*transport_, speaking, own_host())
        .broadcast(name, {piece_of(text).at, text.size()}, layout_.host_of(root));
  }
  std::vector<Pieces> of_host(static_cast<std::size_t>(window_.size()));
  of_host[static_cast<std::size_t>(layout_.place(speaker))] = {piece_of(text)};
  window_.share(exchange, of_host);
  return text;
}

void TransportCommunicator::barrier(Name name) { (void)greet({"barrier", name, 0}, {}); }

std::unique_ptr<SharedCounter> TransportCommunicator::make_counter(Name name) {
  return std::make_unique<TransportCounter>(*this, *transport_, name);
}

std::unique_ptr<Communicator> TransportCommunicator::split(int colour, int key) {
  FT_CHECK(colour >= 0, "a group of ranks with colour {}", colour);
  return std::make_unique<TransportCommunicator>(transport_->split(colour, key));
}

void TransportCommunicator::abort(std::string_view why, ExitCode code) {
  transport_->abort(why, code);
  std::terminate();  // not reached; GCC does not see that a virtual function does not return
}

}  // namespace ft
