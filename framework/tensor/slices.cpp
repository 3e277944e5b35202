#include "framework/tensor/slices.h"

#include <sstream>

#include "framework/base/error.h"

namespace ft {

std::string describe_slices(const ParameterSet& parameters) {
  std::string text;
  for (const Parameter& parameter : parameters.all())
    text +=
        fmt::format("{} {} {} {}\n", parameter.name, parameter.shard.dim, parameter.shard.begin, parameter.shard.end);
  return text;
}

std::vector<std::vector<ShardSpec>> read_slices(const ParameterSet& parameters,
                                                std::span<const std::string> descriptions) {
  std::vector<std::vector<ShardSpec>> slices;
  for (std::size_t rank = 0; rank < descriptions.size(); ++rank) {
    std::istringstream lines(descriptions[rank]);
    auto& of_rank = slices.emplace_back();
    for (const Parameter& parameter : parameters.all()) {
      std::string name;
      ShardSpec shard;
      lines >> name >> shard.dim >> shard.begin >> shard.end;
      FT_CHECK(lines && name == parameter.name, "tensor rank {} has parameter '{}' where this rank has {}", rank, name,
               parameter.name);
      of_rank.push_back(shard.dim < 0 ? ShardSpec{} : shard);
    }
  }
  return slices;
}

std::vector<bool> first_holders(const ParameterSet& parameters, std::span<const std::string> descriptions, int rank) {
  const auto slices = read_slices(parameters, descriptions);
  const auto same = [](const ShardSpec& a, const ShardSpec& b) {
    return a.dim == b.dim && a.begin == b.begin && a.end == b.end;
  };
  std::vector<bool> first(parameters.all().size(), true);
  for (std::size_t p = 0; p < first.size(); ++p)
    for (int lower = 0; lower < rank; ++lower)
      if (same(slices[lower][p], slices[rank][p])) first[p] = false;
  return first;
}

}  // namespace ft
