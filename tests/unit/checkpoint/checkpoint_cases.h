// A small model on any grid of ranks, with values that tell where they belong: what the tests of checkpoints share.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/comm/solo_communicator.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/thread_communicator.h"

namespace ft::testing {

namespace fs = std::filesystem;

struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    static int counter = 0;
    path = fs::temp_directory_path() / fmt::format("ftrun-checkpoint-{}-{}", ::getpid(), counter++);
    fs::create_directories(path);
  }
  ~TemporaryFolder() { fs::remove_all(path); }
  [[nodiscard]] bool empty() const { return fs::is_empty(path); }
};

// A small model's parameters as `size` tensor ranks hold them: an uneven vocabulary split by rows, a matrix by columns,
// key heads that two neighbours share where there are more ranks than heads, a norm that all hold.
inline void declare(ParameterSet& parameters, int rank, int size, std::int64_t vocabulary = 301) {
  const auto cut = [&](std::int64_t n, int r) { return n * r / size; };
  const auto slice = [&](int dim, std::int64_t n) {
    return size == 1 ? ShardSpec{} : ShardSpec{dim, cut(n, rank), cut(n, rank + 1)};
  };
  const int heads = 2, groups = std::max(1, size / heads);
  const std::int64_t per_rank = 32 / std::min(size, heads);
  const std::int64_t head = rank / groups * per_rank;
  parameters.add({.name = "embedding.weight", .shape = {vocabulary, 96}, .shard = slice(0, vocabulary)});
  parameters.add({.name = "layers.0.k_proj.weight",
                  .shape = {32, 96},
                  .shard = size == 1 ? ShardSpec{} : ShardSpec{0, head, head + per_rank}});
  parameters.add({.name = "layers.0.o_proj.weight", .shape = {96, 128}, .shard = slice(1, 128)});
  parameters.add({.name = "norm.weight", .shape = {96}, .decay = false});
  parameters.finish();
}

// The value of each element in logical coordinates; `kind` tells weights and moments apart.
inline float value_of(int parameter, std::int64_t row, std::int64_t column, int kind) {
  return static_cast<float>(
      Philox(static_cast<std::uint64_t>(kind), "value")
          .uniform(static_cast<std::uint64_t>(parameter), static_cast<std::uint64_t>(row * 1000 + column)));
}

// Fills a range of a buffer laid out like the flat one with the values that belong there.
inline void fill(const ParameterSet& parameters, const at::Tensor& buffer, std::int64_t begin, int kind) {
  const at::NoGradGuard no_grad;
  for (const LocalSlice& slice : slices_of_range(parameters, begin, begin + buffer.numel())) {
    float* out = buffer.mutable_data_ptr<float>() + (slice.offset - begin);
    const std::int64_t columns = slice.box.shape.size() > 1 ? slice.box.shape[1] : 1;
    const std::int64_t first = slice.box.begin.size() > 1 ? slice.box.begin[1] : 0;
    for (std::int64_t r = 0; r < slice.box.shape[0]; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        *out++ = value_of(slice.parameter, slice.box.begin[0] + r, first + c, kind);
  }
}

struct Rank {
  ParameterSet parameters;
  MomentsView moments;
  Rank(const Groups& groups, std::int64_t vocabulary = 301) {
    declare(parameters, groups.tensor.rank(), groups.tensor.size(), vocabulary);
    const auto sizes = owned_sizes(parameters.blocks(), groups.data.size());
    moments.begin = std::accumulate(sizes.begin(), sizes.begin() + groups.data.rank(), std::int64_t{0});
    moments.end = moments.begin + sizes[groups.data.rank()];
    moments.first = at::zeros({moments.end - moments.begin});
    moments.second = at::zeros({moments.end - moments.begin});
  }
  void fill_all() {
    fill(parameters, parameters.flat(), 0, 0);
    fill(parameters, moments.first, moments.begin, 1);
    fill(parameters, moments.second, moments.begin, 2);
  }
  [[nodiscard]] CheckpointContent content() const {
    return {
        .parameters = &parameters, .moments = moments, .metadata = R"({"step":200})", .files = {{"config.json", "{}"}}};
  }
  // Whether everything has the values that belong there.
  [[nodiscard]] bool right() const {
    const at::Tensor weights = at::empty_like(parameters.flat()), first = at::empty_like(moments.first),
                     second = at::empty_like(moments.second);
    fill(parameters, weights, 0, 0);
    fill(parameters, first, moments.begin, 1);
    fill(parameters, second, moments.begin, 2);
    return at::equal(weights, parameters.flat()) && at::equal(first, moments.first) &&
           at::equal(second, moments.second);
  }
};

inline void on_grid(int data, int tensor, const std::function<void(Groups)>& body) {
  run_ranks(data * tensor, [&](Communicator& world) {
    const auto data_axis = world.split(world.rank() % tensor, world.rank());
    const auto tensor_axis = world.split(world.rank() / tensor, world.rank());
    body({world, *data_axis, *tensor_axis});
  });
}

inline CheckpointInfo write_on(int data, int tensor, const fs::path& target) {
  CheckpointInfo info;
  on_grid(data, tensor, [&](Groups groups) {
    Rank rank(groups);
    rank.fill_all();
    const CheckpointInfo mine = write_checkpoint(target, rank.content(), groups);
    if (groups.world.rank() == 0) info = mine;
  });
  return info;
}

inline std::string complaint_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no complaint";
}

inline void read_alone(const fs::path& folder, std::int64_t vocabulary = 301) {
  SoloCommunicator solo;
  Rank rank({solo, solo, solo}, vocabulary);
  (void)read_checkpoint(folder, rank.parameters, &rank.moments, {solo, solo, solo});
}

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

inline void flip_byte(const fs::path& path, std::int64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(offset);
  file.put(byte);
}

}  // namespace ft::testing
