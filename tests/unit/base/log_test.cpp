#include "framework/base/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <vector>

#include "framework/base/clock.h"
#include "framework/base/error.h"

using namespace ft;

TEST_CASE("rank 0 informs, the others only warn and say who they are") {
  std::vector<std::string> lines;
  const auto sink = [&](std::string_view line) { lines.emplace_back(line); };
  Logger first(0, sink), third(3, sink);
  for (Logger* log : {&first, &third}) {
    log->info("step {} loss {:.2f}", 12, 1.5);
    log->warn("{}% full", 97);
    log->error("gone");
  }
  CHECK(lines == std::vector<std::string>{"step 12 loss 1.50", "warning: 97% full", "error: gone",
                                          "[rank 3] warning: 97% full", "[rank 3] error: gone"});
  CHECK(first.informs());
  CHECK_FALSE(third.informs());
}

TEST_CASE("text from outside is never taken as a format") {
  std::string last;
  Logger log(0, [&](std::string_view line) { last = line; });
  log.info_line("{} and {:d}");
  CHECK(last == "{} and {:d}");
  log.warn_line("%v {");
  CHECK(last == "warning: %v {");
}

TEST_CASE("the file gets each line at once, with the time") {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("ft_log_test_{}", getpid());
  std::filesystem::remove(path);
  for (int run = 0; run < 2; ++run) {  // a continued run appends
    Logger log(0, [](std::string_view) {});
    log.to_file(path);
    log.info("hello {}", run);
    std::ifstream in(path);
    std::string line;
    for (int i = 0; i <= run; ++i) std::getline(in, line);
    for (std::size_t i = 0; i < 20 && i < line.size(); ++i) {
      if (line[i] >= '0' && line[i] <= '9') line[i] = '#';
    }
    CHECK(line == fmt::format("####-##-##T##:##:##Z hello {}", run));
  }
  std::filesystem::remove(path);
  Logger log(0, [](std::string_view) {});
  CHECK_THROWS_AS(log.to_file("/proc/no/such/log"), UserError);
}

TEST_CASE("a place that takes no lines does not keep them from the other") {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("ft_log_lost_{}", getpid());
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const int before = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  for (const int end : ends) close(end);  // nobody reads what is written to standard error
  {
    Logger log(0);
    log.to_file("/dev/full");
    log.to_file(path);
    for (int line = 0; line < 3; ++line) log.info("line {}", line);
    log.warn("the last one");
  }
  dup2(before, STDERR_FILENO);
  close(before);
  std::ifstream in(path);
  std::vector<std::string> texts;
  for (std::string line; std::getline(in, line);) texts.push_back(line.substr(std::min<std::size_t>(line.size(), 21)));
  std::filesystem::remove(path);
  CHECK(texts == std::vector<std::string>{"line 0", "line 1", "line 2", "warning: the last one"});
}

TEST_CASE("clocks") {
  CHECK(utc_text(0) == "1970-01-01T00:00:00Z");
  CHECK(utc_text(951782400) == "2000-02-29T00:00:00Z");
  CHECK(utc_text(4102444799) == "2099-12-31T23:59:59Z");
  CHECK(utc_now() <= utc_text(unix_seconds()));
  const Stopwatch watch;
  const double first = watch.seconds(), second = watch.seconds();
  CHECK(first >= 0);
  CHECK(second >= first);
}
