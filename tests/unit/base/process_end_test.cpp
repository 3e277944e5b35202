#include "framework/base/process_end.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>

using namespace ft;

namespace {

struct End {
  int code = -1;  // negative: by that signal
  std::string said;
};

// What becomes of a child that does this, and what it writes to standard error.
End end_of(const std::function<void()>& work) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    prepare_process();
    work();
    _exit(99);
  }
  close(ends[1]);
  End end;
  std::array<char, 4096> piece;
  for (ssize_t count; (count = read(ends[0], piece.data(), piece.size())) > 0;)
    end.said.append(piece.data(), static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return end;
}

void throw_out_of_noexcept(const std::function<void()>& thrower) noexcept { thrower(); }

}  // namespace

TEST_CASE("an end that hangs is cut off with its code, by the first call") {
  const End end = end_of([] {
    end_within(1, 75);
    end_within(1, 3);
    for (;;) pause();
  });
  CHECK(end.code == 75);
  CHECK(end.said.empty());
}

TEST_CASE("what does not come in time ends the process with its words; what has come does not") {
  const End late = end_of([] {
    expect_within(1, "it has not come\n");
    for (;;) pause();
  });
  CHECK(late.code == 1);
  CHECK(late.said == "it has not come\n");
  const End come = end_of([] {
    expect_within(1, "it has not come\n");
    has_come();
    sleep(2);
    end_within(1, 75);
    for (;;) pause();
  });
  CHECK(come.code == 75);
  CHECK(come.said.empty());
  const End ending = end_of([] {
    expect_within(5, "it has not come\n");
    end_within(1, 75);  // an end has begun
    has_come();
    for (;;) pause();
  });
  CHECK(ending.code == 75);
}

TEST_CASE("an exception that nothing catches ends the process with one line and exit code 1") {
  const End memory = end_of([] { throw_out_of_noexcept([] { throw std::bad_alloc(); }); });
  CHECK(memory.code == 1);
  CHECK(memory.said.starts_with("ftrun: ended by a lack of memory"));
  const End error = end_of([] { throw_out_of_noexcept([] { throw std::runtime_error("no thread"); }); });
  CHECK(error.code == 1);
  CHECK(error.said.find("no thread") != std::string::npos);
  CHECK(std::ranges::count(error.said, '\n') == 1);
  CHECK(end_of([] { std::terminate(); }).code == 1);
}

TEST_CASE("the end flushes what was printed and runs no handlers") {
  const End end = end_of([] {
    std::atexit([] { say_plainly("a handler"); });
    std::fputs("a result", stdout);
    end_process(2);
  });
  CHECK(end.code == 2);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(end.said == "a result");
#endif
}

TEST_CASE("standard streams that are closed are opened on nothing") {
  const End end = end_of([] {
    for (const int stream : {0, 1}) close(stream);
    prepare_process();
    const int next = open("/dev/zero", O_RDONLY);
    _exit(next > 2 ? 0 : 1);
  });
  CHECK(end.code == 0);
}
