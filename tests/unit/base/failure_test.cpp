#include "framework/base/failure.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <new>
#include <system_error>

#include "framework/base/error.h"

using namespace ft;

TEST_CASE("out of memory says how much is held and allowed, and what needs less") {
  const std::bad_alloc ours;
  CHECK(is_out_of_memory(ours));
  const std::string text = failure_text(ours);
  for (const char* part : {"out of memory", "this process holds", "allows", "ftrun plan"})
    CHECK(text.find(part) != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);

  const std::runtime_error libtorchs(
      "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
      "34359738368 bytes. Error code 12 (Cannot allocate memory)\nException raised from x at y (most recent call "
      "first):");
  CHECK(is_out_of_memory(libtorchs));
  CHECK(failure_text(libtorchs).starts_with("out of memory (asked for 34.4 GB)"));
  CHECK_FALSE(is_out_of_memory(Error("the disk is full")));
}

TEST_CASE("errors of libraries are put into words, ours stay as they are") {
  CHECK(failure_text(Error("two\nlines")) == "two\nlines");
  CHECK(failure_text(std::runtime_error("bad shape\nException raised from f at g.cpp:1\nframe #0")) == "bad shape");
  const std::system_error no_thread(EAGAIN, std::generic_category());
  CHECK(failure_text(no_thread).find("ulimit -u") != std::string::npos);
  const std::filesystem::filesystem_error file("cannot list", "/x",
                                               std::make_error_code(std::errc::too_many_files_open));
  CHECK(failure_text(file).find("/x") != std::string::npos);
  CHECK(failure_text(file).find("ulimit -n") != std::string::npos);
}

TEST_CASE("what the system refuses is told with its limit and what to do") {
  CHECK(advice_on(ENOSPC, "/tmp/x").find("bytes are free") != std::string::npos);
  CHECK(advice_on(EDQUOT, "/tmp/x").find("quota") != std::string::npos);
  CHECK(advice_on(EDQUOT, "/tmp/x").find("bytes are free") == std::string::npos);
  CHECK(advice_on(EMFILE, "/tmp/x").find("ulimit -n") != std::string::npos);
  CHECK(advice_on(ENFILE, "/tmp/x").find("file-max") != std::string::npos);
  CHECK(advice_on(EACCES, "/tmp/x").empty());
}
