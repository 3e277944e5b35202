// AdamW on the blocks that this data rank owns; weight decay for the parameters that ask for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "framework/tensor/parameter.h"
#include "framework/train/optimizer_state.h"
#include "framework/train/settings.h"

namespace ft {

class AdamW {
 public:
  // Elements [begin, end) of the flat buffer are this rank's. `parameters` must outlive the optimiser.
  AdamW(ParameterSet& parameters, const TrainingSettings& settings, std::int64_t begin, std::int64_t end);

  [[nodiscard]] OptimizerState& state() { return state_; }

  // One update of the owned range, in place. gradient [end - begin], multiplied by gradient_scale first (clipping).
  void step(const at::Tensor& gradient, double learning_rate, double gradient_scale);

 private:
  // Neighbouring parameters that are treated alike.
  struct Run {
    std::int64_t begin = 0, end = 0;  // in the flat buffer
    bool decay = false;
  };

  ParameterSet& parameters_;
  TrainingSettings settings_;
  OptimizerState state_;
  std::vector<Run> runs_;
};

}  // namespace ft
