#include "parallel/cuda/nccl_communicator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <exception>

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
  const auto self = static_cast<std::size_t>(rank_);
  for (std::int64_t begin = 0; begin < longest; begin += step) {
    const auto length_of = [&](std::size_t r) { return std::clamp<std::int64_t>(sizes[r] - begin, 0, step); };
    const std::int64_t own = length_of(self);
    const std::int64_t place = own == 0 ? 0 : offsets[self] + begin;
    Tensor parts;  // [ranks, own]: what each rank contributes to this piece of the slice
    stream_->run([&] {
      parts = at::empty({size_, own}, in.options());
      parts[rank_].copy_(in.narrow(0, place, own));
    });
    if (size_ > 1) {
      link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
        FirstFailure failure;
        auto* const to = static_cast<std::byte*>(parts.data_ptr());
        const auto* const from = static_cast<const std::byte*>(in.data_ptr());
        const std::size_t bytes = static_cast<std::size_t>(own) * width;
        for (int peer = 0; peer < size_; ++peer) {
          const auto r = static_cast<std::size_t>(peer);
          const std::size_t theirs = static_cast<std::size_t>(length_of(r)) * width;
          if (peer == rank_) continue;
          if (theirs > 0) {
            const std::byte* piece = from + static_cast<std::size_t>(offsets[r] + begin) * width;
            failure(api.send(piece, theirs, kNcclUint8, peer, comm, stream_->handle()));
          }
          if (bytes > 0) failure(api.receive(to + r * bytes, bytes, kNcclUint8, peer, comm, stream_->handle()));
        }
        return failure.result();
      });
    }
    if (own > 0) {
      stream_->run([&] { out.narrow(0, begin, own).copy_(tree_of_rows(parts, op)); });
    }
  }
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
