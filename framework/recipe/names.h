// The names that a run file gives to its models, problem sets and stages: one space, and each one path component.
//
// A stage's name is the name of its folder, and `ftrun export <run folder>/<name>` finds it by that name: so a name that
// would lead elsewhere, or that nobody could type, is refused where it is written.
//
//   Names names;
//   names.add("solver", "stage", {"run.yaml", 9, 3});
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "framework/base/error.h"

namespace ft {

// What is wrong with a name, as the end of a sentence: "it holds '/'". Empty: nothing.
[[nodiscard]] std::string name_fault(std::string_view name);

// What a person calls a run: the last component of its folder, also of "runs/x/" and of ".".
[[nodiscard]] std::string run_name(const std::filesystem::path& folder);

class Names {
 public:
  // `what` the name is for: "model", "problem set", "stage". Throws UserError at `place` for a name that has a fault or
  // that is taken already.
  void add(const std::string& name, std::string_view what, const Place& place);

 private:
  std::map<std::string, std::pair<std::string, Place>> places_;
};

}  // namespace ft
