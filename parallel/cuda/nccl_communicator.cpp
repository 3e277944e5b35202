#include "parallel/cuda/nccl_communicator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <exception>
#include <numeric>

#include "framework/base/error.h"
#include "framework/comm/checks.h"
#include "framework/comm/tree_sum.h"

namespace ft {
namespace {

using at::Tensor;

int nccl_type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return kNcclFloat32;
    case at::kDouble:
      return kNcclFloat64;
    case at::kInt:
      return kNcclInt32;
    case at::kLong:
      return kNcclInt64;
    case at::kBFloat16:
      return kNcclBfloat16;
    default:
      throw Error(fmt::format("tensors of {} cannot be reduced over ranks", c10::toString(dtype)));
  }
}

int nccl_op(ReduceOp op) {
  switch (op) {
    case ReduceOp::sum:
      return kNcclSum;
    case ReduceOp::max:
      return kNcclMax;
    case ReduceOp::min:
      return kNcclMin;
  }
  return kNcclSum;
}

// NCCL would round a bfloat16 sum at every hop; the contract says that it is summed in float.
bool by_nccl(Order order, ReduceOp op, const Tensor& tensor) {
  return order == Order::fast && !(op == ReduceOp::sum && tensor.scalar_type() == at::kBFloat16);
}

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

std::vector<std::int64_t> offsets_of(std::span<const std::int64_t> sizes) {
  std::vector<std::int64_t> offsets(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), offsets.begin(), std::int64_t{0});
  return offsets;
}

// Equal slices of a multiple of 16 elements; the last ones take what is left.
std::vector<std::int64_t> even_slices(std::int64_t count, int size) {
  const std::int64_t step = ((count + size - 1) / size + 15) / 16 * 16;
  std::vector<std::int64_t> sizes;
  for (int r = 0; r < size; ++r) sizes.push_back(std::clamp<std::int64_t>(count - r * step, 0, step));
  return sizes;
}

std::size_t num_bytes(const Tensor& tensor) { return tensor.nbytes(); }

// contributions [ranks, n] -> [n]; written to. Maximum and minimum hand on a NaN, as reduce_tree does.
Tensor tree_of_rows(const Tensor& contributions, ReduceOp op) {
  if (op == ReduceOp::max) return contributions.amax(0);
  if (op == ReduceOp::min) return contributions.amin(0);
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
  text = broadcast_bytes(host, "NCCL's id", text, 0);
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

Pending NcclCommunicator::start(Name name, std::vector<Tensor> held, const std::function<void()>& enqueue) {
  const at::NoGradGuard no_grad;
  std::shared_ptr<StreamMark> mark = link_->watch(name, [&] {
    stream_->follow_current();
    enqueue();
    return stream_->mark();
  });
  return Pending([link = link_, mark = std::move(mark), tensors = std::move(held)]() mutable {
    mark->hold_current();
    tensors.clear();
    link->check();
  });
}

Pending NcclCommunicator::all_reduce(Name name, Tensor inout, ReduceOp op, Order order) {
  if (elsewhere(inout)) return host_.all_reduce(name, inout, op, order);
  check_reducible(name, inout, backend_->device);
  if (inout.numel() == 0) return {};
  return start(name, {inout}, [&] {
    const Tensor flat = inout.view({-1});
    if (by_nccl(order, op, inout)) {
      link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
        return api.all_reduce(flat.data_ptr(), flat.data_ptr(), static_cast<std::size_t>(flat.numel()),
                              nccl_type(flat.scalar_type()), nccl_op(op), comm, stream_->handle());
      });
    } else if (num_bytes(flat) * static_cast<std::size_t>(size_) <= settings_.small_bytes) {
      all_reduce_small(name, flat, op);
    } else {
      const std::vector<std::int64_t> sizes = even_slices(flat.numel(), size_);
      const std::vector<std::int64_t> offsets = offsets_of(sizes);
      const auto self = static_cast<std::size_t>(rank_);
      const Tensor own = flat.narrow(0, offsets[self], sizes[self]);
      reduce_slices_by_tree(name, own, flat, op, sizes);
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

Pending NcclCommunicator::all_gather(Name name, Tensor out, const Tensor& shard, Sizes sizes) {
  if (elsewhere(out)) return host_.all_gather(name, out, shard, sizes);
  check_shards(name, out, shard, sizes, rank_, size_, backend_->device);
  if (out.numel() == 0) return {};
  return start(name, {out, shard}, [&] { gather_slices(name, out.view({-1}), shard.view({-1}), sizes); });
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

Pending NcclCommunicator::reduce_scatter(Name name, Tensor shard, const Tensor& in, ReduceOp op, Order order,
                                         Sizes sizes) {
  if (elsewhere(in)) return host_.reduce_scatter(name, shard, in, op, order, sizes);
  check_reducible(name, in, backend_->device);
  check_shards(name, in, shard, sizes, rank_, size_, backend_->device);
  if (in.numel() == 0) return {};
  return start(name, {shard, in}, [&] {
    if (by_nccl(order, op, in)) {
      reduce_slices_by_nccl(name, shard.view({-1}), in.view({-1}), op, sizes);
    } else {
      reduce_slices_by_tree(name, shard.view({-1}), in.view({-1}), op, sizes);
    }
  });
}

void NcclCommunicator::reduce_slices_by_nccl(Name name, const Tensor& out, const Tensor& in, ReduceOp op, Sizes sizes) {
  const int type = nccl_type(in.scalar_type());
  const auto width = static_cast<std::size_t>(in.element_size());
  const auto* const from = static_cast<const std::byte*>(in.data_ptr());
  const bool even = std::ranges::all_of(sizes, [&](std::int64_t size) { return size == sizes[0]; });
  link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
    const auto own = static_cast<std::size_t>(out.numel());
    if (even) return api.reduce_scatter(from, out.data_ptr(), own, type, nccl_op(op), comm, stream_->handle());
    FirstFailure failure;
    std::size_t offset = 0;
    for (int r = 0; r < size_; ++r) {
      const auto count = static_cast<std::size_t>(sizes[static_cast<std::size_t>(r)]);
      void* const to = r == rank_ ? out.data_ptr() : nullptr;  // only the root's is written
      if (count > 0)
        failure(api.reduce(from + offset * width, to, count, type, nccl_op(op), r, comm, stream_->handle()));
      offset += count;
    }
    return failure.result();
  });
}

void NcclCommunicator::reduce_slices_by_tree(Name name, const Tensor& out, const Tensor& in, ReduceOp op, Sizes sizes) {
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

Pending NcclCommunicator::all_to_all(Name name, Tensor out, const Tensor& in) {
  if (elsewhere(in)) return host_.all_to_all(name, out, in);
  check_all_to_all(name, out, in, size_, backend_->device);
  if (in.numel() == 0) return {};
  return start(name, {out, in}, [&] {
    stream_->run([&] { out[rank_].copy_(in[rank_]); });
    if (size_ == 1) return;
    const std::size_t bytes = num_bytes(in) / static_cast<std::size_t>(size_);
    link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
      FirstFailure failure;
      for (int peer = 0; peer < size_; ++peer) {
        if (peer == rank_) continue;
        const std::size_t offset = static_cast<std::size_t>(peer) * bytes;
        const auto* const from = static_cast<const std::byte*>(in.data_ptr()) + offset;
        auto* const to = static_cast<std::byte*>(out.data_ptr()) + offset;
        failure(api.send(from, bytes, kNcclUint8, peer, comm, stream_->handle()));
        failure(api.receive(to, bytes, kNcclUint8, peer, comm, stream_->handle()));
      }
      return failure.result();
    });
  });
}

Pending NcclCommunicator::broadcast(Name name, Tensor inout, int root) {
  if (elsewhere(inout)) return host_.broadcast(name, inout, root);
  check_tensor(name, inout, backend_->device);
  check_root(name, root, size_);
  if (inout.numel() == 0) return {};
  return start(name, {inout}, [&] {
    link_->launch(name, [&](const NcclApi& api, ncclComm* comm) {
      return api.broadcast(inout.data_ptr(), inout.data_ptr(), num_bytes(inout), kNcclUint8, root, comm,
                           stream_->handle());
    });
  });
}

std::vector<std::string> NcclCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  link_->check();
  return host_.all_gather_bytes(name, bytes);
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
