#include "framework/base/reading.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace ft;
namespace fs = std::filesystem;

namespace {

struct Temporary {
  fs::path path = fs::temp_directory_path() / ("ft-reading-" + std::to_string(::getpid()));
  Temporary() { fs::create_directories(path); }
  ~Temporary() { fs::remove_all(path); }
};

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Unreadable& error) {
    return error.what();
  }
  return "no refusal";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Runs `action` while not one more file can be opened.
void without_descriptors(const std::function<void()>& action) {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  action();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

}  // namespace

TEST_CASE("what is there, and what is not") {
  const Temporary temp;
  write(temp.path / "a", "alpha");
  fs::create_directory(temp.path / "b");
  fs::create_symlink(temp.path / "a", temp.path / "link");
  CHECK(look_at(temp.path / "a").kind == Found::Kind::file);
  CHECK(look_at(temp.path / "a").size == 5);
  CHECK(look_at(temp.path / "link").kind == Found::Kind::file);
  CHECK(look_at_entry(temp.path / "link").kind == Found::Kind::other);
  CHECK(look_at(temp.path / "b").kind == Found::Kind::folder);
  CHECK(look_at("/dev/null").kind == Found::Kind::other);
  for (const char* nothing : {"c", "a/below-a-file", "c/d"}) {
    CAPTURE(nothing);
    CHECK_FALSE(is_there(temp.path / nothing));
    CHECK_FALSE(is_file(temp.path / nothing));
    CHECK_FALSE(is_folder(temp.path / nothing));
    CHECK(list_folder(temp.path / nothing).empty());
    CHECK_FALSE(read_if_there(temp.path / nothing));
    CHECK_THROWS_AS((void)read_file(temp.path / nothing), UserError);
    CHECK_THROWS_AS(InputFile(temp.path / nothing), Unreadable);
  }
  CHECK(look_through(temp.path / "c").kind == Found::Kind::nothing);
  CHECK(look_through(temp.path / "link").size == 5);
  CHECK(list_folder(temp.path) == std::vector<std::string>{"a", "b", "link"});
  CHECK(read_file(temp.path / "link") == "alpha");
  CHECK(*read_if_there(temp.path / "a") == "alpha");
  CHECK_THROWS_AS((void)read_file(temp.path / "b"), UserError);
}

TEST_CASE("what cannot be known is neither there nor missing") {
  const Temporary temp;
  fs::create_symlink(temp.path / "nowhere", temp.path / "dangling");
  fs::create_symlink(temp.path / "loop", temp.path / "loop");
  CHECK(is_there(temp.path / "dangling"));  // the name is taken
  CHECK(look_through(temp.path / "dangling").kind == Found::Kind::dangling);
  CHECK(look_through(temp.path / "loop").kind == Found::Kind::dangling);
  for (const auto& action : std::vector<std::function<void(const fs::path&)>>{
           [](const fs::path& p) { (void)look_at(p); }, [](const fs::path& p) { (void)is_file(p); },
           [](const fs::path& p) { (void)list_folder(p); }, [](const fs::path& p) { (void)read_if_there(p); },
           [](const fs::path& p) { (void)read_file(p); }, [](const fs::path& p) { LineReader{p}; }}) {
    CHECK(has(refusal([&] { action(temp.path / "dangling"); }),
              "dangling: it is a link, and what it leads to is not there"));
    CHECK(has(refusal([&] { action(temp.path / "loop"); }), "Too many levels of symbolic links"));
    CHECK(has(refusal([&] { action(temp.path / std::string(300, 'x')); }), "File name too long"));
  }
  write(temp.path / "a", "alpha");
  std::string why, of_folder;
  without_descriptors([&] {
    why = refusal([&] { (void)read_if_there(temp.path / "a"); });
    of_folder = refusal([&] { (void)list_folder(temp.path); });
  });
  CHECK(has(why, "/a: Too many open files"));
  CHECK(has(why, "ulimit -n"));
  CHECK(has(of_folder, "Too many open files"));
  CHECK(has(refusal([&] { (void)InputFile(temp.path).read_rest(); }), "Is a directory"));
}

TEST_CASE("lines are those of the file, whatever its length, and a torn last one is told") {
  const Temporary temp;
  rc::check("any text", [&](const std::vector<std::string>& words, bool torn, int repeat) {
    std::string text;
    std::vector<std::string> expected;
    for (int i = 0; i <= std::abs(repeat) % 40; ++i) {
      for (std::string word : words) {
        std::erase(word, '\n');
        word += std::string(static_cast<std::size_t>(i) * 997, 'y');
        text += word + "\n";
        expected.push_back(word);
      }
    }
    if (torn) expected.emplace_back("torn");
    write(temp.path / "lines", text + (torn ? "torn" : ""));
    LineReader lines(temp.path / "lines");
    std::vector<std::string> found;
    bool last_is_torn = false;
    for (std::string line; lines.next(line);) {
      RC_ASSERT(!last_is_torn);
      found.push_back(line);
      last_is_torn = lines.torn();
    }
    RC_ASSERT(found == expected);
    RC_ASSERT(last_is_torn == torn);
  });
}
