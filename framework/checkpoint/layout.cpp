#include "framework/checkpoint/layout.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

#include "framework/base/error.h"

namespace ft {

namespace {

std::int64_t product(std::span<const std::int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

// Offset of logical coordinates `at` in a buffer that holds `box`.
std::int64_t offset_in(const Box& box, const std::vector<std::int64_t>& at) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < box.shape.size(); ++d) offset = offset * box.shape[d] + (at[d] - box.begin[d]);
  return offset;
}

}  // namespace

std::int64_t Box::num_elements() const { return product(shape); }

std::string Box::text() const {
  std::string text;
  for (std::size_t d = 0; d < shape.size(); ++d)
    text += fmt::format("{}{}:{}", d ? ", " : "", begin[d], begin[d] + shape[d]);
  return "[" + text + "]";
}

std::optional<Box> intersection(const Box& a, const Box& b) {
  Box both;
  for (std::size_t d = 0; d < a.shape.size(); ++d) {
    const std::int64_t begin = std::max(a.begin[d], b.begin[d]);
    const std::int64_t end = std::min(a.begin[d] + a.shape[d], b.begin[d] + b.shape[d]);
    if (begin >= end) return std::nullopt;
    both.begin.push_back(begin);
    both.shape.push_back(end - begin);
  }
  return both;
}

void copy_box(const Box& part, const Box& from, const float* source, const Box& to, float* target) {
  // Runs along the last dim, or whole rows and more where neither box cuts the dims behind.
  std::size_t run_dim = part.shape.size() - 1;
  std::int64_t run = part.shape[run_dim];
  while (run_dim > 0 && from.shape[run_dim] == part.shape[run_dim] && to.shape[run_dim] == part.shape[run_dim])
    run *= part.shape[--run_dim];
  std::vector<std::int64_t> at = part.begin;
  for (std::int64_t left = product(part.shape) / std::max<std::int64_t>(run, 1); left > 0; --left) {
    std::memcpy(target + offset_in(to, at), source + offset_in(from, at),
                static_cast<std::size_t>(run) * sizeof(float));
    for (std::size_t d = run_dim; d-- > 0;) {
      if (++at[d] < part.begin[d] + part.shape[d]) break;
      at[d] = part.begin[d];
    }
  }
}

std::vector<LocalSlice> slices_of_range(const ParameterSet& parameters, std::int64_t begin, std::int64_t end) {
  std::vector<LocalSlice> slices;
  for (std::size_t p = 0; p < parameters.all().size(); ++p) {
    const Parameter& parameter = parameters.all()[p];
    const std::int64_t first = std::max(begin, parameter.offset);
    const std::int64_t last = std::min(end, parameter.offset + parameter.num_local());
    if (first >= last) continue;
    LocalSlice slice{.parameter = static_cast<int>(p), .offset = first};
    slice.box.begin.assign(parameter.shape.size(), 0);
    slice.box.shape = parameter.local_shape();
    if (parameter.shard.dim >= 0) slice.box.begin[parameter.shard.dim] = parameter.shard.begin;
    const std::int64_t row = product(std::span(slice.box.shape).subspan(1));
    FT_CHECK((first - parameter.offset) % row == 0 && (last - parameter.offset) % row == 0,
             "elements {} to {} of {} are not whole rows of {}", first, last, parameter.name, row);
    slice.box.begin[0] += (first - parameter.offset) / row;
    slice.box.shape[0] = (last - first) / row;
    slices.push_back(std::move(slice));
  }
  return slices;
}

nlohmann::ordered_json to_json(const StoredSlice& slice) {
  nlohmann::ordered_json json = {{"parameter", slice.parameter},
                                 {"begin", slice.box.begin},
                                 {"shape", slice.box.shape},
                                 {"file", slice.file},
                                 {"weights", slice.weights}};
  if (!slice.first_moment.empty()) {
    json["first_moment"] = slice.first_moment;
    json["second_moment"] = slice.second_moment;
  }
  return json;
}

nlohmann::ordered_json to_json(const StoredLayout& layout) {
  nlohmann::ordered_json json = {{"moments", layout.has_moments},
                                 {"parameters", nlohmann::ordered_json::array()},
                                 {"slices", nlohmann::ordered_json::array()}};
  for (const auto& parameter : layout.parameters)
    json["parameters"].push_back({{"name", parameter.name}, {"shape", parameter.shape}});
  for (const StoredSlice& slice : layout.slices) json["slices"].push_back(to_json(slice));
  return json;
}

StoredSlice read_stored_slice(const nlohmann::ordered_json& json) {
  StoredSlice slice;
  json.at("parameter").get_to(slice.parameter);
  json.at("begin").get_to(slice.box.begin);
  json.at("shape").get_to(slice.box.shape);
  json.at("file").get_to(slice.file);
  json.at("weights").get_to(slice.weights);
  slice.first_moment = json.value("first_moment", "");
  slice.second_moment = json.value("second_moment", "");
  return slice;
}

StoredLayout read_stored_layout(const nlohmann::ordered_json& json) {
  try {
    StoredLayout layout;
    json.at("moments").get_to(layout.has_moments);
    for (const auto& parameter : json.at("parameters"))
      layout.parameters.push_back({parameter.at("name"), parameter.at("shape")});
    for (const auto& slice : json.at("slices")) layout.slices.push_back(read_stored_slice(slice));
    return layout;
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("the table of slices is damaged: {}", error.what()));
  }
}

namespace {

// What is wrong with the slices of one parameter; empty when they cover it exactly once.
std::string coverage_complaint(const StoredLayout::Parameter& parameter,
                               const std::vector<const StoredSlice*>& slices) {
  std::int64_t covered = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const Box& box = slices[i]->box;
    bool inside = box.begin.size() == parameter.shape.size() && box.shape.size() == parameter.shape.size();
    for (std::size_t d = 0; inside && d < parameter.shape.size(); ++d)
      inside = box.begin[d] >= 0 && box.shape[d] > 0 && box.begin[d] + box.shape[d] <= parameter.shape[d];
    if (!inside)
      return fmt::format("{} of shape [{}] has a slice {}", parameter.name, fmt::join(parameter.shape, ", "),
                         box.text());
    for (std::size_t j = 0; j < i; ++j)
      if (const auto both = intersection(box, slices[j]->box))
        return fmt::format("{} has {} twice, in {} and {}", parameter.name, both->text(), slices[j]->file,
                           slices[i]->file);
    covered += box.num_elements();
  }
  const std::int64_t total = product(parameter.shape);
  return covered == total ? "" : fmt::format("{} has {} of its {} elements", parameter.name, covered, total);
}

void add_slice_complaints(const StoredLayout& layout, std::vector<std::string>& complaints) {
  std::vector<std::vector<const StoredSlice*>> of_parameter(layout.parameters.size());
  for (const StoredSlice& slice : layout.slices) {
    if (slice.parameter < 0 || slice.parameter >= std::ssize(of_parameter))
      throw Error(fmt::format("a slice names parameter {} of {}", slice.parameter, of_parameter.size()));
    of_parameter[slice.parameter].push_back(&slice);
    if (layout.has_moments != !slice.first_moment.empty() || slice.first_moment.empty() != slice.second_moment.empty())
      complaints.push_back(
          fmt::format("{} {} has not both moments", layout.parameters[slice.parameter].name, slice.box.text()));
  }
  for (std::size_t p = 0; p < of_parameter.size(); ++p) {
    const std::string complaint = coverage_complaint(layout.parameters[p], of_parameter[p]);
    if (!complaint.empty()) complaints.push_back(complaint);
  }
}

void throw_if_any(const std::vector<std::string>& complaints) {
  if (!complaints.empty()) throw Error(fmt::format("{}", fmt::join(complaints, "; ")));
}

}  // namespace

std::vector<int> check_coverage(const StoredLayout& layout, const ParameterSet& parameters) {
  std::vector<std::string> complaints;
  std::map<std::string, int, std::less<>> stored;
  for (std::size_t p = 0; p < layout.parameters.size(); ++p) {
    const auto [position, is_new] = stored.emplace(layout.parameters[p].name, static_cast<int>(p));
    if (!is_new) complaints.push_back(fmt::format("{} is listed twice", layout.parameters[p].name));
  }
  std::vector<int> indices;
  for (const Parameter& parameter : parameters.all()) {
    const auto found = stored.find(parameter.name);
    indices.push_back(found == stored.end() ? -1 : found->second);
    if (found == stored.end()) {
      complaints.push_back(fmt::format("{} is missing", parameter.name));
      continue;
    }
    const auto& shape = layout.parameters[found->second].shape;
    if (shape != parameter.shape)
      complaints.push_back(fmt::format("{} has shape [{}], the model wants [{}]", parameter.name,
                                       fmt::join(shape, ", "), fmt::join(parameter.shape, ", ")));
    stored.erase(found);
  }
  for (const auto& [name, index] : stored) complaints.push_back(fmt::format("{} is not in the model", name));
  add_slice_complaints(layout, complaints);
  throw_if_any(complaints);
  return indices;
}

void check_slices(const StoredLayout& layout) {
  std::vector<std::string> complaints;
  add_slice_complaints(layout, complaints);
  throw_if_any(complaints);
}

}  // namespace ft
