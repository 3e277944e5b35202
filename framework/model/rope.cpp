#include "framework/model/rope.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace ft {
namespace {

// Wavelengths beyond original / low_freq_factor are stretched by `factor`, those below original / high_freq_factor left
// alone, the ones between interpolated.
double llama3_scaled(double frequency, const RopeConfig& rope) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const double original = rope.original_max_position;
  if (wavelength < original / rope.high_freq_factor) return frequency;
  if (wavelength > original / rope.low_freq_factor) return frequency / rope.factor;
  const double smooth = (original / wavelength - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

// Equations 20 to 23 of arXiv 2309.00071 as transformers has them: a ramp over the dimensions, between those that turn
// beta_fast and beta_slow times over the original length.
void scale_yarn(std::vector<double>& frequencies, const RopeConfig& rope, int head_dim) {
  const auto dimension = [&](double turns) {
    return head_dim * std::log(rope.original_max_position / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(rope.theta));
  };
  double low = dimension(rope.beta_fast), high = dimension(rope.beta_slow);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, head_dim - 1.0);
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / rope.factor * ramp + frequencies[i] * (1 - ramp);
  }
}

}  // namespace

at::Tensor rope_inverse_frequencies(const ModelConfig& config) {
  const RopeConfig& rope = config.rope;
  std::vector<double> values;
  for (int i = 0; i < config.head_dim / 2; ++i) values.push_back(1.0 / std::pow(rope.theta, 2.0 * i / config.head_dim));
  switch (rope.type) {
    case RopeType::plain:
    case RopeType::dynamic:  // up to max_position
      break;
    case RopeType::linear:
      for (double& value : values) value /= rope.factor;
      break;
    case RopeType::yarn:
      scale_yarn(values, rope, config.head_dim);
      break;
    case RopeType::llama3:
      for (double& value : values) value = llama3_scaled(value, rope);
      break;
  }
  at::Tensor frequencies = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  std::ranges::transform(values, frequencies.mutable_data_ptr<float>(),
                         [](double value) { return static_cast<float>(value); });
  return frequencies;
}

}  // namespace ft
