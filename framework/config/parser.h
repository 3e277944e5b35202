// Fills described structs from the run file. The binder that makes mistakes impossible to overlook: an unknown key, a
// wrong type, unit or range, or a missing required key throws UserError with file:line:column and the nearest right
// name.
//
//   Parser parser({file["training"], stage});   // layers, the last one that has a key wins
//   parser.accept("recipe");                    // a key of the stage that is read elsewhere
//   describe(training, parser);
//   recipe->describe(parser);
//   parser.finish();                            // unknown keys of the last layer, against all that was described
//
// Only the last layer is checked for unknown keys: the ones below serve other structs too and are checked where they
// are the last one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/config/binder.h"
#include "framework/config/node.h"

namespace ft {

class Parser final : public Binder {
 public:
  // Each layer is a map, null or absent (then empty); anything else is the user's mistake. At least one layer.
  explicit Parser(std::vector<Node> layers);

  // Counts as known, is not bound.
  void accept(std::string_view name);

  // Reports the first unknown key of the last layer.
  void finish() const;

  // Where the value of a bound key was written; the place of the last layer when it is the default.
  [[nodiscard]] Place place(std::string_view name) const;
  // True when some layer gave the key, false when it has its default.
  [[nodiscard]] bool given(std::string_view name) const;
  // True where a description has the key, given or not.
  [[nodiscard]] bool describes(std::string_view name) const;
  // The keys that nothing reads with these values (Binder::idle), given or not, and why.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& idle_keys() const { return idle_; }

 protected:
  void bind(const Key& key, Value value) override;
  void mark_idle(std::string_view name, std::string_view why) override;

 private:
  std::vector<Node> layers_;
  std::vector<std::string> accepted_, known_;
  std::map<std::string, std::string, std::less<>> idle_;
  std::map<std::string, Node, std::less<>> given_;
};

// Reads one node into one value, checking the key's limits and choices; the building block of Parser.
void read_value(const Node& node, const Key& key, const Value& value);

// read<int>(node): one scalar or list of any type in Value.
template <class T>
[[nodiscard]] T read(const Node& node, Limits limits = {}) {
  T value{};
  read_value(node, {.name = node.path(), .limits = std::move(limits)}, &value);
  return value;
}

// A whole struct from layers, unknown keys reported.
template <Described S>
[[nodiscard]] S parse(std::vector<Node> layers) {
  S settings;
  Parser parser(std::move(layers));
  describe(settings, parser);
  parser.finish();
  return settings;
}

}  // namespace ft
