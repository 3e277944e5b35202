#include "parallel/cuda/nccl_communicator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <numeric>

#include "framework/base/error.h"
#include "framework/comm/checks.h"
#include "framework/comm/shards.h"
#include "framework/comm/tree_sum.h"

namespace ft {
namespace {

using at::Tensor;

// The first result of several calls that is no success.
class FirstFailure {
 public:
  void operator()(int result) {
    const bool fine = result_ == kNcclSuccess || result_ == kNcclInProgress;
    if (fine && result != kNcclSuccess) result_ = result;
  }
  [[nodiscard]] int result() const { return result_; }

 private:
  int result_ = kNcclSuccess;
};

std::size_t num_bytes(const Tensor& tensor) { return tensor.nbytes(); }

// contributions [ranks, n] -> [n]; written to. A maximum hands on a NaN, as reduce_tree does.
Tensor tree_of_rows(const Tensor& contributions, ReduceOp op) {
  if (op == ReduceOp::max) return contributions.amax(0);
  TreeSum sum;
  for (std::int64_t r = 0; r < contributions.size(0); ++r) sum.add(contributions[r]);
  return sum.take();
}

// The tree over ranks, given nodes of it: sums of `leaves[i]` neighbours each. The sums are written to.
Tensor tree_of_nodes(std::span<Tensor> nodes, std::span<const int> leaves, ReduceOp op) {
  if (nodes.size() == 1) return nodes[0];
  const auto all = static_cast<unsigned>(std::accumulate(leaves.begin(), leaves.end(), 0));
  std::size_t num_left = 0;
  for (unsigned left = 0; left < std::bit_floor(all - 1); ++num_left) left += static_cast<unsigned>(leaves[num_left]);
  const Tensor left = tree_of_nodes(nodes.first(num_left), leaves.first(num_left), op);
  const Tensor right = tree_of_nodes(nodes.subspan(num_left), leaves.subspan(num_left), op);
  return op == ReduceOp::max ? at::maximum(left, right) : left.add_(right);
}

// NCCL's id, made by rank 0 and handed round; what rank 0 could not do is the same Error on every rank.
std::string agree_on_id(Communicator& host, const NcclApi& api) {
  std::string text;
  if (host.rank() == 0) {
    std::array<char, kNcclIdBytes> id{};
    const int result = api.get_unique_id(id.data());
    text = result == kNcclSuccess ? fmt::format("+{}", std::string_view(id.data(), id.size()))
                                  : fmt::format("-NCCL cannot start: {}", api.error_string(result));
  }
  text = host.broadcast_bytes("NCCL's id", text, 0);
  if (text.front() == '-') throw Error(text.substr(1));
  return text.substr(1);
}

std::shared_ptr<NcclLink> start_link(Communicator& host, const NcclBackend& backend, const NcclLimits& limits) {
  const std::string id = agree_on_id(host, backend.api);
  std::shared_ptr<NcclLink> link;
  std::string failure;
  try {
    link = std::make_shared<NcclLink>(backend.api, host.rank(), host.size(), id, limits);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const auto failures = host.all_gather_bytes("NCCL's start", failure);
  for (std::size_t r = 0; r < failures.size(); ++r) {
    if (!failures[r].empty()) throw Error(fmt::format("rank {}: {}", r, failures[r]));
  }
  return link;
}

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(Communicator& host, std::shared_ptr<const NcclBackend> backend,
                                                     const NcclSettings& settings) {
  return std::make_unique<NcclCommunicator>(host, nullptr, std::move(backend), settings);
}

NcclCommunicator::NcclCommunicator(Communicator& host, std::unique_ptr<Communicator> owned_host,
                                   std::shared_ptr<const NcclBackend> backend, const NcclSettings& settings)
    : owned_host_(std::move(owned_host)),
      host_(host),
      backend_(std::move(backend)),
      settings_(settings),
      rank_(host.rank()),
      size_(host.size()),
      layout_(host.hosts()),
      stream_(backend_->make_stream()),
      link_(start_link(host, *backend_, settings.limits)) {}

void NcclCommunicator::exchange(Name name, const std::function<void()>& enqueue) {
  const at::NoGradGuard no_grad;
  const std::shared_ptr<StreamMark> mark = link_->watch(name, [&] {
    stream_->follow_current();
    enqueue();
    return stream_->mark();
  });
  mark->hold_current();
  link_->check();
}

void NcclCommunicator::all_reduce(Name name, Tensor inout, ReduceOp op) {
  if (elsewhere(inout)) return host_.all_reduce(name, inout, op);
  check_reducible(name, inout, backend_->device);
  if (inout.numel() == 0) return;
  exchange(name, [&] {
    const Tensor flat = inout.view({-1});
    if (num_bytes(flat) * static_cast<std::size_t>(size_) <= settings_.small_bytes) {
      all_reduce_small(name, flat, op);
    } else {
      const std::vector<std::int64_t> sizes = even_shards(flat.numel(), size_);
      const std::vector<std::int64_t> offsets = offsets_of(sizes);
      const auto self = static_cast<std::size_t>(rank_);
      const Tensor own = flat.narrow(0, offsets[self], sizes[self]);
      reduce_slices(name, own, flat, op, sizes);
      gather_slices(name, flat, own, sizes);
    }
  });
}

void NcclCommunicator::all_reduce_small(Name name, const Tensor& inout, ReduceOp op) {
  Tensor all;  // [ranks, n]
  stream_->run([&] { all = at::empty({size_, inout.numel()}, inout.options()); });
  link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
    return api.all_gather(inout.data_ptr(), all.data_ptr(), num_bytes(inout), kNcclUint8, comm, stream_->handle());
  });
  stream_->run([&] { Tensor(inout).copy_(tree_of_rows(all, op)); });
}

void NcclCommunicator::all_gather(Name name, Tensor out, const Tensor& shard, Sizes sizes) {
  if (elsewhere(out)) return host_.all_gather(name, out, shard, sizes);
  check_shards(name, out, shard, sizes, rank_, size_, backend_->device);
  if (out.numel() == 0) return;
  exchange(name, [&] { gather_slices(name, out.view({-1}), shard.view({-1}), sizes); });
}

void NcclCommunicator::gather_slices(Name name, const Tensor& whole, const Tensor& own, Sizes sizes) {
  const auto width = static_cast<std::size_t>(whole.element_size());
  auto* const to = static_cast<std::byte*>(whole.data_ptr());
  const bool even = std::ranges::all_of(sizes, [&](std::int64_t size) { return size == sizes[0]; });
  link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
    if (even) return api.all_gather(own.data_ptr(), to, num_bytes(own), kNcclUint8, comm, stream_->handle());
    FirstFailure failure;
    std::size_t offset = 0;
    for (int r = 0; r < size_; ++r) {
      const std::size_t bytes = static_cast<std::size_t>(sizes[static_cast<std::size_t>(r)]) * width;
      const void* from = r == rank_ ? own.data_ptr() : nullptr;  // only the root's is read
      if (bytes > 0) failure(api.broadcast(from, to + offset, bytes, kNcclUint8, r, comm, stream_->handle()));
      offset += bytes;
    }
    return failure.result();
  });
}

void NcclCommunicator::reduce_scatter(Name name, Tensor shard, const Tensor& in, Sizes sizes) {
  if (elsewhere(in)) return host_.reduce_scatter(name, shard, in, sizes);
  check_reducible(name, in, backend_->device);
  check_shards(name, in, shard, sizes, rank_, size_, backend_->device);
  if (in.numel() == 0) return;
  exchange(name, [&] { reduce_slices(name, shard.view({-1}), in.view({-1}), ReduceOp::sum, sizes); });
}

void NcclCommunicator::reduce_slices(Name name, const Tensor& out, const Tensor& in, ReduceOp op, Sizes sizes) {
  const auto width = static_cast<std::size_t>(in.element_size());
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  const auto fitting = static_cast<std::int64_t>(settings_.chunk_bytes / (static_cast<std::size_t>(size_) * width));
  const std::int64_t step = std::max<std::int64_t>(16, fitting / 16 * 16);
  const std::int64_t longest = *std::ranges::max_element(sizes);
  std::vector<Tensor> slices(sizes.size());
  for (std::int64_t begin = 0; begin < longest; begin += step) {
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      const std::int64_t count = std::clamp<std::int64_t>(sizes[r] - begin, 0, step);
      slices[r] = in.narrow(0, count == 0 ? 0 : offsets[r] + begin, count);
    }
    const std::int64_t own = slices[static_cast<std::size_t>(rank_)].numel();
    reduce_chunk(name, own == 0 ? Tensor() : out.narrow(0, begin, own), slices, op);
  }
}

// `slices[r]`: what this rank gives to the chunk's slice of rank r. `out` is undefined where its own is empty.
void NcclCommunicator::reduce_chunk(Name name, const Tensor& out, const std::vector<Tensor>& slices, ReduceOp op) {
  const int host = layout_.host_of(rank_);
  const std::vector<int>& members = layout_.members(host);
  const auto count_of = [&](int r) { return slices[static_cast<std::size_t>(r)].numel(); };
  std::vector<int> handled;  // the ranks whose slices this one sums up for its host
  for (int r = 0; r < size_; ++r) {
    if (layout_.handler(host, r) == rank_ && count_of(r) > 0) handled.push_back(r);
  }

  // Within the host: what its ranks give to these slices.
  std::vector<Tensor> given;  // [members, slice] of each
  stream_->run([&] {
    for (const int r : handled) {
      given.push_back(at::empty({std::ssize(members), count_of(r)}, slices[0].options()));
      given.back()[layout_.place(rank_)].copy_(slices[static_cast<std::size_t>(r)]);
    }
  });
  std::vector<Message> messages;
  for (const int peer : members) {
    if (peer == rank_) continue;
    for (int r = 0; r < size_; ++r) {
      if (layout_.handler(host, r) == peer) messages.push_back({true, peer, slices[static_cast<std::size_t>(r)]});
    }
    for (const Tensor& of_slice : given) messages.push_back({false, peer, of_slice[layout_.place(peer)]});
  }
  exchange_messages(name, messages);
  if (layout_.num_hosts() == 1) {
    if (out.defined()) stream_->run([&] { Tensor(out).copy_(tree_of_rows(given[0], op)); });
    return;
  }

  // Between hosts: the sums of each host, as far as the tree over ranks allows, to the owners of the slices.
  const std::vector<HostNode>& nodes = layout_.nodes();
  std::vector<Tensor> of_nodes(nodes.size());  // to this rank's own slice
  std::vector<int> leaves;
  messages.clear();
  stream_->run([&] {
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      leaves.push_back(nodes[n].count);
      if (nodes[n].host == host) {
        for (std::size_t i = 0; i < handled.size(); ++i) {
          const Tensor sum = tree_of_rows(given[i].narrow(0, layout_.place(nodes[n].first), nodes[n].count), op);
          if (handled[i] == rank_) of_nodes[n] = sum;
          if (layout_.host_of(handled[i]) != host) messages.push_back({true, handled[i], sum});
        }
      } else if (out.defined()) {
        of_nodes[n] = at::empty({out.numel()}, out.options());
        messages.push_back({false, layout_.handler(nodes[n].host, rank_), of_nodes[n]});
      }
    }
  });
  exchange_messages(name, messages);
  // In any case: what is sent lives until the stream has come here.
  stream_->run([&] {
    if (out.defined()) Tensor(out).copy_(tree_of_nodes(of_nodes, leaves, op));
  });
}

void NcclCommunicator::exchange_messages(Name name, const std::vector<Message>& messages) {
  const auto empty = [](const Message& message) { return message.data.numel() == 0; };
  if (std::ranges::all_of(messages, empty)) return;
  link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
    FirstFailure failure;
    for (const Message& message : messages) {
      if (empty(message)) continue;
      void* const data = message.data.data_ptr();
      const std::size_t bytes = num_bytes(message.data);
      failure(message.is_sent ? api.send(data, bytes, kNcclUint8, message.peer, comm, stream_->handle())
                              : api.receive(data, bytes, kNcclUint8, message.peer, comm, stream_->handle()));
    }
    return failure.result();
  });
}

std::vector<std::string> NcclCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  link_->check();
  return host_.all_gather_bytes(name, bytes);
}

std::vector<std::string> NcclCommunicator::gather_bytes(Name name, std::string_view bytes, int root) {
  link_->check();
  return host_.gather_bytes(name, bytes, root);
}

std::string NcclCommunicator::broadcast_bytes(Name name, std::string_view bytes, int root) {
  link_->check();
  return host_.broadcast_bytes(name, bytes, root);
}

void NcclCommunicator::barrier(Name name) {
  link_->check();
  host_.barrier(name);
}

std::unique_ptr<SharedCounter> NcclCommunicator::make_counter(Name name) {
  link_->check();
  return host_.make_counter(name);
}

std::unique_ptr<Communicator> NcclCommunicator::split(int colour, int key) {
  link_->check();
  std::unique_ptr<Communicator> part = host_.split(colour, key);
  Communicator& host = *part;
  return std::make_unique<NcclCommunicator>(host, std::move(part), backend_, settings_);
}

void NcclCommunicator::abort(std::string_view why, ExitCode code) {
  host_.abort(why, code);
  std::terminate();  // the compiler does not believe a virtual function that it never returns
}

}  // namespace ft
