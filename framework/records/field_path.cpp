#include "framework/records/field_path.h"

#include <charconv>

namespace ft::records {
namespace {

// One step of a path: a name, an index, or "every element".
struct Step {
  enum class Kind { name, index, each } kind = Kind::name;
  std::string_view name;
  long long index = 0;
};

// Nothing where it is no path.
std::optional<std::vector<Step>> steps_of(std::string_view path) {
  std::vector<Step> steps;
  while (!path.empty()) {
    if (path.front() == '[') {
      const auto close = path.find(']');
      if (close == std::string_view::npos) return std::nullopt;
      const std::string_view inside = path.substr(1, close - 1);
      Step step{inside.empty() ? Step::Kind::each : Step::Kind::index, {}, 0};
      const auto read = std::from_chars(inside.data(), inside.data() + inside.size(), step.index);
      if (!inside.empty() && (read.ec != std::errc{} || read.ptr != inside.data() + inside.size())) return std::nullopt;
      steps.push_back(step);
      path.remove_prefix(close + 1);
      if (!path.empty() && path.front() == '.') path.remove_prefix(1);
      continue;
    }
    const std::string_view name = path.substr(0, path.find_first_of(".["));
    if (name.empty()) return std::nullopt;
    steps.push_back({Step::Kind::name, name, 0});
    path.remove_prefix(name.size());
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  }
  return steps;
}

const Value* follow(const Value* value, const std::vector<Step>& steps, std::size_t from, std::optional<Value>& made) {
  for (std::size_t i = from; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.kind == Step::Kind::name) {
      value = value->kind == Kind::object ? value->find(step.name) : nullptr;
      if (value == nullptr) return nullptr;
      continue;
    }
    if (value->kind != Kind::list) return nullptr;
    if (step.kind == Step::Kind::index) {
      const auto size = static_cast<long long>(value->items.size());
      const long long index = step.index < 0 ? step.index + size : step.index;
      if (index < 0 || index >= size) return nullptr;
      value = &value->items[static_cast<std::size_t>(index)];
      continue;
    }
    Value list = Value::of_list({});
    for (const Value& item : value->items) {
      std::optional<Value> inner;
      const Value* found = follow(&item, steps, i + 1, inner);
      list.items.push_back(found != nullptr ? *found : Value{});
    }
    made = std::move(list);
    return &*made;
  }
  return value;
}

}  // namespace

const Value* select(const Value& object, std::string_view path, std::optional<Value>& made) {
  if (const Value* direct = object.find(path)) return direct;
  if (path.find_first_of(".[") == std::string_view::npos) return nullptr;
  const auto steps = steps_of(path);
  return steps && !steps->empty() ? follow(&object, *steps, 0, made) : nullptr;
}

std::vector<std::string> paths_within(const Value& value, const std::string& at, std::size_t most) {
  std::vector<std::string> paths;
  const auto add = [&](const Value& item, const std::string& path) {
    for (std::string& inner : paths_within(item, path, most - paths.size())) paths.push_back(std::move(inner));
  };
  if (most == 0) return paths;
  if (value.kind == Kind::list) {
    if (!value.items.empty()) add(value.items.front(), at + "[0]");
  } else if (value.kind == Kind::object) {
    for (std::size_t i = 0; i < value.items.size() && paths.size() < most; ++i) {
      add(value.items[i], at.empty() ? value.names[i] : at + "." + value.names[i]);
    }
  } else {
    paths.push_back(at);
  }
  return paths;
}

}  // namespace ft::records
