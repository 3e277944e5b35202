#include <algorithm>
#include <charconv>

#include "framework/config/run_file.h"

namespace ft {
namespace {

using DataPointer = std::shared_ptr<const Node::Data>;

struct Override {
  Place place;                     // the argument itself
  std::vector<std::string> steps;  // "stages", "solver", "length"
  Node value;
};

// Every value of an override was written in the argument: its places are of no use to the reader.
DataPointer place_everywhere(const DataPointer& data, const Place& place) {
  auto copy = std::make_shared<Node::Data>(*data);
  copy->place = place;
  for (Place& key_place : copy->key_places) key_place = place;
  for (DataPointer& value : copy->values) value = place_everywhere(value, place);
  return copy;
}

Override parse_argument(std::string_view argument) {
  Override result;
  result.place.file = fmt::format("argument '{}'", argument);
  const auto equals = argument.find('=');
  const std::string_view path = argument.substr(0, std::min(equals, argument.size()));
  if (equals == std::string_view::npos || path.empty()) {
    fail_user(result.place, "an override is written key.path=value, for example training.lanes=4");
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    if (end == begin) fail_user(result.place, "the path has an empty key");
    result.steps.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  const Node value = parse_yaml(argument.substr(equals + 1), result.place.file, std::string(path));
  result.value = Node(place_everywhere(value.data(), result.place));
  return result;
}

[[noreturn]] void fail_missing(const Override& override, const Node& parent, const std::string& step) {
  const auto close = nearest(step, parent.keys());
  fail_user(override.place, fmt::format("there is no '{}' in '{}'{}", step, parent.path(),
                                        close ? fmt::format("; did you mean '{}'?", *close) : ""));
}

DataPointer with_value(const DataPointer& parent, const Override& override, std::size_t depth);

DataPointer child(const DataPointer& present, const Override& override, std::size_t depth) {
  if (depth + 1 == override.steps.size()) return override.value.data();
  return with_value(present, override, depth + 1);
}

DataPointer with_list_entry(const DataPointer& parent, const Override& override, std::size_t depth) {
  const std::string& step = override.steps[depth];
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size() || index >= parent->values.size()) {
    fail_user(override.place, fmt::format("'{}' is a list of {} entries, counted from 0; it has no '{}'", parent->path,
                                          parent->values.size(), step));
  }
  auto copy = std::make_shared<Node::Data>(*parent);
  copy->values[index] = child(parent->values[index], override, depth);
  return copy;
}

// The tree under `parent` with the override's value put in; the nodes on the way are copied, all others shared.
DataPointer with_value(const DataPointer& parent, const Override& override, std::size_t depth) {
  const std::string& step = override.steps[depth];
  if (parent->kind == Node::Kind::list) return with_list_entry(parent, override, depth);
  if (parent->kind == Node::Kind::scalar) {
    fail_user(override.place, fmt::format("'{}' is the value '{}' and has no '{}'", parent->path, parent->text, step));
  }
  auto copy = std::make_shared<Node::Data>(*parent);
  copy->kind = Node::Kind::map;  // `training:` with nothing after it is an empty map
  const auto it = std::find(copy->keys.begin(), copy->keys.end(), step);
  if (it != copy->keys.end()) {
    const auto index = static_cast<std::size_t>(it - copy->keys.begin());
    copy->key_places[index] = override.place;
    copy->values[index] = child(parent->values[index], override, depth);
    return copy;
  }
  const bool last = depth + 1 == override.steps.size();
  if (!last && depth > 0) fail_missing(override, Node(parent), step);
  auto fresh = std::make_shared<Node::Data>();
  fresh->place = override.place;
  fresh->path = step;
  copy->keys.push_back(step);
  copy->key_places.push_back(override.place);
  copy->values.push_back(child(fresh, override, depth));
  return copy;
}

}  // namespace

Node apply_override(const Node& root, std::string_view argument) {
  FT_CHECK(root.is_map(), "overrides apply to a map, not to {}", root.what());
  return Node(with_value(root.data(), parse_argument(argument), 0));
}

bool looks_like_override(std::string_view argument) {
  const auto end = argument.find_first_of("=/ ");
  return end != std::string_view::npos && end > 0 && argument[end] == '=' && argument[0] != '-';
}

}  // namespace ft
