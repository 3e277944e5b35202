// The parts of layout.h that speak to other ranks.
#include <ATen/ATen.h>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/base/failure.h"
#include "framework/checkpoint/layout.h"
#include "framework/store/manifest.h"
#include "framework/tensor/slices.h"

namespace ft {

namespace {

// How a rank's work ended, as one letter before its text.
enum class Outcome : char { failure = 'f', user_mistake = 'u', damage = 'd', stop = 's' };

std::string report(Outcome outcome, const std::exception& error) {
  return fmt::format("{}{}", static_cast<char>(outcome), error.what());
}

std::string report_of(const std::function<void()>& work) {
  try {
    work();
    return {};
  } catch (const UserError& error) {
    return report(Outcome::user_mistake, error);
  } catch (const BrokenFolder& error) {
    return report(Outcome::damage, error);
  } catch (const StopRequested& error) {
    return report(Outcome::stop, error);
  } catch (const std::exception& error) {
    return static_cast<char>(Outcome::failure) + failure_text(error);
  }
}

}  // namespace

void all_or_none(Communicator& world, Name name, const std::function<void()>& work) {
  const auto reports = world.all_gather_bytes(name, report_of(work));
  std::vector<std::string> texts;
  std::string stop, kinds;
  for (std::size_t rank = 0; rank < reports.size(); ++rank) {
    if (reports[rank].empty()) continue;
    const std::string text = reports[rank].substr(1);
    if (reports[rank][0] == static_cast<char>(Outcome::stop)) {
      stop = text;
      continue;
    }
    kinds += reports[rank][0];
    const std::string from = world.size() > 1 ? fmt::format("rank {}: ", rank) : "";
    if (texts.size() < 4) texts.push_back(from + text);
  }
  const auto all_are = [&](Outcome kind) {
    return kinds.find_first_not_of(static_cast<char>(kind)) == std::string::npos;
  };
  const std::string all = fmt::format("{}", fmt::join(texts, "; "));
  if (texts.empty() && stop.empty()) return;
  if (texts.empty()) throw StopRequested(stop);
  if (all_are(Outcome::user_mistake)) throw UserError(all);
  if (all_are(Outcome::damage)) throw BrokenFolder(all);
  throw Error(all);
}

namespace {

// The whole parameter `p`, from the slices of all ranks of `tensor`. Collective.
at::Tensor whole_parameter(const ParameterSet& parameters, std::size_t p,
                           const std::vector<std::vector<ShardSpec>>& slices, Communicator& tensor) {
  const Parameter& parameter = parameters.all()[p];
  const at::Tensor local = parameters.flat().narrow(0, parameter.offset, parameter.num_local());
  if (parameter.shard.dim < 0) return local.view(parameter.shape);
  std::vector<Parameter> of_rank;
  std::vector<std::int64_t> sizes;
  std::int64_t total = 0;
  for (const auto& slice : slices) {
    of_rank.push_back({.shape = parameter.shape, .shard = slice[p]});
    sizes.push_back(of_rank.back().num_local());
    total += sizes.back();
  }
  const at::Tensor parts = at::empty({total}, local.options());
  tensor.all_gather(fmt::format("slices of {}", parameter.name), parts, local, sizes);
  // Rows of the ranks in a row are the whole: the largest parameter, the vocabulary's, is held once and not twice. Ranks that
  // share a key's head hold the same rows, and have none in a row.
  std::int64_t rows = 0;
  for (const Parameter& one : of_rank) rows = one.shard.begin == rows ? one.shard.end : -1;
  if (parameter.shard.dim == 0 && rows == parameter.shape.front()) return parts.view(parameter.shape);
  at::Tensor whole = at::empty(parameter.shape, local.options());
  std::int64_t offset = 0;
  for (std::size_t rank = 0; rank < of_rank.size(); ++rank) {
    const ShardSpec& shard = of_rank[rank].shard;
    whole.narrow(shard.dim, shard.begin, shard.end - shard.begin)
        .copy_(parts.narrow(0, offset, sizes[rank]).view(of_rank[rank].local_shape()));
    offset += sizes[rank];
  }
  return whole;
}

// Digests of the parameter's blocks, concatenated.
std::string block_digests(const Parameter& parameter, const at::Tensor& whole) {
  std::string digests;
  for (const Block& block : whole_blocks(parameter)) {
    digests += xxh128(
        std::as_bytes(std::span(whole.const_data_ptr<float>() + block.offset, static_cast<std::size_t>(block.size))));
  }
  return digests;
}

}  // namespace

std::string logical_weights_digest(const ParameterSet& parameters, Groups groups) {
  const at::NoGradGuard no_grad;
  const auto slices =
      read_slices(parameters, groups.tensor.all_gather_bytes("slices of the parameters", describe_slices(parameters)));
  // Data ranks share the work parameter by parameter; within a tensor group all of them gather, the first one hashes.
  std::string mine;
  for (std::size_t p = groups.data.rank(); p < parameters.all().size(); p += groups.data.size()) {
    const at::Tensor whole = whole_parameter(parameters, p, slices, groups.tensor).to(at::kCPU);
    if (groups.tensor.rank() == 0) mine += block_digests(parameters.all()[p], whole) + "\n";
  }
  const auto all = groups.data.all_gather_bytes("digests of the weights", mine);
  std::vector<std::size_t> next(all.size(), 0);
  Sha256 sum;
  for (std::size_t p = 0; p < parameters.all().size(); ++p) {
    const std::size_t rank = p % all.size();
    const std::size_t end = all[rank].find('\n', next[rank]);
    if (end == std::string::npos) break;  // a tensor rank above 0 has no digests; it is told below
    sum.update(std::string_view(all[rank]).substr(next[rank], end - next[rank]));
    next[rank] = end + 1;
  }
  return groups.tensor.broadcast_bytes("digest of the weights", sum.finish(), 0);
}

}  // namespace ft
