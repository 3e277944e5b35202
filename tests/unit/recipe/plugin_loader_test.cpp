#include "framework/recipe/plugin_loader.h"

#include <fstream>

#include "tests/support/doctest_torch.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

const fs::path kToys = fs::path(FT_TEST_PLUGINS) / "toy";
const fs::path kForeign = fs::path(FT_TEST_PLUGINS) / "foreign";
const Place kPlace{"run.yaml", 2, 11};

std::string refusal(const fs::path& library) {
  PluginLoader loader;
  try {
    loader.load_user(library, kPlace);
  } catch (const UserError& error) {
    CHECK(loader.names().empty());
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("recipes are found by name, with their version") {
  PluginLoader loader;
  loader.load_built_in(kToys);
  CHECK(loader.names() == std::vector<std::string>{"toy_count", "toy_sample", "toy_train"});
  CHECK(loader.version("toy_sample", kPlace) == "3");
  CHECK(loader.create("toy_train", kPlace)->output() == ArtifactKind::model);
  CHECK_THROWS_WITH_AS((void)loader.create("toy_smaple", kPlace),
                       "run.yaml:2:11: there is no recipe 'toy_smaple'; did you mean 'toy_sample'?; recipes here: "
                       "toy_count, toy_sample, toy_train",
                       UserError);
}

TEST_CASE("each foreign library is refused with its reason, at its place, before it runs") {
  for (const auto& [library, reason] : std::vector<std::pair<std::string, std::string>>{
           {"libforeign_interface.so",
            fmt::format("it was built for recipe interface 999, this ftrun has {}; rebuild it", kRecipeInterface)},
           {"libforeign_compiler.so", "it was built with compiler other++-1, this ftrun with g++"},
           {"libforeign_libtorch.so", "it was built with libtorch 0.0, this ftrun with"},
           {"libforeign_no_tag.so", "it is no ftrun recipe"},
           {"libforeign_no_create.so", "it has a tag but no ft_recipe_create_v1"},
           {"libforeign_absent.so", "there is no such file"}}) {
    const std::string text = refusal(kForeign / library);
    INFO(text);
    CHECK(text.starts_with("run.yaml:2:11: plugin "));
    CHECK(has(text, library + " was refused: "));
    CHECK(has(text, reason));
  }
}

TEST_CASE("no library at all: a text file, an empty folder, a name that exists already") {
  const fs::path text_file = fs::temp_directory_path() / fmt::format("ftrun-no-library-{}.so", ::getpid());
  std::ofstream(text_file) << "no library";
  CHECK(has(refusal(text_file), "was refused: "));
  fs::remove(text_file);
  PluginLoader loader;
  CHECK_THROWS_AS(loader.load_built_in(kToys / "nowhere"), Error);
  loader.load_built_in(kToys);
  CHECK_THROWS_WITH_AS(loader.load_user(kToys / "librecipe_toy_count.so", kPlace),
                       doctest::Contains("its recipe 'toy_count' exists already, from "), UserError);
}
