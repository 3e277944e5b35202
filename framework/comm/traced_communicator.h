// A communicator that notes every exchange in a trace (exchange_trace.h) and otherwise does what the one inside does.
//
//   TracedCommunicator world(session.world(), trace, "world");
//
// The note costs well under a microsecond an exchange. In the real program everything above the bootstrap uses this
// one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "framework/comm/communicator.h"
#include "framework/comm/exchange_trace.h"

namespace ft {

class TracedCommunicator final : public Communicator {
 public:
  // `inner` must outlive this. `group` names the communicator in the ring.
  TracedCommunicator(Communicator& inner, std::shared_ptr<ExchangeTrace> trace, std::string group);
  TracedCommunicator(std::unique_ptr<Communicator> inner, std::shared_ptr<ExchangeTrace> trace, std::string group);

  [[nodiscard]] int rank() const override { return inner_.rank(); }
  [[nodiscard]] int size() const override { return inner_.size(); }
  [[nodiscard]] Pending all_reduce(Name name, at::Tensor inout, ReduceOp op, Order order) override;
  [[nodiscard]] Pending all_gather(Name name, at::Tensor out, const at::Tensor& shard,
                                   std::span<const std::int64_t> sizes) override;
  [[nodiscard]] Pending reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, ReduceOp op, Order order,
                                       std::span<const std::int64_t> sizes) override;
  [[nodiscard]] Pending all_to_all(Name name, at::Tensor out, const at::Tensor& in) override;
  [[nodiscard]] Pending broadcast(Name name, at::Tensor inout, int root) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  void barrier(Name name) override;
  // The parts are traced too, as "<group>/<number of the split>.<colour>".
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;

 private:
  std::uint64_t begin(const char* verb, Name name, std::int64_t bytes);
  // Notes the end where the exchange ends: now, or in the wait of what is returned. An exchange that throws stays open
  // in the ring: that is what the reader of the report wants to see.
  [[nodiscard]] Pending close(std::uint64_t ticket, Pending pending);

  std::unique_ptr<Communicator> owned_;
  Communicator& inner_;
  std::shared_ptr<ExchangeTrace> trace_;
  std::string group_;
  std::uint64_t next_number_ = 0;
};

}  // namespace ft
