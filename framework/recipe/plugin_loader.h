// Loads recipes from shared libraries: the built-in ones from a folder beside the program, a user's from the run file.
//
// A library is refused with a UserError that says what it was built for and what is wanted, before any of its C++ runs. It
// is never closed again: objects of its types live as long as the process.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/recipe/recipe.h"

namespace ft {

class PluginLoader {
 public:
  // Loads every librecipe_*.so of `folder`. Throws Error when the folder has none.
  void load_built_in(const std::filesystem::path& folder);

  // Loads a user's library; `place` is where the run file names it. A recipe of a name that exists is refused.
  void load_user(const std::filesystem::path& library, const Place& place);

  [[nodiscard]] std::vector<std::string> names() const;
  // Version as in FT_RECIPE. Both throw UserError at `place` with the nearest name when there is no such recipe.
  [[nodiscard]] const std::string& version(std::string_view name, const Place& place) const;
  [[nodiscard]] std::unique_ptr<Recipe> create(std::string_view name, const Place& place) const;
  // The library of a recipe that load_user() brought; none for a built-in one and for no recipe.
  [[nodiscard]] std::optional<std::filesystem::path> user_library(std::string_view name) const;

 private:
  struct Plugin {
    std::string version;
    std::filesystem::path library;
    Recipe* (*create)() = nullptr;
    bool is_users = false;
  };
  void load(const std::filesystem::path& library, const Place& place, bool is_users);
  const Plugin& find(std::string_view name, const Place& place) const;
  std::map<std::string, Plugin, std::less<>> plugins_;
};

}  // namespace ft
