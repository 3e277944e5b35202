// Weights that are no numbers train to nothing, and the loss that shows it blames the learning rate: so they are told by
// file and tensor, when a model is loaded, and of a whole file when a run hashes it at its start, long before a late stage
// would load it.
//
//   require_finite_weights(folder / "model-00001-of-00002.safetensors");     // reads every value of the file, once
//
//   FiniteCheck check(stored);                                                // while values are read for something else
//   check.add(values);
//   check.require();
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "framework/tensor/safetensors.h"

namespace ft {

class FiniteCheck {
 public:
  // `stored` must outlive it.
  explicit FiniteCheck(const StoredTensor& stored) : stored_(stored) {}
  // The next values of the tensor, or of the part of it that is looked at.
  void add(std::span<const float> values);
  // Throws UserError where one of them was NaN or infinite.
  void require() const;

 private:
  const StoredTensor& stored_;
  std::int64_t seen_ = 0, nans_ = 0, infinities_ = 0, first_ = -1;
};

// Of a safetensors file, 16 MB at a time; what is no weight (rotary frequencies, integers) is passed over. Throws
// UserError as above and as SafetensorsReader, Unreadable.
void require_finite_weights(const std::filesystem::path& file);

}  // namespace ft
