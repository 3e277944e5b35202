#include "framework/store/files.h"

#include <fcntl.h>

#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

TEST_CASE("files are written whole, replaced atomically, and never over something by accident") {
  const TempFolder temp;
  write_new_file(temp / "a", "one");
  CHECK(read_file(temp / "a") == "one");
  CHECK(has(refusal([&] { write_new_file(temp / "a", "two"); }), "File exists"));
  CHECK(read_file(temp / "a") == "one");
  write_plain(temp / ".a.partial", "of a killed process");
  replace_file(temp / "a", "two");
  CHECK(read_file(temp / "a") == "two");
  CHECK_FALSE(fs::exists(temp / ".a.partial"));
  const std::string big(300'000, 'x');
  replace_file(temp / "big", big);
  CHECK(read_file(temp / "big") == big);
}

TEST_CASE("replacing fails without touching what was there") {
  const TempFolder temp;
  fs::create_directory(temp / "a");
  CHECK_THROWS_AS(replace_file(temp / "a", "text"), Error);
  CHECK(fs::is_directory(temp / "a"));
  CHECK_FALSE(fs::exists(temp / ".a.partial"));
}

TEST_CASE("errors name path and reason; wrong paths are the user's") {
  CHECK_THROWS_WITH_AS((void)read_file("/no/such"), "cannot read /no/such: No such file or directory", UserError);
  CHECK_THROWS_AS(write_new_file("/proc/x", "text"), UserError);
  try {
    fail_system("write", "/x", ENOSPC);
  } catch (const UserError&) {
    FAIL("a full disk is nobody's mistake");
  } catch (const Error& error) {
    CHECK(has(error.what(), "cannot write /x: No space left on device ("));
    CHECK(has(error.what(), " bytes are free); free some space"));
  }
  FileHandle full("/dev/full", O_WRONLY);
  CHECK(has(refusal([&] { full.write("x"); }), "cannot write 1 bytes to /dev/full: No space left on device"));
}

TEST_CASE("reserving takes the blocks; what no disk holds is refused and leaves nothing") {
  const TempFolder temp;
  FileHandle file(temp / "a", O_WRONLY | O_CREAT);
  file.reserve(123'456);
  CHECK(file.size() >= 123'456);
  CHECK_NOTHROW(require_space(temp.path(), 1 << 20));
  const std::string why = refusal([&] { require_space(temp.path(), std::int64_t{1} << 52); });
  CHECK(has(why, "needs 4503599627370496 bytes of free space"));
  CHECK(std::distance(fs::directory_iterator(temp.path()), {}) == 1);
}

TEST_CASE("folders are made, discarded and cleared of what kills have left") {
  const TempFolder temp;
  make_folder(temp / "a/b/c");
  make_folder(temp / "a/b/c/");
  CHECK(fs::is_directory(temp / "a/b/c"));
  write_plain(temp / "a/file", "x");
  CHECK_THROWS_AS(make_folder(temp / "a/file/x"), UserError);
  discard_folder(temp / "a");
  discard_folder(temp / "a");
  CHECK(fs::is_empty(temp.path()));
  make_folder(temp / ".x.partial/deep");
  make_folder(temp / ".y.discarded");
  make_folder(temp / ".hidden");
  make_folder(temp / "z.partial");
  CHECK(remove_leftovers(temp.path()) == 2);
  CHECK(fs::exists(temp / ".hidden"));
  CHECK(fs::exists(temp / "z.partial"));
  CHECK(remove_leftovers(temp / "nowhere") == 0);
}
