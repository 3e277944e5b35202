#include "framework/kernels/paged_attention.h"

#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "framework/kernels/packed_attention.h"
#include "tests/unit/kernels/gradients.h"

using at::Tensor;
using ft::KvPages;
using ft::PagedRow;
using ft::PagedTokens;

namespace {

constexpr std::int64_t kPage = KvPages::kTokens;
constexpr int kPages = 64;

struct Shape {
  std::int64_t heads, kv_heads, head_dim;
};
const std::vector<Shape> kShapes = {{8, 8, 16}, {9, 3, 64}, {4, 1, 80}, {14, 2, 64}, {4, 2, 128}, {2, 2, 24}};

// Pages in whose unused places lies what must never be seen.
KvPages make_pages(const Shape& shape) {
  KvPages pages;
  for (std::int64_t chunk = 0; chunk < kPages / KvPages::kChunk; ++chunk) {
    pages.keys.push_back(
        at::full({KvPages::kChunk, shape.kv_heads, shape.head_dim, kPage}, std::numeric_limits<float>::quiet_NaN()));
    pages.values.push_back(
        at::full({KvPages::kChunk, shape.kv_heads, kPage, shape.head_dim}, std::numeric_limits<float>::quiet_NaN()));
  }
  return pages;
}

// keys and values [length, kv_heads, head_dim] into `pages`.
void store(KvPages& cache, const std::vector<std::int32_t>& pages, const Tensor& keys, const Tensor& values) {
  for (std::int64_t t = 0; t < keys.size(0); ++t) {
    const std::int32_t page = pages[static_cast<std::size_t>(t / kPage)];
    const auto chunk = static_cast<std::size_t>(page / KvPages::kChunk);
    cache.keys[chunk].select(0, page % KvPages::kChunk).select(2, t % kPage).copy_(keys[t]);
    cache.values[chunk].select(0, page % KvPages::kChunk).select(1, t % kPage).copy_(values[t]);
  }
}

// Some prompts (the first is none), and sequences that continue them, in the order of their prompts.
struct World {
  Shape shape{};
  KvPages pages;
  std::vector<Tensor> prompt_keys, prompt_values, own_keys, own_values;  // [length, kv_heads, head_dim]
  std::vector<std::vector<std::int32_t>> prompt_pages, own_pages;
  std::vector<std::size_t> prompt_of;
  Tensor query;

  [[nodiscard]] PagedRow row(std::size_t s) const {
    const std::size_t p = prompt_of[s];
    PagedRow row{.prompt = {}, .own = {own_pages[s], own_keys[s].size(0)}};
    if (p > 0) row.prompt = {prompt_pages[p], prompt_keys[p].size(0)};
    return row;
  }
  [[nodiscard]] std::vector<PagedRow> rows() const {
    std::vector<PagedRow> all;
    for (std::size_t s = 0; s < prompt_of.size(); ++s) all.push_back(row(s));
    return all;
  }
};

World make_world(const Shape& shape, int sequences) {
  World world{.shape = shape, .pages = make_pages(shape)};
  std::vector<std::int32_t> free(kPages);
  for (int i = 0; i < kPages; ++i) free[static_cast<std::size_t>(i)] = i;
  for (std::size_t i = free.size() - 1; i > 0; --i) std::swap(free[i], free[*rc::gen::inRange<std::size_t>(0, i + 1)]);
  at::manual_seed(*rc::gen::inRange(0, 1 << 20));
  const auto add = [&](std::int64_t length, std::vector<Tensor>& keys, std::vector<Tensor>& values,
                       std::vector<std::vector<std::int32_t>>& pages) {
    keys.push_back(at::randn({length, shape.kv_heads, shape.head_dim}));
    values.push_back(at::randn_like(keys.back()));
    pages.emplace_back();
    for (std::int64_t p = 0; p < (length + kPage - 1) / kPage; ++p) {
      pages.back().push_back(free.back());
      free.pop_back();
    }
    store(world.pages, pages.back(), keys.back(), values.back());
  };
  const int prompts = *rc::gen::inRange(1, 4);
  for (int p = 0; p < prompts; ++p)
    add(p == 0 ? 0 : *rc::gen::inRange(1, 100), world.prompt_keys, world.prompt_values, world.prompt_pages);
  for (int s = 0; s < sequences; ++s) {
    add(*rc::gen::inRange(1, 70), world.own_keys, world.own_values, world.own_pages);
    world.prompt_of.push_back(*rc::gen::inRange<std::size_t>(0, static_cast<std::size_t>(prompts)));
  }
  std::ranges::sort(world.prompt_of);
  world.query = at::randn({sequences, shape.heads, shape.head_dim});
  return world;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const Tensor x = a.contiguous(), y = b.contiguous();
  return x.sizes() == y.sizes() && std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

}  // namespace

TEST_CASE("attention over pages agrees with its reference, and with packed attention of the whole text") {
  CHECK(rc::check([] {
    const World world = make_world(*rc::gen::elementOf(kShapes), *rc::gen::inRange(1, 12));
    const std::vector<PagedRow> rows = world.rows();
    const Tensor out = ft::paged_attention(world.query, world.pages, rows);
    const Tensor expected = ft::paged_attention_reference(world.query.to(at::kDouble), world.pages, rows);
    RC_ASSERT(ft::test::distance(out, expected) < 2e-6);
    const std::size_t p = world.prompt_of[0];
    const Tensor keys = at::cat({world.prompt_keys[p], world.own_keys[0]}),
                 values = at::cat({world.prompt_values[p], world.own_values[0]});
    const std::int64_t length = keys.size(0);
    const Tensor queries = world.query[0].expand({length, world.shape.heads, world.shape.head_dim});
    RC_ASSERT(ft::test::distance(out[0], ft::packed_attention(queries, keys, values, {0, length})[length - 1]) < 2e-6);
  }));
}

TEST_CASE("a decoded row has the same bits alone, among others of its prompt or of other prompts, and in other pages") {
  CHECK(rc::check([] {
    World world = make_world(*rc::gen::elementOf(kShapes), *rc::gen::inRange(1, 24));
    const Tensor together = ft::paged_attention(world.query, world.pages, world.rows());
    const auto s = *rc::gen::inRange<std::size_t>(0, world.prompt_of.size());
    const auto query = world.query.narrow(0, static_cast<std::int64_t>(s), 1);
    const std::vector<PagedRow> one = {world.row(s)};
    RC_ASSERT(same_bits(together[static_cast<std::int64_t>(s)], ft::paged_attention(query, world.pages, one)[0]));
    KvPages elsewhere = make_pages(world.shape);
    const std::vector<std::int32_t> prompt = {40, 7, 22, 63}, own = {0, 41, 8};
    const std::size_t p = world.prompt_of[s];
    store(elsewhere, prompt, world.prompt_keys[p], world.prompt_values[p]);
    store(elsewhere, own, world.own_keys[s], world.own_values[s]);
    const std::vector<PagedRow> moved = {{.prompt = {prompt, one[0].prompt.length}, .own = {own, one[0].own.length}}};
    RC_ASSERT(same_bits(together[static_cast<std::int64_t>(s)], ft::paged_attention(query, elsewhere, moved)[0]));
  }));
}

TEST_CASE("a row may look at a prompt alone") {
  const Shape shape{9, 3, 64};
  KvPages pages = make_pages(shape);
  const Tensor keys = at::randn({45, 3, 64}), values = at::randn({45, 3, 64}), query = at::randn({2, 9, 64});
  const std::vector<std::int32_t> prompt = {5, 33};
  store(pages, prompt, keys, values);
  const std::vector<PagedRow> rows = {{.prompt = {prompt, 45}, .own = {}}, {.prompt = {}, .own = {prompt, 45}}};
  const Tensor out = ft::paged_attention(query, pages, rows);
  CHECK(ft::test::distance(out, ft::paged_attention_reference(query.to(at::kDouble), pages, rows)) < 2e-6);
}

TEST_CASE("rows that name no tokens, or pages that are not there, are refused") {
  const KvPages pages = make_pages({2, 2, 16});
  const Tensor query = at::zeros({1, 2, 16});
  const std::vector<std::int32_t> one = {1}, beyond = {kPages};
  const auto attend = [&](const PagedTokens& prompt, const PagedTokens& own) {
    const std::vector<PagedRow> rows = {{.prompt = prompt, .own = own}};
    (void)ft::paged_attention(query, pages, rows);
  };
  CHECK_THROWS(attend({}, {}));
  CHECK_THROWS(attend({}, {one, 33}));
  CHECK_THROWS(attend({beyond, 3}, {one, 3}));
  CHECK_THROWS((void)ft::paged_attention(query, pages, {}));
}
