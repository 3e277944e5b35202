#include "parallel/mpi/mpi_communicator.h"

#include <ATen/ATen.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <numeric>

#include "framework/comm/checks.h"
#include "framework/comm/tree_sum.h"
#include "parallel/mpi/backoff.h"

namespace ft {
namespace {

// The longest single message; longer ones are cut. Far below INT_MAX, a multiple of every element size.
constexpr std::int64_t kMaxMessage = std::int64_t{1} << 28;
// Up to this many bytes from all ranks together, every rank reduces the whole tensor: one exchange instead of two.
constexpr std::int64_t kSmallBytes = 64 * 1024;
constexpr int kTag = 1;

MPI_Comm comm_of(MpiHandle handle) { return MPI_Comm_f2c(static_cast<MPI_Fint>(handle)); }

void check_mpi(int result, Name name) {
  if (result == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(result, text.data(), &length);
  throw Error(
      fmt::format("exchange '{}' failed: {}", name, std::string_view(text.data(), static_cast<std::size_t>(length))));
}

void wait_all(std::vector<MPI_Request>& requests, int spins, Name name) {
  int done = 0;
  for (Backoff backoff(spins);; backoff.pause()) {
    check_mpi(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE), name);
    if (done != 0) return;
  }
}

std::byte* bytes_of(const at::Tensor& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

std::vector<std::int64_t> offsets_of(std::span<const std::int64_t> sizes) {
  std::vector<std::int64_t> offsets(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), offsets.begin(), std::int64_t{0});
  return offsets;
}

std::uint64_t hash_of(std::string_view text) {  // FNV-1a: the same in every process
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace

MpiCommunicator::MpiCommunicator(MpiHandle owned, JobEnd& job, const MpiSettings& settings)
    : handle_(owned), job_(job), settings_(settings) {
  MPI_Comm_set_errhandler(comm_of(owned), MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_of(owned), &rank_);
  MPI_Comm_size(comm_of(owned), &size_);
  FT_CHECK(slice_elements(sizeof(double)) > 0, "chunks of {} bytes are too small for {} ranks", settings.chunk_bytes,
           size_);
}

MpiCommunicator::~MpiCommunicator() {
  if (std::uncaught_exceptions() > 0) return;  // freeing is collective, and the other ranks may never come
  MPI_Comm comm = comm_of(handle_);
  MPI_Comm_free(&comm);
}

std::int64_t MpiCommunicator::slice_elements(std::int64_t element_size) const {
  return static_cast<std::int64_t>(settings_.chunk_bytes) / size_ / element_size;
}

void MpiCommunicator::exchange(Name name, const std::vector<Message>& receive, const std::vector<Message>& send) {
  std::vector<MPI_Request> requests;
  const auto start = [&](const std::vector<Message>& messages, auto post) {
    for (const Message& message : messages) {
      for (std::int64_t begin = 0; begin < message.bytes; begin += kMaxMessage) {
        const int count = static_cast<int>(std::min(kMaxMessage, message.bytes - begin));
        requests.push_back(MPI_REQUEST_NULL);
        check_mpi(post(message.data + begin, count, MPI_BYTE, message.peer, kTag, comm_of(handle_), &requests.back()),
                  name);
      }
    }
  };
  start(receive, [](auto... arguments) { return MPI_Irecv(arguments...); });
  start(send, [](auto... arguments) { return MPI_Isend(arguments...); });
  wait_all(requests, settings_.spins, name);
}

void MpiCommunicator::gather(Name name, const void* mine, void* all, std::int64_t bytes) {
  std::vector<MPI_Request> request(1, MPI_REQUEST_NULL);
  const int count = static_cast<int>(bytes);
  check_mpi(MPI_Iallgather(mine, count, MPI_BYTE, all, count, MPI_BYTE, comm_of(handle_), request.data()), name);
  wait_all(request, settings_.spins, name);
}

void MpiCommunicator::announce(const char* verb, Name name, std::int64_t bytes) {
  const std::string text = fmt::format("{} '{}' ({} bytes)", verb, name, bytes);
  const std::uint64_t mine = hash_of(text);
  std::vector<std::uint64_t> all(static_cast<std::size_t>(size_));
  gather(name, &mine, all.data(), sizeof mine);
  if (std::ranges::all_of(all, [&](std::uint64_t other) { return other == all[0]; })) return;
  std::array<char, 160> line{};
  text.copy(line.data(), line.size() - 1);
  std::vector<char> lines(line.size() * all.size());
  gather(name, line.data(), lines.data(), static_cast<std::int64_t>(line.size()));
  const auto other = static_cast<std::size_t>(
      std::ranges::find_if(all, [&](std::uint64_t hash) { return hash != all[0]; }) - all.begin());
  throw Error(fmt::format("ranks disagree on what they do: rank 0 is in {}, rank {} in {}", lines.data(), other,
                          lines.data() + other * line.size()));
}

void MpiCommunicator::reduce_slices(Name name, std::byte* out, std::byte* in, std::span<const std::int64_t> offsets,
                                    std::span<const std::int64_t> counts, at::ScalarType dtype, ReduceOp op) {
  const auto element_size = static_cast<std::int64_t>(c10::elementSize(dtype));
  const std::int64_t mine = counts[static_cast<std::size_t>(rank_)];
  scratch_.resize(static_cast<std::size_t>(mine * element_size * size_));
  std::vector<Message> receive, send;
  std::vector<const void*> contributions;
  for (int r = 0; r < size_; ++r) {
    const auto index = static_cast<std::size_t>(r);
    std::byte* slice = in + offsets[index] * element_size;
    std::byte* foreign = scratch_.data() + r * mine * element_size;
    contributions.push_back(r == rank_ ? slice : foreign);
    if (r == rank_) continue;
    receive.push_back({r, foreign, mine * element_size});
    send.push_back({r, slice, counts[index] * element_size});
  }
  exchange(name, receive, send);
  if (mine > 0) reduce_tree(dtype, op, contributions, out, mine);
}

void MpiCommunicator::gather_slices(Name name, std::byte* whole, std::span<const std::int64_t> offsets,
                                    std::span<const std::int64_t> counts, std::int64_t element_size) {
  const auto mine = static_cast<std::size_t>(rank_);
  std::vector<Message> receive, send;
  for (int r = 0; r < size_; ++r) {
    const auto index = static_cast<std::size_t>(r);
    if (r == rank_) continue;
    receive.push_back({r, whole + offsets[index] * element_size, counts[index] * element_size});
    send.push_back({r, whole + offsets[mine] * element_size, counts[mine] * element_size});
  }
  exchange(name, receive, send);
}

void MpiCommunicator::all_reduce_small(Name name, const at::Tensor& inout, ReduceOp op) {
  const auto bytes = static_cast<std::int64_t>(inout.nbytes());
  scratch_.resize(static_cast<std::size_t>(bytes * size_));
  gather(name, inout.data_ptr(), scratch_.data(), bytes);
  std::vector<const void*> contributions;
  for (int r = 0; r < size_; ++r) contributions.push_back(scratch_.data() + r * bytes);
  reduce_tree(inout.scalar_type(), op, contributions, inout.data_ptr(), inout.numel());
}

// MPI's own algorithm, for sums.
void MpiCommunicator::all_reduce_fast(Name name, const at::Tensor& inout) {
  const MPI_Datatype type = inout.scalar_type() == at::kFloat    ? MPI_FLOAT
                            : inout.scalar_type() == at::kDouble ? MPI_DOUBLE
                            : inout.scalar_type() == at::kInt    ? MPI_INT32_T
                                                                 : MPI_INT64_T;
  const auto element_size = static_cast<std::int64_t>(inout.element_size());
  const std::int64_t chunk = kMaxMessage / element_size;
  for (std::int64_t begin = 0; begin < inout.numel(); begin += chunk) {
    const int count = static_cast<int>(std::min(chunk, inout.numel() - begin));
    std::vector<MPI_Request> request(1, MPI_REQUEST_NULL);
    check_mpi(MPI_Iallreduce(MPI_IN_PLACE, bytes_of(inout) + begin * element_size, count, type, MPI_SUM,
                             comm_of(handle_), request.data()),
              name);
    wait_all(request, settings_.spins, name);
  }
}

Pending MpiCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp op, Order order) {
  check_reducible(name, inout);
  const auto bytes = static_cast<std::int64_t>(inout.nbytes());
  announce("all_reduce", name, bytes);
  // MPI knows no bfloat16, and leaves open what a NaN does in max and min.
  if (order == Order::fast && op == ReduceOp::sum && inout.scalar_type() != at::kBFloat16) {
    all_reduce_fast(name, inout);
    return {};
  }
  if (bytes * size_ <= kSmallBytes) {
    all_reduce_small(name, inout, op);
    return {};
  }
  const auto element_size = static_cast<std::int64_t>(inout.element_size());
  const std::int64_t chunk = slice_elements(element_size) * size_;
  std::vector<std::int64_t> counts(static_cast<std::size_t>(size_));
  for (std::int64_t begin = 0; begin < inout.numel(); begin += chunk) {
    const std::int64_t now = std::min(chunk, inout.numel() - begin);
    for (int r = 0; r < size_; ++r) counts[static_cast<std::size_t>(r)] = now * (r + 1) / size_ - now * r / size_;
    const std::vector<std::int64_t> offsets = offsets_of(counts);
    std::byte* data = bytes_of(inout) + begin * element_size;
    std::byte* own = data + offsets[static_cast<std::size_t>(rank_)] * element_size;
    reduce_slices(name, own, data, offsets, counts, inout.scalar_type(), op);
    gather_slices(name, data, offsets, counts, element_size);
  }
  return {};
}

Pending MpiCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                    std::span<const std::int64_t> sizes) {
  check_shards(name, out, shard, sizes, rank_, size_);
  announce("all_gather", name, static_cast<std::int64_t>(out.nbytes()));
  const auto element_size = static_cast<std::int64_t>(out.element_size());
  const std::vector<std::int64_t> offsets = offsets_of(sizes);
  std::byte* own = bytes_of(out) + offsets[static_cast<std::size_t>(rank_)] * element_size;
  if (shard.nbytes() > 0 && own != bytes_of(shard)) std::memcpy(own, shard.data_ptr(), shard.nbytes());
  gather_slices(name, bytes_of(out), offsets, sizes, element_size);
  return {};
}

Pending MpiCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp op, Order,
                                        std::span<const std::int64_t> sizes) {
  check_reducible(name, in);
  check_shards(name, in, shard, sizes, rank_, size_);
  announce("reduce_scatter", name, static_cast<std::int64_t>(in.nbytes()));
  const auto element_size = static_cast<std::int64_t>(in.element_size());
  const std::int64_t slice = slice_elements(element_size);
  const std::int64_t longest = *std::ranges::max_element(sizes);
  std::vector<std::int64_t> offsets = offsets_of(sizes), counts(sizes.size());
  for (std::int64_t begin = 0; begin < longest; begin += slice) {
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      counts[r] = std::clamp<std::int64_t>(sizes[r] - begin, 0, slice);
    }
    reduce_slices(name, bytes_of(shard) + begin * element_size, bytes_of(in), offsets, counts, in.scalar_type(), op);
    for (std::int64_t& offset : offsets) offset += slice;
  }
  return {};
}

Pending MpiCommunicator::all_to_all(Name name, at::Tensor out, const at::Tensor& in) {
  check_all_to_all(name, out, in, size_);
  announce("all_to_all", name, static_cast<std::int64_t>(in.nbytes()));
  const auto row = static_cast<std::int64_t>(in.nbytes()) / size_;
  std::vector<Message> receive, send;
  for (int r = 0; r < size_; ++r) {
    if (r == rank_) continue;
    receive.push_back({r, bytes_of(out) + r * row, row});
    send.push_back({r, bytes_of(in) + r * row, row});
  }
  if (row > 0) std::memcpy(bytes_of(out) + rank_ * row, bytes_of(in) + rank_ * row, static_cast<std::size_t>(row));
  exchange(name, receive, send);
  return {};
}

Pending MpiCommunicator::broadcast(Name name, at::Tensor inout, int root) {
  check_host_tensor(name, inout);
  check_root(name, root, size_);
  const auto bytes = static_cast<std::int64_t>(inout.nbytes());
  announce("broadcast", name, bytes);
  for (std::int64_t begin = 0; begin < bytes; begin += kMaxMessage) {
    const int count = static_cast<int>(std::min(kMaxMessage, bytes - begin));
    std::vector<MPI_Request> request(1, MPI_REQUEST_NULL);
    check_mpi(MPI_Ibcast(bytes_of(inout) + begin, count, MPI_BYTE, root, comm_of(handle_), request.data()), name);
    wait_all(request, settings_.spins, name);
  }
  return {};
}

std::vector<std::string> MpiCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  announce("all_gather_bytes", name, 0);
  const auto length = static_cast<std::int64_t>(bytes.size());
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(size_));
  gather(name, &length, lengths.data(), sizeof length);
  std::vector<std::string> all(static_cast<std::size_t>(size_));
  all[static_cast<std::size_t>(rank_)] = bytes;
  auto* mine = reinterpret_cast<std::byte*>(all[static_cast<std::size_t>(rank_)].data());
  std::vector<Message> receive, send;
  for (int r = 0; r < size_; ++r) {
    if (r == rank_) continue;
    std::string& theirs = all[static_cast<std::size_t>(r)];
    theirs.resize(static_cast<std::size_t>(lengths[static_cast<std::size_t>(r)]));
    receive.push_back({r, reinterpret_cast<std::byte*>(theirs.data()), static_cast<std::int64_t>(theirs.size())});
    send.push_back({r, mine, length});
  }
  exchange(name, receive, send);
  return all;
}

void MpiCommunicator::barrier(Name name) { announce("barrier", name, 0); }

std::unique_ptr<Communicator> MpiCommunicator::split(int colour, int key) {
  FT_CHECK(colour >= 0, "a group of ranks with colour {}", colour);
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_of(handle_), colour, key, &part), "split");
  return make_mpi_communicator(MpiHandle{static_cast<int>(MPI_Comm_c2f(part))}, job_, settings_);
}

void MpiCommunicator::abort(std::string_view why, ExitCode code) { job_.abort(why, code); }

}  // namespace ft
