#include "framework/recipe/plugin_loader.h"

#include <dlfcn.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "framework/base/failure.h"
#include "framework/base/plain_file.h"
#include "framework/base/reading.h"

namespace ft {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& library, const Place& place, const std::string& why) {
  const std::string text = fmt::format("plugin {} was refused: {}", library.string(), why);
  if (place.file.empty()) fail_user(text);
  fail_user(place, text);
}

}  // namespace

std::string_view to_string(ArtifactKind kind) {
  switch (kind) {
    case ArtifactKind::model:
      return "model";
    case ArtifactKind::attempts:
      return "attempts";
    case ArtifactKind::verdicts:
      return "verdicts";
    case ArtifactKind::ranking:
      return "ranking";
    case ArtifactKind::table:
      return "table";
    case ArtifactKind::report:
      return "report";
  }
  return "?";
}

void PluginLoader::load_built_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> libraries;
  for (const std::string& name : list_folder(folder)) {
    if (name.starts_with("librecipe_") && name.ends_with(".so")) libraries.push_back(folder / name);
  }
  FT_CHECK(!libraries.empty(), "no recipes (librecipe_*.so) in {}: the installation is incomplete", folder.string());
  for (const auto& library : libraries) load(library, {}, false);
}

void PluginLoader::load_user(const std::filesystem::path& library, const Place& place) {
  const Found found = look_through(library);  // dlopen would wait for who writes to a pipe
  if (found.kind == Found::Kind::nothing) refuse(library, place, "there is no such file");
  if (found.kind == Found::Kind::dangling) refuse(library, place, "it is a link that leads to nothing");
  if (found.kind == Found::Kind::folder) refuse(library, place, "it is a folder");
  if (found.kind == Found::Kind::other) refuse(library, place, fmt::format("it is {}", kNoPlainFile));
  load(library, place, true);
}

void PluginLoader::load(const std::filesystem::path& library, const Place& place, bool is_users) {
  // A path with a slash keeps dlopen from searching the system's folders for a library of the same name.
  const std::string path = std::filesystem::absolute(library).string();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* said = dlerror();
    const std::string_view why = said == nullptr ? "dlopen failed" : said;
    // Not the library's fault: the loader tells errors by their words alone.
    if (why.find("failed to map segment") != std::string_view::npos ||
        why.find("annot allocate memory") != std::string_view::npos) {
      throw std::bad_alloc();
    }
    if (why.find("Too many open files") != std::string_view::npos)
      throw Error(std::string(why) + advice_on(EMFILE, library));
    refuse(library, place, std::string(why));
  }
  const auto* tag = static_cast<const ft_recipe_tag*>(dlsym(handle, "ft_recipe_tag_v1"));
  if (tag == nullptr) refuse(library, place, "it is no ftrun recipe (no FT_RECIPE at the end of its source)");
  if (tag->interface_version != kRecipeInterface) {
    refuse(library, place,
           fmt::format("it was built for recipe interface {}, this ftrun has {}; rebuild it against this ftrun",
                       tag->interface_version, kRecipeInterface));
  }
  if (std::string_view(tag->compiler) != FT_COMPILER_TAG) {
    refuse(library, place,
           fmt::format("it was built with compiler {}, this ftrun with {}", tag->compiler, FT_COMPILER_TAG));
  }
  if (std::string_view(tag->libtorch) != FT_LIBTORCH_VERSION) {
    refuse(library, place,
           fmt::format("it was built with libtorch {}, this ftrun with {}", tag->libtorch, FT_LIBTORCH_VERSION));
  }
  auto* create = reinterpret_cast<Recipe* (*)()>(dlsym(handle, "ft_recipe_create_v1"));
  if (create == nullptr) refuse(library, place, "it has a tag but no ft_recipe_create_v1");
  const auto [existing, inserted] = plugins_.try_emplace(tag->name, Plugin{tag->version, library, create, is_users});
  if (!inserted) {
    refuse(library, place,
           fmt::format("its recipe '{}' exists already, from {}", tag->name, existing->second.library.string()));
  }
}

std::vector<std::string> PluginLoader::names() const {
  std::vector<std::string> names;
  for (const auto& [name, plugin] : plugins_) names.push_back(name);
  return names;
}

const PluginLoader::Plugin& PluginLoader::find(std::string_view name, const Place& place) const {
  const auto found = plugins_.find(name);
  if (found == plugins_.end()) {
    const auto all = names();
    const auto near = nearest(name, all);
    fail_user(place, fmt::format("there is no recipe '{}'{}; recipes here: {}", name,
                                 near ? fmt::format("; did you mean '{}'?", *near) : "", fmt::join(all, ", ")));
  }
  return found->second;
}

const std::string& PluginLoader::version(std::string_view name, const Place& place) const {
  return find(name, place).version;
}

std::optional<std::filesystem::path> PluginLoader::user_library(std::string_view name) const {
  const auto found = plugins_.find(name);
  return found == plugins_.end() || !found->second.is_users ? std::nullopt : std::optional(found->second.library);
}

std::unique_ptr<Recipe> PluginLoader::create(std::string_view name, const Place& place) const {
  return std::unique_ptr<Recipe>(find(name, place).create());
}

}  // namespace ft
