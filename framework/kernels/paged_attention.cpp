// Some rows of one prompt and one key/value head at a time, as many as keep their scores in the second-level cache. Keys
// lie transposed within a page, so scores are a plain product, page by page; values follow in a second one.
#include "framework/kernels/paged_attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/base/error.h"
#include "framework/kernels/small_gemm.h"

FT_SIMD_BEGIN
namespace ft {
namespace {

using at::Tensor;
using simd::kBand;
using simd::kWidth;
using simd::Operand;
using simd::Rows;
using simd::Vector;

constexpr std::int64_t kPage = KvPages::kTokens;
constexpr std::int64_t kMostRows = 8 * kBand;  // of queries at a time
constexpr float kInfinity = std::numeric_limits<float>::infinity();
static_assert(kPage == 2 * kWidth);

// C[0..rows)[0..16 kVectors) = (or +=) A B over `terms` terms, for any number of rows.
template <int kVectors>
FT_SIMD_INLINE void few_rows(const Operand& a, const Rows& b, const Rows& c, std::int64_t rows, std::int64_t terms,
                             bool add) {
  std::int64_t m = 0;
  const auto left = [&] { return Operand{a.data + m * a.row_stride, a.row_stride, a.column_stride}; };
  const auto out = [&] { return Rows{c.data + m * c.stride, c.stride}; };
  for (; m + kBand <= rows; m += kBand) simd::gemm_tile<kBand, kVectors>(left(), b, out(), 0, terms, add);
  switch (rows - m) {
    case 5:
      return simd::gemm_tile<5, kVectors>(left(), b, out(), 0, terms, add);
    case 4:
      return simd::gemm_tile<4, kVectors>(left(), b, out(), 0, terms, add);
    case 3:
      return simd::gemm_tile<3, kVectors>(left(), b, out(), 0, terms, add);
    case 2:
      return simd::gemm_tile<2, kVectors>(left(), b, out(), 0, terms, add);
    case 1:
      return simd::gemm_tile<1, kVectors>(left(), b, out(), 0, terms, add);
    default:
      return;
  }
}

// scores [rows][kPage of stride] = query [rows][head_dim] times keys [head_dim][kPage].
FT_SIMD_CLONES void score_page(const float* query, float* keys, float* scores, std::int64_t rows, std::int64_t stride,
                               std::int64_t head_dim) {
  few_rows<2>({query, head_dim, 1}, {keys, kPage}, {scores, stride}, rows, head_dim, false);
}

// out [rows][head_dim] = (or +=) p [rows][tokens of stride] times values [tokens][head_dim].
FT_SIMD_CLONES void mix_page(const float* p, float* values, float* out, std::int64_t rows, std::int64_t stride,
                             std::int64_t tokens, std::int64_t head_dim, bool add) {
  std::int64_t d = 0;
  for (; d + 4 * kWidth <= head_dim; d += 4 * kWidth)
    few_rows<4>({p, stride, 1}, {values + d, head_dim}, {out + d, head_dim}, rows, tokens, add);
  for (; d < head_dim; d += kWidth)
    few_rows<1>({p, stride, 1}, {values + d, head_dim}, {out + d, head_dim}, rows, tokens, add);
}

// Scores of `width` columns, a multiple of 16, become exp(score - largest). Returns 1 / their sum.
FT_SIMD_CLONES float exponentials(float* scores, std::int64_t width) {
  Vector largest = simd::load(scores);
  for (std::int64_t t = kWidth; t < width; t += kWidth) largest = simd::max(largest, simd::load(scores + t));
  const Vector shift = simd::broadcast(simd::largest(largest));
  Vector sum = {};
  for (std::int64_t t = 0; t < width; t += kWidth) {
    const Vector p = simd::exp(simd::load(scores + t) - shift);
    simd::store(scores + t, p);
    sum += p;
  }
  return 1.0f / simd::sum(sum);
}

void scale_to(const float* from, std::int64_t count, float factor, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i] * factor;
}

std::int64_t padded(const PagedTokens& tokens) { return pages_for(tokens.length) * kPage; }
std::int64_t width_of(const PagedRow& row) { return padded(row.prompt) + padded(row.own); }

// One key/value head of a layer's pages.
class HeadPages {
 public:
  HeadPages(const KvPages& pages, std::int64_t head) : pages_(pages), head_(head) {}
  // const_cast: small_gemm's operands share one type; these are only read.
  [[nodiscard]] float* keys(std::int32_t page) const { return place(pages_.keys, page); }      // [head_dim][kPage]
  [[nodiscard]] float* values(std::int32_t page) const { return place(pages_.values, page); }  // [kPage][head_dim]

 private:
  [[nodiscard]] float* place(const std::vector<Tensor>& chunks, std::int32_t page) const {
    const Tensor& chunk = chunks[static_cast<std::size_t>(page / KvPages::kChunk)];
    return const_cast<float*>(chunk.const_data_ptr<float>()) + page % KvPages::kChunk * chunk.stride(0) +
           head_ * chunk.stride(1);
  }
  const KvPages& pages_;
  std::int64_t head_;
};

// A page of one head is read once a step, so it lies in memory, far away: asked for while the one before it is computed.
void prefetch(const float* page, std::int64_t count) {
  if (page == nullptr) return;
  for (std::int64_t i = 0; i < count; i += kWidth) __builtin_prefetch(page + i, 0, 2);
}

// Queries of some rows that continue one prompt, for one key/value head: row r of sequence s is s * group + r.
class SharedRows {
 public:
  SharedRows(std::int64_t group, std::int64_t head_dim, std::int64_t most_rows, std::int64_t most_columns)
      : group_(group),
        head_dim_(head_dim),
        storage_(at::empty({most_rows * (2 * head_dim + most_columns)}, at::kFloat)),
        query_(storage_.mutable_data_ptr<float>()),
        out_(query_ + most_rows * head_dim),
        scores_(out_ + most_rows * head_dim) {}

  [[nodiscard]] float* query(std::int64_t sequence) const { return query_ + sequence * group_ * head_dim_; }
  [[nodiscard]] const float* out(std::int64_t sequence) const { return out_ + sequence * group_ * head_dim_; }

  // From query() to out(), which is to be multiplied by what is returned for each query row of sequence s.
  void attend(const HeadPages& pages, std::span<const PagedRow> rows, std::span<float> inverse_sums) {
    const PagedTokens& prompt = rows.front().prompt;
    const auto num_rows = std::ssize(rows) * group_;
    stride_ = 0;
    for (const PagedRow& row : rows) stride_ = std::max(stride_, width_of(row));
    const auto own_page = [&](std::size_t s) {
      return s < rows.size() && rows[s].own.length > 0 ? &rows[s].own : nullptr;
    };
    score(pages, prompt, query_, scores_, num_rows, own_page(0));
    for (std::size_t s = 0; s < rows.size(); ++s) {
      const auto first = static_cast<std::int64_t>(s) * group_;
      float* scores = scores_ + first * stride_;
      score(pages, rows[s].own, query_ + first * head_dim_, scores + padded(prompt), group_, own_page(s + 1));
      for (std::int64_t r = 0; r < group_; ++r) {
        inverse_sums[static_cast<std::size_t>(first + r)] = exponentials(scores + r * stride_, width_of(rows[s]));
      }
    }
    mix(pages, prompt, scores_, out_, num_rows, false, own_page(0));
    for (std::size_t s = 0; s < rows.size(); ++s) {
      const auto first = static_cast<std::int64_t>(s) * group_;
      mix(pages, rows[s].own, scores_ + first * stride_ + padded(prompt), out_ + first * head_dim_, group_,
          prompt.length > 0, own_page(s + 1));
    }
  }

 private:
  // Of the page after page p of `tokens`, or of the first one of `next` (null: none).
  template <class PageOf>
  static const float* following(const PagedTokens& tokens, std::int64_t p, const PagedTokens* next, PageOf page_of) {
    if (p + 1 < pages_for(tokens.length)) return page_of(tokens.pages[static_cast<std::size_t>(p + 1)]);
    return next == nullptr ? nullptr : page_of(next->pages.front());
  }

  void score(const HeadPages& pages, const PagedTokens& tokens, const float* query, float* scores, std::int64_t rows,
             const PagedTokens* next) const {
    for (std::int64_t p = 0; p < pages_for(tokens.length); ++p) {
      prefetch(following(tokens, p, next, [&](std::int32_t page) { return pages.keys(page); }), head_dim_ * kPage);
      score_page(query, pages.keys(tokens.pages[static_cast<std::size_t>(p)]), scores + p * kPage, rows, stride_,
                 head_dim_);
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      float* row = scores + r * stride_;
      std::fill(row + tokens.length, row + padded(tokens), -kInfinity);
    }
  }

  void mix(const HeadPages& pages, const PagedTokens& tokens, const float* scores, float* out, std::int64_t rows,
           bool add, const PagedTokens* next) const {
    for (std::int64_t p = 0; p < pages_for(tokens.length); ++p) {
      prefetch(following(tokens, p, next, [&](std::int32_t page) { return pages.values(page); }), head_dim_ * kPage);
      mix_page(scores + p * kPage, pages.values(tokens.pages[static_cast<std::size_t>(p)]), out, rows, stride_,
               std::min(kPage, tokens.length - p * kPage), head_dim_, add || p > 0);
    }
  }

  std::int64_t group_, head_dim_, stride_ = 0;  // stride_: floats from row to row of scores
  Tensor storage_;
  float *query_, *out_, *scores_;
};

bool share_prompt(const PagedRow& a, const PagedRow& b) {
  return a.prompt.pages.data() == b.prompt.pages.data() && a.prompt.length == b.prompt.length;
}

Tensor paged_attention_cpu(const Tensor& query, const KvPages& pages, std::span<const PagedRow> rows) {
  const std::int64_t heads = query.size(1), head_dim = query.size(2), kv_heads = pages.keys.front().size(1);
  const std::int64_t group = heads / kv_heads, sequences = std::max<std::int64_t>(1, kMostRows / group);
  const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  std::int64_t widest = 0;
  for (const PagedRow& row : rows) widest = std::max(widest, width_of(row));
  SharedRows shared(group, head_dim, sequences * group, widest);
  std::vector<float> inverse(static_cast<std::size_t>(sequences * group));
  Tensor result = at::empty_like(query);
  const float* from = query.const_data_ptr<float>();
  auto* to = result.mutable_data_ptr<float>();
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && std::cmp_less(end - begin, sequences) && share_prompt(rows[begin], rows[end])) ++end;
    for (std::int64_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
      const auto place = [&](std::size_t row) {
        return (static_cast<std::int64_t>(row) * heads + kv_head * group) * head_dim;
      };
      for (std::size_t row = begin; row < end; ++row)
        scale_to(from + place(row), group * head_dim, scale, shared.query(static_cast<std::int64_t>(row - begin)));
      shared.attend(HeadPages(pages, kv_head), rows.subspan(begin, end - begin), inverse);
      for (std::size_t row = begin; row < end; ++row) {
        const auto sequence = static_cast<std::int64_t>(row - begin);
        for (std::int64_t r = 0; r < group; ++r) {
          scale_to(shared.out(sequence) + r * head_dim, head_dim,
                   inverse[static_cast<std::size_t>(sequence * group + r)], to + place(row) + r * head_dim);
        }
      }
    }
  }
  return result;
}

Tensor to_rows(const Tensor& x) { return x.to(at::kFloat).contiguous(); }

Tensor page_of(const std::vector<Tensor>& chunks, std::int32_t page) {
  return chunks[static_cast<std::size_t>(page / KvPages::kChunk)].select(0, page % KvPages::kChunk);
}

// One token's key and value, [kv_heads, head_dim]. Indexing by ATen would cost more than the model.
void store_token(KvPages& pages, PagePlace place, const float* key, const float* value) {
  const auto chunk = static_cast<std::size_t>(place.page / KvPages::kChunk);
  const std::int64_t heads = pages.keys[chunk].size(1), width = pages.keys[chunk].size(2);
  const std::int64_t begin = place.page % KvPages::kChunk * heads * width * kPage;
  float* keys = pages.keys[chunk].mutable_data_ptr<float>() + begin + place.token;
  float* values = pages.values[chunk].mutable_data_ptr<float>() + begin + place.token * width;
  for (std::int64_t head = 0; head < heads; ++head) {
    for (std::int64_t d = 0; d < width; ++d) keys[d * kPage] = key[d];
    std::copy_n(value, width, values);
    keys += width * kPage, values += width * kPage, key += width, value += width;
  }
}

// The tokens of one run of pages, [kv_heads, length, head_dim].
Tensor gather(const std::vector<Tensor>& chunks, const PagedTokens& tokens, bool transposed) {
  std::vector<Tensor> parts;
  for (const std::int32_t page : tokens.pages.first(static_cast<std::size_t>(pages_for(tokens.length)))) {
    const Tensor part = page_of(chunks, page);
    parts.push_back(transposed ? part.transpose(1, 2) : part);
  }
  return at::cat(parts, 1).narrow(1, 0, tokens.length);
}

Tensor gather(const std::vector<Tensor>& chunks, const PagedRow& row, bool transposed) {
  if (row.prompt.length == 0) return gather(chunks, row.own, transposed);
  if (row.own.length == 0) return gather(chunks, row.prompt, transposed);
  return at::cat({gather(chunks, row.prompt, transposed), gather(chunks, row.own, transposed)}, 1);
}

void check_tokens(const KvPages& pages, const PagedTokens& tokens) {
  const auto most = static_cast<std::int64_t>(pages.keys.size()) * KvPages::kChunk;
  FT_CHECK(tokens.length >= 0 && pages_for(tokens.length) <= std::ssize(tokens.pages),
           "paged attention: {} tokens in {} pages", tokens.length, tokens.pages.size());
  for (const std::int32_t page : tokens.pages)
    FT_CHECK(0 <= page && page < most, "paged attention: page {} of {}", page, most);
}

}  // namespace

void allocate_pages(KvPages& pages, std::int64_t count, const Tensor& key) {
  const auto options = key.options().dtype(at::kFloat);
  while (std::ssize(pages.keys) * KvPages::kChunk < count) {
    pages.keys.push_back(at::empty({KvPages::kChunk, key.size(1), key.size(2), kPage}, options));
    pages.values.push_back(at::empty({KvPages::kChunk, key.size(1), kPage, key.size(2)}, options));
  }
}

void store_tokens(KvPages& pages, std::span<const PagePlace> places, const Tensor& key, const Tensor& value) {
  FT_CHECK(key.dim() == 3 && key.sizes() == value.sizes() && key.size(0) == std::ssize(places),
           "{} keys and {} values for {} places", key.size(0), value.size(0), places.size());
  FT_CHECK(
      !pages.keys.empty() && pages.keys.front().size(1) == key.size(1) && pages.keys.front().size(2) == key.size(2),
      "the pages are made for other heads than {} of {}", key.size(1), key.size(2));
  const Tensor keys = to_rows(key), values = to_rows(value);
  const std::int64_t size = key.size(1) * key.size(2);
  for (std::int64_t t = 0; t < key.size(0); ++t) {
    const PagePlace place = places[static_cast<std::size_t>(t)];
    if (keys.is_cpu()) {
      store_token(pages, place, keys.const_data_ptr<float>() + t * size, values.const_data_ptr<float>() + t * size);
    } else {
      page_of(pages.keys, place.page).select(2, place.token).copy_(keys[t]);
      page_of(pages.values, place.page).select(1, place.token).copy_(values[t]);
    }
  }
}

Tensor paged_attention(const Tensor& query, const KvPages& pages, std::span<const PagedRow> rows) {
  FT_CHECK(!pages.keys.empty() && pages.keys.size() == pages.values.size(), "paged attention: no pages");
  const Tensor &keys = pages.keys.front(), &values = pages.values.front();
  FT_CHECK(query.dim() == 3 && keys.dim() == 4 && keys.size(2) == query.size(2) && keys.size(3) == kPage &&
               values.sizes() == keys.transpose(2, 3).sizes() && query.size(1) % keys.size(1) == 0,
           "paged attention: query must be [B, heads, head_dim], pages as KvPages says");
  FT_CHECK(std::ssize(rows) == query.size(0), "paged attention: {} rows, tokens of {}", query.size(0), rows.size());
  for (const PagedRow& row : rows) {
    check_tokens(pages, row.prompt);
    check_tokens(pages, row.own);
    FT_CHECK(row.prompt.length + row.own.length > 0, "paged attention: a row without tokens to look at");
  }
  const at::NoGradGuard no_grad;
  const bool fast = query.is_cpu() && query.scalar_type() == at::kFloat && query.size(2) % kWidth == 0;
  return fast ? paged_attention_cpu(query.contiguous(), pages, rows) : paged_attention_reference(query, pages, rows);
}

Tensor paged_attention_reference(const Tensor& query, const KvPages& pages, std::span<const PagedRow> rows) {
  const std::int64_t heads = query.size(1), kv_heads = pages.keys.front().size(1), head_dim = query.size(2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(head_dim));
  Tensor out = at::empty_like(query);
  for (std::size_t b = 0; b < rows.size(); ++b) {
    const Tensor keys = gather(pages.keys, rows[b], true).to(query.scalar_type());
    const Tensor values = gather(pages.values, rows[b], false).to(query.scalar_type());
    const auto row = static_cast<std::int64_t>(b);
    const Tensor q = query[row].reshape({kv_heads, heads / kv_heads, head_dim});
    const Tensor p = (at::bmm(q, keys.transpose(1, 2)) * scale).softmax(-1);  // [kv_heads, group, L]
    out[row].copy_(at::bmm(p, values).view({heads, head_dim}));
  }
  return out;
}

}  // namespace ft
FT_SIMD_END
