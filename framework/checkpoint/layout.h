// Logical coordinates: which box of which parameter lies where. The one place where offsets of a flat buffer meet the
// coordinates of the whole model; reader and writer are written in boxes.
//
// A box is a part of a parameter: for a dense rank a run of whole rows; for a rank of a tensor axis that splits
// columns, rows of its columns. In a rank's buffer, the rows of a box lie contiguous.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "framework/comm/groups.h"
#include "framework/tensor/parameter.h"

namespace ft {

struct Box {
  std::vector<std::int64_t> begin, shape;  // one entry a dim of the parameter
  [[nodiscard]] std::int64_t num_elements() const;
  [[nodiscard]] std::string text() const;  // "[0:64, 0:128]"
};

// The common part of two boxes of one parameter, if any.
[[nodiscard]] std::optional<Box> intersection(const Box& a, const Box& b);

// Copies the values in `part`, a box inside both, from a buffer that holds box `from` to one that holds box `to` (both
// row-major and contiguous).
void copy_box(const Box& part, const Box& from, const float* source, const Box& to, float* target);

// A box in this rank's flat buffer.
struct LocalSlice {
  int parameter = 0;
  Box box;
  std::int64_t offset = 0;  // of its first element in the flat buffer
};

// What elements [begin, end) of the flat buffer are, in logical coordinates: at most one slice a parameter. The range
// must begin and end at block boundaries or parameter boundaries (checked: whole rows).
[[nodiscard]] std::vector<LocalSlice> slices_of_range(const ParameterSet& parameters, std::int64_t begin,
                                                      std::int64_t end);

// A slice as the manifest records it.
struct StoredSlice {
  int parameter = 0;  // index into the manifest's parameters
  Box box;
  std::string file;
  std::string weights, first_moment, second_moment;  // XXH3-128 of the bytes; moments empty where there are none
};

// The manifest's table.
struct StoredLayout {
  struct Parameter {
    std::string name;
    std::vector<std::int64_t> shape;
  };
  std::vector<Parameter> parameters;
  std::vector<StoredSlice> slices;
  bool has_moments = false;
};

[[nodiscard]] nlohmann::ordered_json to_json(const StoredSlice& slice);
[[nodiscard]] nlohmann::ordered_json to_json(const StoredLayout& layout);
// Throws Error on anything that to_json would not write.
[[nodiscard]] StoredSlice read_stored_slice(const nlohmann::ordered_json& json);
[[nodiscard]] StoredLayout read_stored_layout(const nlohmann::ordered_json& json);

// Throws Error naming each parameter that the slices do not cover exactly once.
void check_slices(const StoredLayout& layout);

// check_slices(), and throws Error naming each parameter that the model has and the checkpoint has not, or the other
// way round, or in another shape. Returns for each parameter of the model its index in layout.parameters.
[[nodiscard]] std::vector<int> check_coverage(const StoredLayout& layout, const ParameterSet& parameters);

// Collective over groups.world: weights_digest (tensor/parameter.h) of the whole model, whatever slices this rank
// holds.
[[nodiscard]] std::string logical_weights_digest(const ParameterSet& parameters, Groups groups);

// Collective over `world`: runs `work` on every rank. When it throws anywhere, all ranks throw the same Error, which
// names the ranks that failed: a UserError when all failures were, a BrokenFolder when all were, StopRequested where
// nothing but that was thrown.
void all_or_none(Communicator& world, Name name, const std::function<void()>& work);

}  // namespace ft
