// What a stop takes is measured where a kill would lose something, and by this start rather than an earlier one.

#include "framework/recipe/stop_lead.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "framework/store/files.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("ftrun-lead-{}", ::getpid());
  Folder() { make_folder(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  int written() const {
    std::ifstream file(path / StopLead::kFile);
    int seconds = -1;
    file >> seconds;
    return seconds;
  }
};

void pause(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

}  // namespace

TEST_CASE("time in which nothing can be lost does not count") {
  const Folder folder;
  StopLead lead(folder.path);
  lead.polled();
  pause(1.2);  // a model is read
  lead.polled();
  CHECK(lead.seconds() == 5);
  {
    const StopLead::Work work(lead);
    pause(0.7);
    lead.polled();
    CHECK(lead.seconds() >= 7);  // 1.5 x 0.7 + 5
    CHECK(lead.seconds() <= 30);
  }
  pause(1.2);
  lead.polled();
  const StopLead::Work next(lead);  // another stage, other gaps
  lead.polled();
  CHECK(lead.seconds() <= 6);
}

TEST_CASE("what an earlier start has found holds until this one has measured a save") {
  const Folder folder;
  replace_file(folder.path / StopLead::kFile, "40\n");
  StopLead lead(folder.path);
  CHECK(lead.seconds() == 40);
  const StopLead::Work work(lead);
  lead.polled();
  CHECK(lead.seconds() == 40);
  lead.saved(2);
  CHECK(lead.seconds() >= 8);
  CHECK(lead.seconds() <= 10);
  CHECK(lead.write());
  CHECK(folder.written() <= 10);
  CHECK_FALSE(lead.write());  // no news
  lead.saved(20);
  CHECK(lead.write());
  CHECK(folder.written() >= 35);
}
