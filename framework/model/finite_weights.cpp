#include "framework/model/finite_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "framework/base/error.h"

namespace ft {

void FiniteCheck::add(std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    if (first_ < 0) first_ = seen_ + static_cast<std::int64_t>(i);
    ++(std::isnan(values[i]) ? nans_ : infinities_);
  }
  seen_ += static_cast<std::int64_t>(values.size());
}

void FiniteCheck::require() const {
  if (first_ < 0) return;
  fail_user({stored_.file},
            fmt::format("tensor {} holds {} NaN and {} infinite values, the first at element {}: the model itself is "
                        "broken, not the training; get it again",
                        stored_.name, nans_, infinities_, first_));
}

void require_finite_weights(const std::filesystem::path& file) {
  constexpr std::int64_t kValues = 4 << 20;
  const SafetensorsReader reader(file);
  std::vector<float> values;
  for (const auto& [name, stored] : reader.tensors()) {
    if (!is_readable_dtype(stored.dtype) || name.ends_with("rotary_emb.inv_freq")) continue;
    std::int64_t total = 1;
    for (const std::int64_t size : stored.shape) total *= size;
    const std::int64_t rows = stored.shape.empty() ? 1 : stored.shape[0];
    if (total == 0) continue;
    const std::int64_t row = total / rows, some = std::max<std::int64_t>(1, kValues / row);
    FiniteCheck check(stored);
    for (std::int64_t begin = 0; begin < rows; begin += some) {
      const std::int64_t end = std::min(begin + some, rows);
      values.resize(static_cast<std::size_t>((end - begin) * row));
      ShardSpec part;
      if (!stored.shape.empty()) part = {.dim = 0, .begin = begin, .end = end};
      reader.read(stored, part, values);
      check.add(values);
    }
    check.require();
  }
}

}  // namespace ft
