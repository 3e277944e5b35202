#include "framework/recipe/deal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "framework/comm/agreement.h"

namespace ft {
namespace {

// A run is that part of what is left for each rank: so a rank that was dealt the longest run is not the last to be done.
constexpr std::int64_t kRunsARank = 2;
constexpr std::int64_t kClosed = std::int64_t{1}
                                 << 48;  // more than there can be items; some thousand times it is a number

}  // namespace

std::string to_text(const BusyRanks& busy) {
  return fmt::format("ranks were busy {:.0f} % of {:.1f} s, rank {} least: {:.0f} %", 100 * busy.mean, busy.seconds,
                     busy.least_rank, 100 * busy.least);
}

std::int64_t even_rounds(std::int64_t total, int ranks, std::int64_t most) {
  const std::int64_t each = std::max<std::int64_t>(1, (total + ranks - 1) / ranks), rounds = (each + most - 1) / most;
  return (each + rounds - 1) / rounds;
}

Deal::Deal(Groups groups, std::string name, std::int64_t total, Lengths lengths)
    : groups_(groups), name_(std::move(name)), total_(total), lengths_(lengths) {
  const std::int64_t ranks = groups.data.size();
  first_ = std::min({std::max(lengths.least, total / (kRunsARank * ranks)), lengths.most, total / ranks});
  counter_ = groups.data.make_counter(name_);
  groups_.world.barrier(name_);
  watch_.restart();
}

std::int64_t Deal::num_dealt() const {
  return std::min(total_, first_ * groups_.data.size() + std::min(counter_->taken(), kClosed));
}

Deal::Run Deal::take() {
  const std::int64_t ranks = groups_.data.size(), rank = groups_.data.rank();
  if (!std::exchange(begun_, true) && first_ > 0 && counter_->taken() < kClosed)
    return {rank * first_, (rank + 1) * first_};
  const std::int64_t left = total_ - num_dealt(), share = ranks == 1 ? left : left / (kRunsARank * ranks);
  const std::int64_t count = std::clamp(share, std::min(lengths_.least, lengths_.most), lengths_.most);
  const std::int64_t begin = std::min(total_, first_ * ranks + std::min(counter_->take(count), kClosed));
  return {begin, std::min(total_, begin + count)};
}

std::optional<Deal::Run> Deal::next() {
  Run run;
  if (groups_.tensor.rank() == 0) {
    const Stopwatch asked;
    run = take();
    waited_ += asked.seconds();
  }
  if (groups_.tensor.size() > 1) {
    const std::string bytes =
        groups_.tensor.broadcast_bytes(name_, {reinterpret_cast<const char*>(&run), sizeof run}, 0);
    std::memcpy(&run, bytes.data(), sizeof run);
  }
  if (run.count() == 0) return std::nullopt;
  return run;
}

void Deal::close() {
  if (groups_.tensor.rank() == 0) (void)counter_->take(kClosed);
}

BusyRanks Deal::finish() {
  const double worked = watch_.seconds() - waited_;
  counter_->finish();
  groups_.world.barrier(name_);
  const double seconds = watch_.seconds(), part = seconds > 0 ? std::min(1.0, worked / seconds) : 1;
  const auto combined = [](const BusyRanks& a, const BusyRanks& b) {
    const BusyRanks& least = b.least < a.least ? b : a;
    return BusyRanks{std::max(a.seconds, b.seconds), a.mean + b.mean, least.least, least.least_rank};
  };
  BusyRanks busy = agree(groups_.world, "busy ranks", BusyRanks{seconds, part, part, groups_.world.rank()}, combined);
  busy.mean /= groups_.world.size();
  return busy;
}

}  // namespace ft
