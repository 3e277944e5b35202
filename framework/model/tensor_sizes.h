// Over how many tensor ranks a model can be split: arithmetic on its shape, so that a run file's mistake is told before
// any weight is read. The factory of parallel/tensor refuses the same sizes (tests compare the two).
#pragma once

#include <string>
#include <vector>

#include "framework/model/model_config.h"

namespace ft {

// Why `tensor` ranks (>= 1) cannot share one copy of the model; empty when they can. Query heads and inner features are
// divided evenly; of the numbers of ranks and of key/value heads one divides the other; every rank gets rows of the
// vocabulary.
[[nodiscard]] std::string tensor_misfit(const ModelConfig& config, int tensor);

// All sizes that fit, ascending; 1 is always among them.
[[nodiscard]] std::vector<int> tensor_sizes(const ModelConfig& config);

}  // namespace ft
