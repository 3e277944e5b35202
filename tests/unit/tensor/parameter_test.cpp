#include "framework/tensor/parameter.h"

#include <torch/csrc/autograd/autograd.h>

#include <numeric>

#include "framework/base/digest.h"
#include "tests/support/doctest_torch.h"

using at::Tensor;

namespace {

void fill(ft::ParameterSet& set) {
  set.add({.name = "embed", .shape = {1000, 96}});
  set.add({.name = "norm", .shape = {96}, .decay = false});
  set.add({.name = "odd", .shape = {501, 33}});
  set.add({.name = "wide", .shape = {7, 40000}});
  set.add({.name = "bias", .shape = {40000}, .decay = false});
  set.finish();
}

}  // namespace

TEST_CASE("values are leaf views of one buffer, and backward adds into the buffer that was set") {
  ft::ParameterSet set;
  fill(set);
  CHECK(set.size() == 1000 * 96 + 96 + 501 * 33 + 7 * 40000 + 40000);
  std::int64_t offset = 0;
  for (const ft::Parameter& p : set.all()) {
    CHECK(p.offset == offset);
    CHECK(p.value.is_leaf());
    CHECK(p.value.requires_grad());
    CHECK(p.value.const_data_ptr<float>() == set.flat().const_data_ptr<float>() + offset);
    offset += p.num_local();
  }
  CHECK(offset == set.size());
  const Tensor first = at::zeros({set.size()}), second = at::ones({set.size()});
  const Tensor x = at::arange(96).to(at::kFloat);
  for (const Tensor& buffer : {first, second}) {
    set.set_gradient(buffer);
    (set.at("norm").value * x).sum().backward();
    (set.at("norm").value * x).sum().backward();
  }
  const std::int64_t begin = set.at("norm").offset;
  CHECK(at::equal(first.narrow(0, begin, 96), x * 2));
  CHECK(at::equal(second.narrow(0, begin, 96), x * 2 + 1));
  CHECK(first.sum().item<float>() == (x * 2).sum().item<float>());  // and nowhere else
}

TEST_CASE("blocks cover the buffer in order, in whole rows and multiples of 64") {
  ft::ParameterSet set;
  fill(set);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < set.blocks().size(); ++i) {
    const ft::Block& block = set.blocks()[i];
    const ft::Parameter& p = set.all()[static_cast<std::size_t>(block.parameter)];
    const std::int64_t row = p.shape.size() == 1 ? 1 : p.shape[1];
    CHECK(block.offset == offset);
    CHECK(block.size == (block.row_end - block.row_begin) * row);
    CHECK(block.offset == p.offset + block.row_begin * row);
    const bool last = block.row_end == p.shape[0];
    // 7 rows of 40,000: a row is a multiple of 64 and already longer than a block should be.
    if (!last) CHECK(block.size % 64 == 0);
    if (!last && p.name != "wide") CHECK(std::abs(block.size - 16384) <= 64 * row);
    if (p.name == "wide") CHECK(block.row_end - block.row_begin == 1);
    offset += block.size;
  }
  CHECK(offset == set.size());
}

TEST_CASE("a slice of rows is cut at the blocks of the whole") {
  ft::ParameterSet whole;
  whole.add({.name = "w", .shape = {1000, 96}});
  whole.finish();
  std::vector<std::int64_t> cuts;
  for (const ft::Block& block : whole.blocks()) cuts.push_back(block.row_begin);
  for (const auto& [begin, end] : {std::pair<std::int64_t, std::int64_t>{0, 500}, {500, 1000}, {333, 334}}) {
    ft::ParameterSet part;
    const auto& p = part.add({.name = "w", .shape = {1000, 96}, .shard = {.dim = 0, .begin = begin, .end = end}});
    part.finish();
    CHECK(p.value.size(0) == end - begin);
    std::int64_t row = begin;
    for (const ft::Block& block : part.blocks()) {
      CHECK(begin + block.row_begin == row);
      const bool at_cut = std::ranges::find(cuts, row) != cuts.end();
      CHECK((row == begin || at_cut));
      row = begin + block.row_end;
    }
    CHECK(row == end);
  }
}

TEST_CASE("ranks own contiguous runs of blocks, about equal") {
  ft::ParameterSet set;
  fill(set);
  std::vector<std::int64_t> boundaries = {0};
  std::int64_t largest = 0;
  for (const ft::Block& block : set.blocks()) {
    boundaries.push_back(block.offset + block.size);
    largest = std::max(largest, block.size);
  }
  for (const int ranks : {1, 2, 3, 4, 7, 8, 64, 1000}) {
    const auto sizes = ft::owned_sizes(set.blocks(), ranks);
    REQUIRE(static_cast<int>(sizes.size()) == ranks);
    std::int64_t end = 0;
    for (const std::int64_t size : sizes) {
      CHECK(size >= 0);
      CHECK(std::abs(size - set.size() / ranks) <= largest + 1);
      end += size;
      CHECK(std::ranges::find(boundaries, end) != boundaries.end());
    }
    CHECK(end == set.size());
  }
  CHECK(ft::owned_sizes({}, 2) == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("the weights' digest is SHA-256 over the blocks' XXH3-128, and sees every bit") {
  ft::ParameterSet set;
  fill(set);
  const at::NoGradGuard no_grad;
  Tensor flat = set.flat();
  flat.copy_(at::arange(set.size()));
  std::string hashes;
  for (const ft::Block& block : set.blocks()) {
    const char* bytes = reinterpret_cast<const char*>(flat.const_data_ptr<float>() + block.offset);
    hashes += ft::xxh128(std::string_view(bytes, static_cast<std::size_t>(block.size) * sizeof(float)));
  }
  const std::string digest = ft::weights_digest(set);
  CHECK(digest == ft::sha256(hashes));
  flat[set.size() - 1] += 1;
  CHECK(ft::weights_digest(set) != digest);
}

TEST_CASE("mistakes with parameters are refused") {
  ft::ParameterSet set;
  set.add({.name = "model.norm.weight", .shape = {4}});
  CHECK_THROWS_WITH(set.add({.name = "model.norm.weight", .shape = {4}}), doctest::Contains("model.norm.weight"));
  CHECK_THROWS(set.add({.name = "none", .shape = {}}));
  CHECK_THROWS(set.add({.name = "shard", .shape = {4, 4}, .shard = {.dim = 1, .begin = 2, .end = 5}}));
  set.finish();
  CHECK_THROWS(set.add({.name = "late", .shape = {4}}));
  CHECK_THROWS_WITH((void)set.at("model.nrm.weight"), doctest::Contains("model.norm.weight"));
  CHECK_THROWS(set.set_gradient(at::zeros({5})));
}
