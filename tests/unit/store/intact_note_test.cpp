#include "framework/store/intact_note.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "framework/store/files.h"
#include "framework/store/folder_writer.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

SealedFolder sealed(const fs::path& target) {
  FolderWriter writer = FolderWriter::create(target);
  writer.write("a.txt", "first");
  writer.write("b.txt", "second");
  writer.seal({.format = "ftrun-test"});
  return SealedFolder::open(target);
}

}  // namespace

TEST_CASE("a note vouches for the folder as it was, and for nothing that was written to since") {
  const TempFolder temp;
  const fs::path target = temp.path() / "x";
  SealedFolder folder = sealed(target);
  const IntactNote note(temp.path() / "intact.json");
  CHECK_FALSE(note.vouches_for(folder));
  note.remember(folder);
  CHECK(note.vouches_for(folder));
  CHECK(IntactNote(temp.path() / "intact.json").vouches_for(SealedFolder::open(target)));

  // File systems stamp times by a clock that ticks every few milliseconds.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  SUBCASE("another byte in the same place, the time set back") {
    struct stat before {};
    REQUIRE(::stat((target / "b.txt").c_str(), &before) == 0);
    std::fstream(target / "b.txt", std::ios::in | std::ios::out).seekp(2).put('X');
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, (target / "b.txt").c_str(), times, 0) == 0);
    CHECK_FALSE(note.vouches_for(SealedFolder::open(target)));
  }
  SUBCASE("a copy in its place") {
    fs::rename(target / "a.txt", temp.path() / "old");
    fs::copy_file(temp.path() / "old", target / "a.txt");
    CHECK_FALSE(note.vouches_for(SealedFolder::open(target)));
  }
  SUBCASE("the same content, sealed again") {
    discard_folder(target);
    CHECK_FALSE(note.vouches_for(sealed(target)));
  }
  SUBCASE("a note that is damaged") {
    replace_file(temp.path() / "intact.json", "{\"manifest\": ");
    CHECK_FALSE(note.vouches_for(folder));
    note.remember(folder);
    CHECK(note.vouches_for(folder));
  }
}
