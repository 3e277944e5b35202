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
#include "framework/watch/exchange_trace.h"

namespace ft {

class TracedCommunicator final : public Communicator {
 public:
  // `inner` must outlive this. `group` names the communicator in the ring.
  TracedCommunicator(Communicator& inner, std::shared_ptr<ExchangeTrace> trace, std::string group);
  TracedCommunicator(std::unique_ptr<Communicator> inner, std::shared_ptr<ExchangeTrace> trace, std::string group);

  [[nodiscard]] int rank() const override { return inner_.rank(); }
  [[nodiscard]] int size() const override { return inner_.size(); }
  [[nodiscard]] std::vector<int> hosts() const override { return inner_.hosts(); }
  void all_reduce(Name name, at::Tensor inout, ReduceOp op) override;
  void all_gather(Name name, at::Tensor out, const at::Tensor& shard, std::span<const std::int64_t> sizes) override;
  void reduce_scatter(Name name, at::Tensor shard, const at::Tensor& in, std::span<const std::int64_t> sizes) override;
  [[nodiscard]] std::vector<std::string> all_gather_bytes(Name name, std::string_view bytes) override;
  [[nodiscard]] std::vector<std::string> gather_bytes(Name name, std::string_view bytes, int root) override;
  [[nodiscard]] std::string broadcast_bytes(Name name, std::string_view bytes, int root) override;
  void barrier(Name name) override;
  [[nodiscard]] std::unique_ptr<SharedCounter> make_counter(Name name) override;
  // The parts are traced too, as "<group>/<number of the split>.<colour>".
  [[nodiscard]] std::unique_ptr<Communicator> split(int colour, int key) override;
  [[noreturn]] void abort(std::string_view why, ExitCode code = ExitCode::failure) override;

 private:
  // Notes the exchange while `work` does it. One that throws stays open in the ring: that is what the reader of the
  // report wants to see.
  template <class Work>
  auto traced(const char* verb, Name name, std::int64_t bytes, Work work);

  std::unique_ptr<Communicator> owned_;
  Communicator& inner_;
  std::shared_ptr<ExchangeTrace> trace_;
  std::string group_;
  std::uint64_t next_number_ = 0;
};

}  // namespace ft
