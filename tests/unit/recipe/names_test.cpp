#include "framework/recipe/names.h"

#include "tests/support/doctest_torch.h"

using namespace ft;

TEST_CASE("a name is one part of a path that people can see and type") {
  for (const char* name : {"solver", "solver_2", "a.b", "a-b", "a b", "L\xc3\xb6sung", "\xe8\xa7\xa3"})
    CHECK(name_fault(name).empty());
  CHECK(name_fault(std::string(200, 'x')).empty());
  for (const char* name :
       {"", ".", "..", "../x", "/x", "a/b", "a/", ".x", "-x", " x", "x ", "a\nb", "a\tb", "\x7f", "\xff", "a\xc2\x85",
        "a\xe2\x80\xae"
        "b",
        "\xef\xbb\xbf"
        "a"}) {
    INFO(name);
    CHECK_FALSE(name_fault(name).empty());
  }
  CHECK(name_fault(std::string("a\0b", 3)).find("cannot be seen") != std::string::npos);
  CHECK_FALSE(name_fault(std::string(201, 'x')).empty());
}

TEST_CASE("a name is given once, and what is wrong with it is said at its place") {
  const auto complaint = [](const auto& action) {
    try {
      action();
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  Names names;
  names.add("solver", "model", {"run.yaml", 3, 3});
  CHECK(complaint([&] {
          names.add("solver", "stage", {"run.yaml", 9, 3});
        }) ==
        "run.yaml:9:3: the name 'solver' is used twice: for a model at run.yaml:3:3 and for a stage here; each name "
        "means one thing");
  const std::string slash = complaint([&] { names.add("../x", "stage", {"run.yaml", 9, 3}); });
  CHECK(slash.starts_with("run.yaml:9:3: '../x' is no name for a stage: it holds '/'. "));
  CHECK(complaint([&] { names.add("a\nb", "stage", {}); }).starts_with("'a\\x0ab' is no name"));
}
