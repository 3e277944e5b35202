#include "framework/batching/batch.h"

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/example_batch.h"

using namespace ft;
using testing::batch_of, testing::units_of;

namespace {

std::vector<std::int64_t> values(const at::Tensor& tensor) {
  const at::Tensor t = tensor.to(at::kLong).contiguous();
  return {t.const_data_ptr<std::int64_t>(), t.const_data_ptr<std::int64_t>() + t.numel()};
}

using List = std::vector<std::int64_t>;

Example solution() {
  Example e;
  e.id = 1;
  e.documents = {{10, 11, 12, 13, 0}};
  e.spans = {{.document = 0, .first = 1, .tokens = {12, 13, 0}}};
  e.items = {{.kind = LossKind::mle, .spans = {0, -1, -1, -1}}};
  return e;
}

Example pair() {
  Example e;
  e.id = 2;
  e.documents = {{20, 21}, {30, 31, 32}};
  e.spans = {{0, 1, {7}}, {0, 1, {8}}, {1, 2, {7}}, {1, 2, {8}}};
  e.items = {{.kind = LossKind::margin, .spans = {0, 1, 2, 3}}};
  return e;
}

}  // namespace

TEST_CASE("a batch lays documents end to end and finds every target's row") {
  const Example a = solution(), b = pair();
  const Batch batch = batch_of({a, b, a});
  CHECK(values(batch.tokens) == List{10, 11, 12, 13, 0, 20, 21, 30, 31, 32, 10, 11, 12, 13, 0});
  CHECK(values(batch.positions) == List{0, 1, 2, 3, 4, 0, 1, 0, 1, 2, 0, 1, 2, 3, 4});
  CHECK(batch.offsets == List{0, 5, 7, 10, 15});
  CHECK(values(batch.target_rows) == List{1, 2, 3, 6, 6, 9, 9, 11, 12, 13});
  CHECK(values(batch.targets) == List{12, 13, 0, 7, 8, 7, 8, 12, 13, 0});
  CHECK(values(batch.target_spans) == List{0, 0, 0, 1, 2, 3, 4, 5, 5, 5});
  CHECK(values(batch.span_lengths) == List{3, 1, 1, 1, 1, 3});
  REQUIRE(batch.items.size() == 3);
  CHECK(batch.items[1].spans == std::array{1, 2, 3, 4});
  CHECK(batch.items[2].spans == std::array{5, -1, -1, -1});
  CHECK(batch.counts == std::array<std::int64_t, kNumLossKinds>{6, 0, 0, 1, 0});
}

TEST_CASE("each ordinary target stands in the row after the one that predicts it") {
  const Example a = solution();
  const Batch batch = batch_of({a, a});
  CHECK(at::equal(batch.tokens.index_select(0, batch.target_rows + 1), batch.targets));
}

TEST_CASE("a span that leaves its document is refused") {
  Example e = solution();
  e.spans[0].first = 3;
  CHECK_THROWS_WITH_AS((void)batch_of({e}), doctest::Contains("leaves its document"), Error);
  e = solution();
  e.items[0].spans[0] = 1;
  CHECK_THROWS_WITH_AS((void)batch_of({e}), doctest::Contains("names span 1 of 1"), Error);
  e = solution();
  e.documents.push_back({});
  CHECK_THROWS_WITH_AS((void)batch_of({e}), doctest::Contains("is empty"), Error);
}

TEST_CASE("units are tokens for mle and items for the rest") {
  CHECK(units_of(solution()) == std::array<std::int64_t, kNumLossKinds>{3, 0, 0, 0, 0});
  CHECK(units_of(pair()) == std::array<std::int64_t, kNumLossKinds>{0, 0, 0, 1, 0});
}
