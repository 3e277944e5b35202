#include "framework/base/user_path.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "framework/base/error.h"

using namespace ft;

namespace {

// Sets one variable of the environment, and puts back what it was.
class Variable {
 public:
  Variable(std::string name, const char* value) : name_(std::move(name)) {
    const char* before = std::getenv(name_.c_str());
    had_ = before != nullptr;
    if (had_) before_ = before;
    value == nullptr ? unsetenv(name_.c_str()) : setenv(name_.c_str(), value, 1);
  }
  ~Variable() { had_ ? setenv(name_.c_str(), before_.c_str(), 1) : unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_, before_;
  bool had_ = false;
};

}  // namespace

TEST_CASE("a tilde is the home folder of HOME, or of the user who is named") {
  const Variable home("HOME", "/home/ada");
  CHECK(user_path("~") == "/home/ada");
  CHECK(user_path("~/") == "/home/ada/");
  CHECK(user_path("~/runs/x") == "/home/ada/runs/x");
  const passwd* self = getpwuid(getuid());
  REQUIRE(self != nullptr);
  const std::string name = self->pw_name, folder = self->pw_dir;
  CHECK(user_path("~" + name) == folder);
  CHECK(user_path("~" + name + "/a b") == folder + "/a b");
  const Variable none("HOME", nullptr);
  CHECK(user_path("~/x") == folder + "/x");
}

TEST_CASE("a tilde that cannot be replaced is refused, with the way out") {
  CHECK_THROWS_WITH_AS((void)user_path("~nobody-of-that-name/x"), doctest::Contains("write './~nobody-of-that-name/x'"),
                       UserError);
}

TEST_CASE("a variable is refused by its name, unless the path is there") {
  for (const char* text : {"$HOME/x", "${HOME}/x", "/scratch/$USER", "/a/${B_2}c/d"}) {
    CHECK_THROWS_WITH_AS((void)user_path(text), doctest::Contains("only a shell"), UserError);
  }
  CHECK_THROWS_WITH_AS((void)user_path("/a/${B_2}c/d"), doctest::Contains("${B_2},"), UserError);
  for (const char* text : {"a$", "a$/b", "5$5", "a$-b", "cost in $ 5"}) CHECK(user_path(text) == text);
  const std::filesystem::path there = std::filesystem::temp_directory_path() / "ftrun $NAME";
  std::ofstream(there).put('x');
  CHECK(user_path(there.string()) == there.string());
  std::filesystem::remove(there);
}

TEST_CASE("a path without tilde and dollar stays as it is") {
  CHECK(rc::check([] {
    auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
    std::erase(text, '$');
    RC_PRE(!text.starts_with('~'));
    RC_ASSERT(user_path(text) == text);
  }));
  CHECK(user_path("a/~/b") == "a/~/b");
}

TEST_CASE("what no file system holds, and what no log could name, is refused") {
  const auto refused = [](std::string_view text, const char* why) {
    CHECK_THROWS_WITH_AS((void)user_path(text), doctest::Contains(why), UserError);
  };
  refused("a/caf\xE9/b", "byte 6 of this path is no UTF-8");
  refused(std::string_view("a\0b", 3), "a byte of zero");
  refused("a/" + std::string(256, 'x') + "/b", "has 256 bytes: a name has at most 255");
  std::string longest;
  while (longest.size() < 4095) longest += longest.size() % 200 == 199 ? '/' : 'x';
  CHECK(user_path(longest) == longest);
  refused(longest + "x", "has 4096 bytes: at most 4095");
  CHECK(user_path("a/" + std::string(255, 'x')).size() == 257);
}
