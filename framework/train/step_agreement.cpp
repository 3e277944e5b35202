#include "framework/train/step_agreement.h"

#include <cstring>
#include <string>

#include "framework/base/error.h"

namespace ft {

namespace {

// What a rank says; the sums of its lanes follow. With those of one lane it goes with the greeting
// (comm/transport_communicator.h).
struct Report {
  LossCounts counts;  // units of each kind in the micro-batches that it has built
  std::int64_t num_tokens;
  double seconds;
  bool complete, stop, background_done;
};

Report report_of(const OwnStep& own) {
  Report report{
      .seconds = own.seconds, .complete = own.lanes.complete, .stop = own.stop, .background_done = own.background_done};
  for (const auto& lane : own.batches)
    for (const Batch& batch : lane) {
      for (std::size_t k = 0; k < report.counts.size(); ++k) report.counts[k] += batch.counts[k];
      report.num_tokens += batch.tokens.size(0);
    }
  return report;
}

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Every rank of a tensor group builds the same lanes, so the sums over the world count each of them that many times.
void check_built(const Report& together, int tensor_ranks, const LossCounts& planned, std::int64_t planned_tokens) {
  for (std::size_t k = 0; k < planned.size(); ++k)
    FT_CHECK(together.counts[k] == planned[k] * tensor_ranks,
             "the ranks together hold {} units of loss {}, the plan says {}: do all ranks see the same examples?",
             together.counts[k], to_string(static_cast<LossKind>(k)), planned[k] * tensor_ranks);
  FT_CHECK(together.num_tokens == planned_tokens * tensor_ranks,
           "the ranks together hold {} tokens, the plan says {}: do all ranks see the same examples?",
           together.num_tokens, planned_tokens * tensor_ranks);
}

}  // namespace

StepAgreement agree_on_step(Groups groups, const OwnStep& own, const LossCounts& planned, std::int64_t planned_tokens) {
  std::string bytes;
  append(bytes, report_of(own));
  for (const LossSums& lane : own.lanes.lane_sums) append(bytes, lane);
  const std::vector<std::string> all = groups.world.all_gather_bytes("the step", bytes);
  StepAgreement together;
  Report sum{};
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    FT_CHECK(all[rank].size() >= sizeof(Report) && (all[rank].size() - sizeof(Report)) % sizeof(LossSums) == 0,
             "the step: rank {} sent {} bytes", rank, all[rank].size());
    Report report{};
    std::memcpy(&report, all[rank].data(), sizeof report);
    for (std::size_t k = 0; k < planned.size(); ++k) sum.counts[k] += report.counts[k];
    sum.num_tokens += report.num_tokens;
    together.complete = together.complete && report.complete;
    together.stop = together.stop || report.stop || !report.complete;
    together.background_done = together.background_done && report.background_done;
    if (rank == 0) together.seconds = report.seconds;
    if (rank % static_cast<std::size_t>(groups.tensor.size()) != 0) continue;  // its lanes are counted already
    for (std::size_t at = sizeof report; at < all[rank].size(); at += sizeof(LossSums)) {
      LossSums lane{};
      std::memcpy(&lane, all[rank].data() + at, sizeof lane);
      for (std::size_t k = 0; k < lane.size(); ++k) together.sums[k] += lane[k];
    }
  }
  check_built(sum, groups.tensor.size(), planned, planned_tokens);
  return together;
}

}  // namespace ft
