// Digests of large inputs, remembered for as long as the files are the same.

#include "framework/store/digest_notes.h"

#include <chrono>
#include <thread>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

TEST_CASE("a digest is remembered by the run folder and found by path and state") {
  const TempFolder temp;
  write_plain(temp / "weights", "values");
  DigestNotes notes;
  CHECK(notes.hash(temp / "weights") == sha256("values"));
  CHECK(*notes.find(temp / "weights") == sha256("values"));
  CHECK_FALSE(notes.find(temp / "other"));
  notes.write(temp.path());
  const DigestNotes read = DigestNotes::read(temp.path());
  CHECK(*read.find(temp / "weights") == sha256("values"));
  CHECK(*read.find(temp.path() / "." / "weights") == sha256("values"));
}

TEST_CASE("whoever writes, replaces or touches a file voids its note") {
  const TempFolder temp;
  const auto noted = [&] {
    DigestNotes notes;
    write_plain(temp / "weights", "values");
    (void)notes.hash(temp / "weights");
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // times of files move in ticks of the kernel
    return notes;
  };
  {
    const DigestNotes notes = noted();
    write_plain(temp / "weights", "vAlues");
    CHECK_FALSE(notes.find(temp / "weights"));
  }
  {
    const DigestNotes notes = noted();
    fs::last_write_time(temp / "weights", fs::last_write_time(temp / "weights"));  // mtime as it was, ctime is not
    CHECK_FALSE(notes.find(temp / "weights"));
  }
  {
    const DigestNotes notes = noted();
    fs::copy_file(temp / "weights", temp / "copy");
    fs::rename(temp / "copy", temp / "weights");
    CHECK_FALSE(notes.find(temp / "weights"));
    fs::remove(temp / "weights");
    CHECK_FALSE(notes.find(temp / "weights"));
  }
}

TEST_CASE("a torn or foreign note is none; one that cannot be read is told") {
  const TempFolder temp;
  for (const char* text :
       {"", "{", "[1]", "{}", R"([{"file": 1, "state": {}, "sha256": "x"}])", R"([{"file": "/a"}])"}) {
    write_plain(temp / "input_digests.json", text);
    CHECK_FALSE(DigestNotes::read(temp.path()).find("/a"));
  }
  fs::remove(temp / "input_digests.json");
  CHECK_NOTHROW((void)DigestNotes::read(temp.path()));
  fs::create_symlink("/nowhere/at/all", temp / "input_digests.json");
  CHECK_THROWS_AS((void)DigestNotes::read(temp.path()), Unreadable);
}
