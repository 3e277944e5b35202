#include "framework/watch/traced_communicator.h"

#include <ATen/ATen.h>

#include <exception>
#include <utility>

namespace ft {
namespace {

std::int64_t bytes_of(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<std::int64_t>(tensor.nbytes()) : 0;
}

// What may wait for others is noted, as "<group>/<number of the counter>", and counted for itself: ranks take as often as
// they like.
class TracedCounter final : public SharedCounter {
 public:
  TracedCounter(std::unique_ptr<SharedCounter> inner, std::shared_ptr<ExchangeTrace> trace, std::string group,
                std::string name)
      : inner_(std::move(inner)), trace_(std::move(trace)), group_(std::move(group)), name_(std::move(name)) {}

  std::int64_t take(std::int64_t count) override {
    const std::uint64_t ticket = trace_->begin(group_, next_number_++, "take", name_, 0);
    const std::int64_t first = inner_->take(count);
    trace_->end(ticket);
    return first;
  }
  void serve() override { inner_->serve(); }
  std::int64_t taken() const override { return inner_->taken(); }
  void finish() override {
    const std::uint64_t ticket = trace_->begin(group_, next_number_++, "finish", name_, 0);
    inner_->finish();
    trace_->end(ticket);
  }

 private:
  std::unique_ptr<SharedCounter> inner_;
  std::shared_ptr<ExchangeTrace> trace_;
  std::string group_, name_;
  std::uint64_t next_number_ = 0;
};

}  // namespace

TracedCommunicator::TracedCommunicator(Communicator& inner, std::shared_ptr<ExchangeTrace> trace, std::string group)
    : inner_(inner), trace_(std::move(trace)), group_(std::move(group)) {}

TracedCommunicator::TracedCommunicator(std::unique_ptr<Communicator> inner, std::shared_ptr<ExchangeTrace> trace,
                                       std::string group)
    : owned_(std::move(inner)), inner_(*owned_), trace_(std::move(trace)), group_(std::move(group)) {}

template <class Work>
auto TracedCommunicator::traced(const char* verb, Name name, std::int64_t bytes, Work work) {
  const std::uint64_t ticket = trace_->begin(group_, next_number_++, verb, name, bytes);
  if constexpr (std::is_void_v<decltype(work())>) {
    work();
    trace_->end(ticket);
  } else {
    auto result = work();
    trace_->end(ticket);
    return result;
  }
}

void TracedCommunicator::all_reduce(Name name, at::Tensor inout, ReduceOp op) {
  traced("all_reduce", name, bytes_of(inout), [&] { inner_.all_reduce(name, inout, op); });
}

void TracedCommunicator::all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                    std::span<const std::int64_t> sizes) {
  traced("all_gather", name, bytes_of(out), [&] { inner_.all_gather(name, out, shard, sizes); });
}

void TracedCommunicator::reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in,
                                        std::span<const std::int64_t> sizes) {
  traced("reduce_scatter", name, bytes_of(in), [&] { inner_.reduce_scatter(name, shard, in, sizes); });
}

std::vector<std::string> TracedCommunicator::all_gather_bytes(Name name, std::string_view bytes) {
  return traced("all_gather_bytes", name, std::ssize(bytes), [&] { return inner_.all_gather_bytes(name, bytes); });
}

std::vector<std::string> TracedCommunicator::gather_bytes(Name name, std::string_view bytes, int root) {
  return traced("gather_bytes", name, std::ssize(bytes), [&] { return inner_.gather_bytes(name, bytes, root); });
}

std::string TracedCommunicator::broadcast_bytes(Name name, std::string_view bytes, int root) {
  return traced("broadcast_bytes", name, std::ssize(bytes), [&] { return inner_.broadcast_bytes(name, bytes, root); });
}

void TracedCommunicator::barrier(Name name) {
  traced("barrier", name, 0, [&] { inner_.barrier(name); });
}

std::unique_ptr<SharedCounter> TracedCommunicator::make_counter(Name name) {
  const std::uint64_t number = next_number_;
  return traced("make_counter", name, 0, [&]() -> std::unique_ptr<SharedCounter> {
    return std::make_unique<TracedCounter>(inner_.make_counter(name), trace_, fmt::format("{}/{}", group_, number),
                                           std::string(name));
  });
}

std::unique_ptr<Communicator> TracedCommunicator::split(int colour, int key) {
  const std::uint64_t number = next_number_;
  return traced("split", fmt::format("colour {}", colour), 0, [&]() -> std::unique_ptr<Communicator> {
    return std::make_unique<TracedCommunicator>(inner_.split(colour, key), trace_,
                                                fmt::format("{}/{}.{}", group_, number, colour));
  });
}

void TracedCommunicator::abort(std::string_view why, ExitCode code) {
  inner_.abort(why, code);
  std::terminate();  // not reached; GCC does not see that a virtual function does not return
}

}  // namespace ft
