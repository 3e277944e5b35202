#include "framework/store/end_note.h"

#include <sys/wait.h>
#include <unistd.h>

#include "framework/store/files.h"
#include "framework/store/lock.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("the note of an end is a number, that of a beginning is none, and nobody ends another's start") {
  const TempFolder temp;
  const auto note = [&] { return read_file(temp.path() / kEndNoteName); };
  note_end(temp.path(), ExitCode::done);  // never begun here
  CHECK_FALSE(std::filesystem::exists(temp.path() / kEndNoteName));
  note_begin(temp.path());
  CHECK(note().starts_with("not ended: process " + std::to_string(getpid()) + " on "));
  note_end(temp.path(), ExitCode::stopped);
  CHECK(note() == "75\n");
  note_end(temp.path(), ExitCode::failure);  // said once
  CHECK(note() == "75\n");
  replace_file(temp.path() / kEndNoteName, "0\n");
  {
    const RunLock other(temp.path());
    note_end(temp.path(), ExitCode::stopped);  // while it made its plan, and another start is at work
    CHECK(note() == "0\n");
  }
  note_end(temp.path(), ExitCode::stopped);
  CHECK(note() == "75\n");
  note_begin(temp.path());
  const pid_t child = fork();
  if (child == 0) {
    note_end(temp.path(), ExitCode::failure);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  CHECK(note().starts_with("not ended: process " + std::to_string(getpid())));
}
