#include "framework/model/rope.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace ft {
namespace {

double llama3_scaled(double frequency, const Llama3RopeScaling& scaling) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const auto original = static_cast<double>(scaling.original_max_position);
  if (wavelength < original / scaling.high_freq_factor) return frequency;
  if (wavelength > original / scaling.low_freq_factor) return frequency / scaling.factor;
  const double smooth =
      (original / wavelength - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1 - smooth) * frequency / scaling.factor + smooth * frequency;
}

}  // namespace

at::Tensor rope_inverse_frequencies(const ModelConfig& config) {
  const int half = config.head_dim / 2;
  at::Tensor frequencies = at::empty({half}, at::kFloat);
  for (int i = 0; i < half; ++i) {
    double frequency = 1.0 / std::pow(config.rope_theta, 2.0 * i / config.head_dim);
    if (config.rope_scaling) frequency = llama3_scaled(frequency, *config.rope_scaling);
    frequencies.mutable_data_ptr<float>()[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

}  // namespace ft
