#include "framework/kernels/packed_attention.h"
#include "tests/unit/kernels/gradients.h"

using at::Tensor;
using ft::test::check_against;
using ft::test::random;

namespace {

struct Case {
  std::vector<std::int64_t> lengths;
  std::int64_t heads, kv_heads, head_dim;
};

const std::vector<Case> kCases = {
    {{1}, 1, 1, 16},     {{5, 1, 40, 26}, 8, 8, 16}, {{48, 49, 47, 96}, 2, 1, 16}, {{130, 17, 300}, 6, 2, 64},
    {{7, 33}, 3, 3, 24}, {{20, 50}, 4, 2, 80},       {{64, 2}, 2, 2, 128},         {{101}, 4, 1, 6},
};

std::vector<std::int64_t> offsets_of(const std::vector<std::int64_t>& lengths) {
  std::vector<std::int64_t> offsets = {0};
  for (const std::int64_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

std::vector<Tensor> inputs_of(const Case& c) {
  const std::int64_t tokens = offsets_of(c.lengths).back();
  return {random({tokens, c.heads, c.head_dim}, 1, 2.0), random({tokens, c.kv_heads, c.head_dim}, 2),
          random({tokens, c.kv_heads, c.head_dim}, 3)};
}

}  // namespace

TEST_CASE("packed attention and its gradients agree with the reference") {
  for (const Case& c : kCases) {
    CAPTURE(c.lengths);
    CAPTURE(c.head_dim);
    const auto offsets = offsets_of(c.lengths);
    check_against([&](const auto& x) { return ft::packed_attention(x[0], x[1], x[2], offsets); },
                  [&](const auto& x) { return ft::packed_attention_reference(x[0], x[1], x[2], offsets); },
                  inputs_of(c), 3e-6);
  }
}

TEST_CASE("a document's bits depend neither on its neighbours nor on its place in the pack") {
  const auto make = [](std::int64_t length, std::uint64_t seed) {
    return std::vector<Tensor>{random({length, 6, 16}, seed), random({length, 2, 16}, seed + 1),
                               random({length, 2, 16}, seed + 2)};
  };
  const auto run = [](const std::vector<std::vector<Tensor>>& documents, std::size_t wanted) {
    std::vector<Tensor> inputs;
    std::vector<std::int64_t> lengths;
    for (const auto& document : documents) lengths.push_back(document[0].size(0));
    for (std::size_t i = 0; i < 3; ++i) {
      std::vector<Tensor> parts;
      for (const auto& document : documents) parts.push_back(document[i]);
      inputs.push_back(at::cat(parts).requires_grad_(true));
    }
    const auto offsets = offsets_of(lengths);
    const Tensor out = ft::packed_attention(inputs[0], inputs[1], inputs[2], offsets);
    const auto gradients = torch::autograd::grad({out}, inputs, {out.detach().sin()});
    std::vector<Tensor> mine = {out.narrow(0, offsets[wanted], lengths[wanted])};
    for (const Tensor& g : gradients) mine.push_back(g.narrow(0, offsets[wanted], lengths[wanted]));
    return mine;
  };
  const auto document = make(53, 10);
  const auto alone = run({document}, 0);
  const auto hot = [&] {
    auto x = make(301, 50);
    for (Tensor& t : x) t.mul_(100);
    return x;
  }();
  for (const auto& [documents, place] : std::vector<std::pair<std::vector<std::vector<Tensor>>, std::size_t>>{
           {{make(7, 20), document}, 1}, {{document, make(301, 30)}, 0}, {{hot, document, make(1, 40)}, 1}}) {
    const auto packed = run(documents, place);
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(at::equal(alone[i], packed[i]));
  }
}

TEST_CASE("later tokens do not reach earlier ones") {
  auto inputs = inputs_of({{100}, 2, 2, 16});
  const Tensor before = ft::packed_attention(inputs[0], inputs[1], inputs[2], {0, 100});
  for (Tensor& x : inputs) x.narrow(0, 60, 40).fill_(1e4);
  const Tensor after = ft::packed_attention(inputs[0], inputs[1], inputs[2], {0, 100});
  CHECK(at::equal(before.narrow(0, 0, 60), after.narrow(0, 0, 60)));
  CHECK_FALSE(at::equal(before.narrow(0, 60, 40), after.narrow(0, 60, 40)));
}

TEST_CASE("impossible packs are refused") {
  const Tensor x = random({10, 2, 16}, 1);
  CHECK_THROWS(ft::packed_attention(x, x, x, {0, 9}));
}
