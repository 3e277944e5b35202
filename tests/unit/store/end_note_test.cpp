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
  EndNote never, begun;
  never.end(temp.path(), ExitCode::done);
  CHECK_FALSE(std::filesystem::exists(temp.path() / kEndNoteName));
  begun.begin(temp.path());
  CHECK(note().starts_with("not ended: process " + std::to_string(getpid()) + " on "));
  begun.end(temp.path(), ExitCode::stopped);
  CHECK(note() == "75\n");
  begun.end(temp.path(), ExitCode::failure);  // said once
  CHECK(note() == "75\n");
  replace_file(temp.path() / kEndNoteName, "0\n");
  {
    const RunLock other(temp.path());
    never.end(temp.path(), ExitCode::stopped);  // while it made its plan, and another start is at work
    CHECK(note() == "0\n");
  }
  never.end(temp.path(), ExitCode::stopped);
  CHECK(note() == "75\n");
  EndNote next;
  next.begin(temp.path());
  const pid_t child = fork();
  if (child == 0) {
    next.end(temp.path(), ExitCode::failure);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  CHECK(note().starts_with("not ended: process " + std::to_string(getpid())));
}

TEST_CASE("the end is noted where the folder lies now, and not in one that another start has taken") {
  const TempFolder temp;
  const std::filesystem::path run = temp.path() / "run", moved = temp.path() / "moved";
  make_folder(run);
  EndNote note;
  note.begin(run);
  std::filesystem::rename(run, moved);
  make_folder(run);
  note.end(run, ExitCode::failure);
  CHECK(read_file(moved / kEndNoteName) == "1\n");
  CHECK_FALSE(std::filesystem::exists(run / kEndNoteName));
  EndNote old;
  old.begin(run);
  replace_file(run / kEndNoteName, "not ended: process 1 on another host\n");
  old.end(run, ExitCode::failure);
  CHECK(read_file(run / kEndNoteName) == "not ended: process 1 on another host\n");
}
