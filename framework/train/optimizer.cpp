#include "framework/train/optimizer.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "framework/kernels/adamw.h"

namespace ft {

AdamW::AdamW(ParameterSet& parameters, const TrainingSettings& settings, std::int64_t begin, std::int64_t end)
    : parameters_(parameters), settings_(settings), state_{.begin = begin, .end = end} {
  state_.first_moment = at::zeros({end - begin}, parameters.flat().options());
  state_.second_moment = at::zeros({end - begin}, parameters.flat().options());
  for (const Parameter& parameter : parameters.all()) {
    const std::int64_t first = std::max(begin, parameter.offset);
    const std::int64_t last = std::min(end, parameter.offset + parameter.num_local());
    if (first >= last) continue;
    if (!runs_.empty() && runs_.back().decay == parameter.decay)
      runs_.back().end = last;
    else
      runs_.push_back({first, last, parameter.decay});
  }
}

void AdamW::step(const at::Tensor& gradient, double learning_rate, double gradient_scale) {
  const at::NoGradGuard no_grad;
  ++state_.step;
  for (const Run& run : runs_) {
    const auto owned = [&](const at::Tensor& tensor) {
      return tensor.narrow(0, run.begin - state_.begin, run.end - run.begin);
    };
    adamw_step(parameters_.flat().narrow(0, run.begin, run.end - run.begin), owned(gradient),
               owned(state_.first_moment), owned(state_.second_moment), learning_rate, settings_.beta1, settings_.beta2,
               settings_.epsilon, run.decay ? settings_.weight_decay : 0.0, state_.step, gradient_scale);
  }
}

}  // namespace ft
