#include "framework/config/node.h"

#include <algorithm>

namespace ft {
namespace {

const Place kNowhere;
const std::string kNoText;

std::string subject(const Node& node) { return node.path().empty() ? "this" : fmt::format("'{}'", node.path()); }

}  // namespace

Node::Kind Node::kind() const { return data_ ? data_->kind : Kind::absent; }

const Place& Node::place() const { return data_ ? data_->place : kNowhere; }

const std::string& Node::path() const { return data_ ? data_->path : kNoText; }

std::string Node::what() const {
  switch (kind()) {
    case Kind::absent:
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return fmt::format("'{}'", data_->text);
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "?";
}

void Node::fail(std::string_view why) const {
  if (place().file.empty()) fail_user(why);
  fail_user(place(), why);
}

std::vector<std::string> Node::keys() const {
  if (kind() == Kind::absent || is_null()) return {};
  if (!is_map()) fail(fmt::format("{} must be a map of keys and values, but is {}", subject(*this), what()));
  return data_->keys;
}

Node Node::operator[](std::string_view key) const {
  if (kind() == Kind::absent || is_null()) return {};
  if (!is_map()) fail(fmt::format("{} must be a map of keys and values, but is {}", subject(*this), what()));
  const auto it = std::find(data_->keys.begin(), data_->keys.end(), key);
  return it == data_->keys.end() ? Node() : Node(data_->values[static_cast<std::size_t>(it - data_->keys.begin())]);
}

Node Node::at(std::string_view key) const {
  if (Node found = (*this)[key]) return found;
  const auto close = nearest(key, keys());
  const std::string inside = path().empty() ? "" : fmt::format(" in '{}'", path());
  fail(fmt::format("there is no '{}'{}{}", key, inside, close ? fmt::format("; did you mean '{}'?", *close) : ""));
}

Place Node::key_place(std::string_view key) const {
  if (!is_map()) return place();
  const auto it = std::find(data_->keys.begin(), data_->keys.end(), key);
  return it == data_->keys.end() ? place() : data_->key_places[static_cast<std::size_t>(it - data_->keys.begin())];
}

std::vector<Node> Node::items() const {
  if (kind() == Kind::absent || is_null()) return {};
  if (!is_list()) fail(fmt::format("{} must be a list, but is {}", subject(*this), what()));
  std::vector<Node> nodes;
  for (const auto& value : data_->values) nodes.emplace_back(value);
  return nodes;
}

const std::string& Node::text() const {
  if (!is_scalar()) fail(fmt::format("{} must be a single value, but is {}", subject(*this), what()));
  return data_->text;
}

}  // namespace ft
