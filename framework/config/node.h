// A piece of a YAML document that remembers where it was written, so that every later complaint can point there.
//
//   Node stage = file.root().at("stages").at("solver");       // at(): a UserError when it is missing
//   for (const std::string& key : stage.keys()) ...           // in the order of the file
//   if (Node limit = stage["limit"]) read<int>(limit);        // []: an absent node, which is false
//
// A node is a cheap handle on a shared, unchanging tree. Scalars keep their text; read<T> and the Parser give it a
// type.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/error.h"

namespace ft {

class Node {
 public:
  enum class Kind { absent, null, scalar, list, map };

  Node() = default;  // absent

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] explicit operator bool() const { return kind() != Kind::absent; }
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind() == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind() == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind() == Kind::map; }

  // Where the value begins; for an override the argument itself; for an absent node an empty place.
  [[nodiscard]] const Place& place() const;
  // From the root: "stages.solver.length"; a list's entries by number, "problems.train.0".
  [[nodiscard]] const std::string& path() const;

  // Maps. keys() in the order of the file; both throw UserError when the node is not a map (absent and null count as
  // an empty map).
  [[nodiscard]] std::vector<std::string> keys() const;
  [[nodiscard]] Node operator[](std::string_view key) const;
  // The same, and a missing key is the user's mistake, with the nearest key that exists.
  [[nodiscard]] Node at(std::string_view key) const;
  // Where the key itself was written.
  [[nodiscard]] Place key_place(std::string_view key) const;

  // Lists. Throws UserError when the node is not a list (absent and null count as an empty list).
  [[nodiscard]] std::vector<Node> items() const;

  // Scalars: the text as written, quotes removed. Throws UserError when the node is not a scalar.
  [[nodiscard]] const std::string& text() const;

  // What the user wrote, for messages: "a map", "a list", "'ten'", "nothing".
  [[nodiscard]] std::string what() const;

  // fail_user at this place.
  [[noreturn]] void fail(std::string_view why) const;

  struct Data;  // config/yaml.cpp and config/overrides.cpp build trees of it
  explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  [[nodiscard]] const std::shared_ptr<const Data>& data() const { return data_; }

 private:
  std::shared_ptr<const Data> data_;
};

// The content of a node. Trees are small (a run file): a change copies the path from the root.
struct Node::Data {
  Kind kind = Kind::null;
  Place place;
  std::string path;
  std::string text;                                 // scalar
  std::vector<std::string> keys;                    // map
  std::vector<Place> key_places;                    // map
  std::vector<std::shared_ptr<const Data>> values;  // map: beside keys; list
};

// Parses YAML text; `file` is the name for messages. Errors of the YAML, several documents and a key written twice are
// UserErrors with their place. Anchors and aliases work; `path` is where the tree is to be hung up.
[[nodiscard]] Node parse_yaml(std::string_view text, const std::string& file, const std::string& path = "");

}  // namespace ft
