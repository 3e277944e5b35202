// The run file: one YAML document with places, defaults beneath it and the command line's overrides above it.
//
//   RunFile file = RunFile::load("recipes/multitask.yaml", {"training.lanes=4", "run.seed=7"});
//   Node stages = file["stages"];
//
// RunFile knows YAML and places, nothing of the meaning of a section: that is told by described structs
// (config/parser.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/node.h"

namespace ft {

class RunFile {
 public:
  // Reads the file and applies the overrides "key.path=value" in order. UserError: file unreadable, YAML broken, a key
  // twice, the document no map, an override malformed, undone by another, or to a place that does not exist.
  [[nodiscard]] static RunFile load(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});
  // The same from text; `name` stands for the file in messages.
  [[nodiscard]] static RunFile parse(std::string_view text, const std::string& name,
                                     const std::vector<std::string>& overrides = {});

  [[nodiscard]] const Node& root() const { return root_; }
  // A section; absent when the file has none.
  [[nodiscard]] Node operator[](std::string_view section) const { return root_[section]; }
  // Lines for the log, with their places: what the overrides have done beyond setting a value.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  // The file's name as given.
  [[nodiscard]] const std::string& name() const { return name_; }
  // The folder that the file lies in, for what is named relative to it (plugins).
  [[nodiscard]] std::filesystem::path folder() const;

 private:
  RunFile(std::string name, Node root, std::vector<std::string> warnings)
      : name_(std::move(name)), root_(std::move(root)), warnings_(std::move(warnings)) {}
  std::string name_;
  Node root_;
  std::vector<std::string> warnings_;
};

// Applies one argument "key.path=value" to a tree and returns the new tree. The value is YAML ("4", "[a, b]", "{x:
// 1}"). The last key may be new (the parser of its section decides whether it is known and points at the argument), and
// so may the section itself; any key between them must exist. A list's entries go by number. UserErrors name the
// argument.
//
// A map in place of a map takes away what it does not name. Of a whole section that is refused; further down it is a line
// for `warnings`, where that is given.
[[nodiscard]] Node apply_override(const Node& root, std::string_view argument,
                                  std::vector<std::string>* warnings = nullptr);

// The argument "scale=NAME", if it is among them, is taken out of the arguments, and the section `scales`, if there is one,
// out of the tree. What the section says under that name, "key.path: value", is set, but for what other arguments set:
//
//   scales:
//     rehearsal: {problems.train.limit: 40, training.length: 3steps}
//
// UserError, at its place, of any scale that names what is not there; of a name that is none.
[[nodiscard]] Node apply_scale(const Node& root, std::vector<std::string>& arguments);

// Refuses arguments of which one undoes another: two values for one key, and a map after a key within it. The same argument
// twice is no contradiction.
void check_overrides(const std::vector<std::string>& arguments);

// True for a command-line argument that is meant as an override: a '=' before any '/' or blank, and not first.
[[nodiscard]] bool looks_like_override(std::string_view argument);

}  // namespace ft
