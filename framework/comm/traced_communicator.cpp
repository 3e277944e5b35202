#include "framework/comm/traced_communicator.h"

#include <ATen/ATen.h>

#include <exception>
#include <utility>

namespace ft {
namespace {

std::int64_t bytes_of(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<std::int64_t>(tensor.nbytes()) : 0;
}

}  // namespace

TracedCommunicator::TracedCommunicator(Communicator& inner, std::shared_ptr<ExchangeTrace> trace, std::string group)
    : inner_(inner), trace_(std::move(trace)), group_(std::move(group)) {}

TracedCommunicator::TracedCommunicator(std::unique_ptr<Communicator> inner, std::shared_ptr<ExchangeTrace> trace,
                                       std::string group)
    : owned_(std::move(inner)), inner_(*owned_), trace_(std::move(trace)), group_(std::move(group)) {}

std::uint64_t TracedCommunicator::begin(const char* verb, Name name, std::int64_t bytes) {
  return trace_->begin(group_, next_number_++, verb, name, bytes);
}

Pending TracedCommunicator::close(std::uint64_t ticket, Pending pending) {
  if (pending.done()) {
    trace_->end(ticket);
    return pending;
  }
  auto inner = std::make_shared<Pending>(std::move(pending));
  return Pending([trace = trace_, ticket, inner] {
    inner->wait();
    trace->end(ticket);
  });
}

Pending TracedCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp op, Order order) {
  const std::uint64_t ticket = begin("all_reduce", name, bytes_of(inout));
  return close(ticket, inner_.all_reduce(name, std::move(inout), op, order));
}

Pending TracedCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                       std::span<const std::int64_t> sizes) {
  const std::uint64_t ticket = begin("all_gather", name, bytes_of(out));
  return close(ticket, inner_.all_gather(name, std::move(out), shard, sizes));
}

Pending TracedCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp op, Order order,
                                           std::span<const std::int64_t> sizes) {
  const std::uint64_t ticket = begin("reduce_scatter", name, bytes_of(in));
  return close(ticket, inner_.reduce_scatter(name, std::move(shard), in, op, order, sizes));
}

Pending TracedCommunicator::all_to_all(Name name, at::Tensor out, const at::Tensor& in) {
  const std::uint64_t ticket = begin("all_to_all", name, bytes_of(in));
  return close(ticket, inner_.all_to_all(name, std::move(out), in));
}

Pending TracedCommunicator::broadcast(Name name, at::Tensor inout, int root) {
  const std::uint64_t ticket = begin("broadcast", name, bytes_of(inout));
  return close(ticket, inner_.broadcast(name, std::move(inout), root));
}

std::vector<std::string> TracedCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  const std::uint64_t ticket = begin("all_gather_bytes", name, static_cast<std::int64_t>(bytes.size()));
  std::vector<std::string> all = inner_.all_gather_bytes(name, bytes);
  trace_->end(ticket);
  return all;
}

void TracedCommunicator::barrier(Name name) {
  const std::uint64_t ticket = begin("barrier", name, 0);
  inner_.barrier(name);
  trace_->end(ticket);
}

std::unique_ptr<Communicator> TracedCommunicator::split(int colour, int key) {
  const std::uint64_t number = next_number_;
  const std::uint64_t ticket = begin("split", fmt::format("colour {}", colour), 0);
  auto part = std::make_unique<TracedCommunicator>(inner_.split(colour, key), trace_,
                                                   fmt::format("{}/{}.{}", group_, number, colour));
  trace_->end(ticket);
  return part;
}

void TracedCommunicator::abort(std::string_view why, ExitCode code) {
  inner_.abort(why, code);
  std::terminate();  // not reached; GCC does not see that a virtual function does not return
}

}  // namespace ft
