// Whether a folder could be written is asked without writing.

#include "framework/store/rights.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

using namespace ft;
namespace fs = std::filesystem;

TEST_CASE("folders that could be made, files in the way, and folders without rights") {
  const fs::path base = fs::temp_directory_path() / fmt::format("ftrun-access-{}", ::getpid());
  fs::create_directories(base / "open");
  std::ofstream(base / "file") << "x";
  CHECK(why_not_writable(base / "open").empty());
  CHECK(why_not_writable(base / "open" / "").empty());
  CHECK(why_not_writable(base / "not" / "yet" / "there").empty());
  CHECK_FALSE(fs::exists(base / "not"));
  CHECK(why_not_writable(base / "file") == (base / "file").string() + " is a file, not a folder");
  CHECK(why_not_writable(base / "file" / "run") == (base / "file").string() + " is a file, not a folder");
  fs::create_directory_symlink(base / "nowhere", base / "dangling");
  CHECK_FALSE(why_not_writable(base / "dangling" / "run").empty());
  if (::geteuid() != 0) {
    fs::permissions(base / "open", fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(why_not_writable(base / "open" / "run").starts_with("you may not write into " + (base / "open").string()));
    fs::permissions(base / "open", fs::perms::owner_all);
  }
  fs::remove_all(base);
}
