#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <set>

#include "framework/store/folder_writer.h"
#include "framework/store/lineage.h"
#include "framework/store/lock.h"
#include "framework/store/retention.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

void seal(const fs::path& target, const std::string& format, const std::vector<Parent>& parents) {
  FolderWriter writer = FolderWriter::create(target);
  writer.write("data", target.string().substr(target.string().size() - 3));
  writer.seal({.format = format, .parents = parents});
}

Parent parent_at(const std::string& role, const fs::path& folder) { return parent(role, SealedFolder::open(folder)); }

// base (outside) <- solver <- attempts; verifier <- solver, attempts
void make_chain(const TempFolder& temp) {
  fs::create_directory(temp / "base");
  make_folder(temp / "run");
  seal(temp / "run/solver", "ftrun-model", {{"model", (temp / "base").string(), ""}});
  seal(temp / "run/attempts", "ftrun-attempts", {parent_at("model", temp / "run/solver")});
  seal(temp / "run/verifier", "ftrun-model",
       {parent_at("model", temp / "run/solver"), parent_at("attempts", temp / "run/attempts")});
}

std::vector<std::string> texts(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const Link& link : lineage(folder)) lines.push_back(to_text(link));
  return lines;
}

}  // namespace

TEST_CASE("lineage walks back to the base, and still does after the tree has moved") {
  const TempFolder temp;
  make_chain(temp);
  const std::vector<std::string> expected = {
      "verifier (ftrun-model): intact", "  model <- solver (ftrun-model): intact", "    model <- base: from outside",
      "  attempts <- attempts (ftrun-attempts): intact", "    model <- solver (ftrun-model): intact"};
  CHECK(texts(temp / "run/verifier") == expected);
  CHECK(SealedFolder::open(temp / "run/verifier").manifest().parents[0].path == "../solver");
  const TempFolder other;
  fs::rename(temp / "run", other / "run");
  fs::rename(temp / "base", other / "base");
  CHECK(texts(other / "run/verifier") == expected);
}

TEST_CASE("a broken link is named: missing, remade, damaged") {
  const TempFolder temp;
  make_chain(temp);
  fs::remove_all(temp / "run/solver");
  CHECK(texts(temp / "run/attempts") ==
        std::vector<std::string>{"attempts (ftrun-attempts): intact",
                                 "  model <- solver: BROKEN, it is not there any more"});
  seal(temp / "run/solver", "ftrun-model", {});
  const auto links = lineage(temp / "run/attempts");
  REQUIRE(links.size() == 2);
  CHECK(links[1].state == Link::State::changed);
  CHECK(links[1].broken());
  CHECK(has(to_text(links[1]), "BROKEN, the manifest is another one than when it was used"));
  fs::resize_file(temp / "run/attempts/data", 1);
  const auto damaged = lineage(temp / "run/attempts");
  REQUIRE(damaged.size() == 1);
  CHECK(has(to_text(damaged[0]), "BROKEN, "));
  CHECK(has(to_text(damaged[0]), "data has 1 bytes instead of 3"));
  CHECK(lineage(temp / "nowhere")[0].state == Link::State::missing);
}

TEST_CASE("retention keeps the last, the best, and never removes the only one") {
  std::vector<Candidate> candidates;
  const std::vector<double> losses = {0.9, 0.3, NAN, 0.5, 0.3, 0.7, NAN};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    candidates.push_back({fmt::format("c{}", i), static_cast<std::int64_t>(i * 100), losses[i]});
  }
  using Paths = std::vector<fs::path>;
  CHECK(removable(candidates, {.last = 2, .best = 1}) == Paths{"c0", "c1", "c2", "c3"});
  CHECK(removable(candidates, {.last = 1, .best = 2}) == Paths{"c0", "c2", "c3", "c5"});
  CHECK(removable(candidates, {.last = 0, .best = 0}) == Paths{"c0", "c1", "c2", "c3", "c4", "c5"});
  CHECK(removable(candidates, {.last = 9, .best = 0}).empty());
  CHECK(removable({candidates[2]}, {.last = 0, .best = 0}).empty());
  CHECK(removable({}, {}).empty());
}

TEST_CASE("retention against brute force") {
  CHECK(rc::check([] {
    const int count = *rc::gen::inRange(1, 12), last = *rc::gen::inRange(0, 5), best = *rc::gen::inRange(0, 5);
    std::vector<Candidate> candidates;
    for (int i = 0; i < count; ++i) {
      const int loss = *rc::gen::inRange(-1, 4);
      candidates.push_back({std::to_string(i), i, loss < 0 ? NAN : loss});
    }
    std::set<fs::path> removed;
    for (const auto& path : removable(candidates, {last, best})) removed.insert(path);
    for (const Candidate& c : candidates) {
      const auto newer = std::count_if(candidates.begin(), candidates.end(), [&](auto& o) { return o.step > c.step; });
      const auto better = std::count_if(candidates.begin(), candidates.end(), [&](auto& o) {
        return o.loss < c.loss || (o.loss == c.loss && o.step > c.step);
      });
      const bool kept = newer < std::max(last, 1) || (!std::isnan(c.loss) && better < best);
      RC_ASSERT(removed.contains(c.folder) == !kept);
    }
  }));
}

TEST_CASE("one run at a time: the second is told who holds the folder") {
  const TempFolder temp;
  std::string token;
  {
    const RunLock lock(temp / "run");
    token = lock.token();
    CHECK(lock.exclusive());
    CHECK(RunLock::token_in(temp / "run") == token);
    const std::string why = refusal([&] { const RunLock second(temp / "run"); });
    CHECK(has(why, fmt::format("is in use by process {} on ", ::getpid())));
    CHECK(has(why, ", since 2"));
    CHECK(has(why, "run.folder=DIR"));
    CHECK_NOTHROW(RunLock(temp / "other"));
  }
  const RunLock next(temp / "run");
  CHECK(next.token() != token);
  CHECK(RunLock::token_in(temp / "run") == next.token());
  CHECK(RunLock::token_in(temp / "nowhere").empty());
}

TEST_CASE("a lock dies with its process") {
  const TempFolder temp;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const RunLock lock(temp / "run");
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  const std::string why = refusal([&] { const RunLock second(temp / "run"); });
  CHECK(has(why, fmt::format("process {} on", child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(RunLock(temp / "run"));
  ::close(ready[0]);
  ::close(ready[1]);
}
