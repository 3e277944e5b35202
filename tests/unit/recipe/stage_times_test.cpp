// What a stage took is the sum over all starts, killed ones up to their last word in the log.

#include "framework/recipe/stage_times.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "framework/store/append_log.h"
#include "framework/store/files.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("ftrun-times-{}", ::getpid());
  Folder() { make_folder(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  void ledger(std::string_view line) const { AppendLog(path / "ledger.jsonl").append(line); }
  void log(std::string_view text) const { std::ofstream(path / "log.txt", std::ios::app) << text; }
};

}  // namespace

TEST_CASE("seconds of all starts add up, each stage by its identity") {
  const Folder folder;
  CHECK(read_stage_times(folder.path).empty());
  folder.ledger(R"({"time":"2026-11-29T10:00:00Z","event":"start","ranks":2,"memory":100})");
  folder.ledger(R"({"time":"2026-11-29T10:00:01Z","event":"stage begins","stage":"solver","identity":"aa"})");
  folder.ledger(R"({"time":"2026-11-29T10:01:00Z","event":"stage stops","stage":"solver","seconds":59.5})");
  folder.ledger(R"({"time":"2026-11-29T11:00:00Z","event":"start","ranks":4,"tensor":2,"memory":50})");
  folder.ledger(R"({"time":"2026-11-29T11:00:01Z","event":"stage begins","stage":"solver","identity":"aa"})");
  folder.ledger(R"({"time":"2026-11-29T11:30:00Z","event":"stage was cut off","stage":"solver","seconds":20})");
  folder.ledger(R"({"time":"2026-11-29T11:30:00Z","event":"stage begins","stage":"solver","identity":"aa"})");
  folder.ledger(R"({"time":"2026-11-29T11:30:10Z","event":"stage ends","stage":"solver","seconds":10.5,"memory":450})");
  folder.ledger(R"({"time":"2026-11-29T11:30:10Z","event":"stage begins","stage":"solver","identity":"bb"})");
  folder.ledger(R"({"time":"2026-11-29T11:30:20Z","event":"stage was cut off","stage":"solver","seconds":0})");
  folder.ledger(R"([1, 2])");
  const StageTimes times = read_stage_times(folder.path);
  const StageTime* first = find_time(times, "solver", "aa");
  REQUIRE(first != nullptr);
  CHECK(first->seconds == 90);
  CHECK(first->starts == 3);
  CHECK(first->unknown == 0);
  CHECK(first->ended);
  CHECK(first->memory == 400);
  CHECK(first->peak == 450);
  CHECK(first->ranks == 4);
  CHECK(first->tensor == 2);
  const StageTime* second = find_time(times, "solver", "bb");
  REQUIRE(second != nullptr);
  CHECK(second->unknown == 1);
  CHECK_FALSE(second->ended);
  CHECK(find_time(times, "solver", "cc") == nullptr);
}

TEST_CASE("pages of libraries' files are no part of what a stage took") {
  const Folder folder;
  folder.ledger(R"({"event":"start","memory":100,"libraries":60})");
  folder.ledger(R"({"event":"stage begins","stage":"solver","identity":"aa"})");
  folder.ledger(R"({"event":"stage ends","stage":"solver","seconds":1,"memory":450,"libraries":90})");
  const StageTimes times = read_stage_times(folder.path);
  const StageTime* time = find_time(times, "solver", "aa");
  REQUIRE(time != nullptr);
  CHECK(time->memory == (450 - 90) - (100 - 60));
  CHECK(time->peak == 450);
}

TEST_CASE("a start that was killed lives until the last line of its log") {
  const Folder folder;
  CHECK(find_cut_off(folder.path).stage.empty());
  folder.log("2026-11-29T09:59:00Z an earlier start\n");
  folder.ledger(R"({"time":"2026-11-29T10:00:00Z","event":"stage begins","stage":"solver","identity":"aa"})");
  CHECK(find_cut_off(folder.path).stage == "solver");
  CHECK_FALSE(find_cut_off(folder.path).known);  // no line since then
  folder.log("2026-11-29T10:00:40Z solver: 10 of 20\nposition id\n 2026");
  CHECK(find_cut_off(folder.path).known);
  CHECK(find_cut_off(folder.path).seconds == 40);
  folder.ledger(R"({"time":"2026-11-29T10:01:00Z","event":"stage stops","stage":"solver","seconds":60})");
  CHECK(find_cut_off(folder.path).stage.empty());
}
