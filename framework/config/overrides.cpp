#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

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

// Who means a text seldom knows that it is read as YAML: `{problem} {x}`, `a: b`, `*all*`.
Node parse_value(std::string_view text, const std::string& file, const std::string& path) {
  try {
    return parse_yaml(text, file, path);
  } catch (const UserError& error) {
    fail_user(fmt::format("{}; what is meant as a text stands in quotes of its own: '{}={}'", error.what(), path,
                          nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  }
}

std::vector<std::string> steps_of(std::string_view path, const Place& place) {
  std::vector<std::string> steps;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    if (end == begin) fail_user(place, "the path has an empty key");
    steps.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return steps;
}

Override parse_argument(std::string_view argument) {
  Override result;
  result.place.file = fmt::format("argument '{}'", argument);
  const auto equals = argument.find('=');
  const std::string_view path = argument.substr(0, std::min(equals, argument.size()));
  if (equals == std::string_view::npos || path.empty()) {
    fail_user(result.place, "an override is written key.path=value, for example training.lanes=4");
  }
  result.steps = steps_of(path, result.place);
  const Node value = parse_value(argument.substr(equals + 1), result.place.file, std::string(path));
  result.value = Node(place_everywhere(value.data(), result.place));
  return result;
}

[[noreturn]] void fail_missing(const Override& override, const Node& parent, const std::string& step) {
  const auto close = nearest(step, parent.keys());
  fail_user(override.place, fmt::format("there is no '{}' in '{}'{}", step, parent.path(),
                                        close ? fmt::format("; did you mean '{}'?", *close) : ""));
}

// What stands where the override's value will stand; absent where nothing does.
Node present_value(Node node, const Override& override) {
  for (const std::string& step : override.steps) {
    if (node.is_map()) {
      node = node[step];
    } else {
      return {};  // a list's entry is replaced whole; all else is refused later
    }
  }
  return node;
}

void check_replacement(const Node& root, const Override& override, std::vector<std::string>* warnings) {
  const Node present = present_value(root, override);
  const Node& value = override.value;
  if (!present.is_map() || !(value.is_map() || value.is_null())) return;
  std::vector<std::string> lost;
  for (const std::string& key : present.keys()) {
    if (!value[key]) lost.push_back(key);
  }
  if (lost.empty()) return;
  const std::string path = fmt::format("{}", fmt::join(override.steps, "."));
  if (override.steps.size() == 1) {
    fail_user(override.place,
              fmt::format("it would take the place of the whole section '{}', and {} would no longer be set; set "
                          "single keys, as in {}.{}=VALUE",
                          path, fmt::join(lost, ", "), path,
                          value.is_map() && !value.keys().empty() ? value.keys().front() : lost.front()));
  }
  if (warnings != nullptr) {
    warnings->push_back(fmt::format("{}: it takes the place of all that '{}' was: {} {} no longer set",
                                    to_string(override.place), path, fmt::join(lost, ", "),
                                    lost.size() == 1 ? "is" : "are"));
  }
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

// The entries of one scale, in their order; those that a later override sets anyway are left out.
Node with_entries(Node root, const Node& scale, const std::vector<Override>& later) {
  for (const std::string& path : scale.keys()) {
    Override entry{scale.key_place(path), steps_of(path, scale.key_place(path)), scale[path]};
    if (entry.value.is_null()) fail_user(entry.place, fmt::format("'{}' has no value", path));
    if (entry.value.is_map())
      fail_user(entry.place, fmt::format("'{}' is a map, but a scale sets single keys: {}.KEY: VALUE", path, path));
    const bool is_set = std::ranges::any_of(later, [&](const Override& by_hand) {
      return by_hand.steps.size() <= entry.steps.size() &&
             std::equal(by_hand.steps.begin(), by_hand.steps.end(), entry.steps.begin());
    });
    if (!is_set) root = Node(with_value(root.data(), entry, 0));
  }
  return root;
}

Node without(const Node& root, std::string_view section) {
  auto copy = std::make_shared<Node::Data>(*root.data());
  const auto at = std::ranges::find(copy->keys, section) - copy->keys.begin();
  copy->keys.erase(copy->keys.begin() + at);
  copy->key_places.erase(copy->key_places.begin() + at);
  copy->values.erase(copy->values.begin() + at);
  return Node(copy);
}

}  // namespace

Node apply_scale(const Node& root, std::vector<std::string>& arguments) {
  std::optional<Override> asked;
  std::vector<Override> by_hand;
  for (const std::string& argument : arguments) {
    const Override one = parse_argument(argument);
    if (one.steps.front() == "scales")
      fail_user(one.place, "scales stand in the run file; one of them is chosen by scale=NAME");
    if (one.steps == std::vector<std::string>{"scale"}) {
      asked = one;
    } else {
      by_hand.push_back(one);
    }
  }
  std::erase_if(arguments, [](const std::string& argument) { return argument.starts_with("scale="); });
  const Node scales = root["scales"];
  if (!scales) {
    if (asked) fail_user(asked->place, "the run file has no section 'scales'");
    return root;
  }
  Node scaled = without(root, "scales");
  for (const std::string& name : scales.keys()) (void)with_entries(scaled, scales[name], {});  // a slip shows at once
  if (!asked) return scaled;
  const std::string name = asked->value.is_scalar() ? asked->value.text() : "";
  if (scales[name]) return with_entries(scaled, scales[name], by_hand);
  const auto near = nearest(name, scales.keys());
  fail_user(asked->place,
            fmt::format("the run file has no scale '{}'; scales are: {}{}", name, fmt::join(scales.keys(), ", "),
                        near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

Node apply_override(const Node& root, std::string_view argument, std::vector<std::string>* warnings) {
  FT_CHECK(root.is_map(), "overrides apply to a map, not to {}", root.what());
  const Override override = parse_argument(argument);
  check_replacement(root, override, warnings);
  return Node(with_value(root.data(), override, 0));
}

void check_overrides(const std::vector<std::string>& arguments) {
  std::vector<Override> earlier;
  for (const std::string& argument : arguments) {
    const Override now = parse_argument(argument);
    for (const Override& before : earlier) {
      const bool within = now.steps.size() <= before.steps.size() &&
                          std::equal(now.steps.begin(), now.steps.end(), before.steps.begin());
      if (!within || now.place.file == before.place.file) continue;
      const std::string path = fmt::format("{}", fmt::join(now.steps, "."));
      fail_user(now.place,
                now.steps.size() == before.steps.size()
                    ? fmt::format("'{}' is set twice; the other is {}", path, before.place.file)
                    : fmt::format("it would undo {}, which stands before it; put it first, or leave one away",
                                  before.place.file));
    }
    earlier.push_back(now);
  }
}

bool looks_like_override(std::string_view argument) {
  const auto end = argument.find_first_of("=/ ");
  return end != std::string_view::npos && end > 0 && argument[end] == '=' && argument[0] != '-';
}

}  // namespace ft
