// The weights of a sealed checkpoint, one whole parameter at a time: for tools that pass a model on without holding it.
//
//   StoredWeights weights(folder);
//   for (std::size_t p = 0; p < weights.parameters().size(); ++p) write(weights.parameters()[p].name, weights.read(p));
//
// Memory: the largest parameter, and the largest slice of one.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"

namespace ft {

class StoredWeights {
 public:
  // Throws Error when the folder is no sealed checkpoint of this format, or its slices do not cover every parameter
  // once.
  explicit StoredWeights(const std::filesystem::path& folder);
  ~StoredWeights();

  [[nodiscard]] const CheckpointInfo& info() const;
  [[nodiscard]] const std::vector<StoredLayout::Parameter>& parameters() const;  // in the order of the model

  // All values of parameters()[index], row-major; valid until the next read. Throws Error naming file and parameter
  // when a slice is not what was written.
  [[nodiscard]] std::span<const float> read(std::size_t index);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace ft
