#include "framework/store/set_aside.h"

#include <sys/syscall.h>
#include <cerrno>

#include "framework/store/files.h"
#include "framework/store/folder_writer.h"
#include "framework/store/rights.h"
#include "framework/store/sealed_folder.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

bool exchange_is_known = true;  // false: a file system that cannot exchange names

std::string seal(const fs::path& target, const std::string& content, FolderWriter::IfThere if_there,
                 const FolderWriter::Observer& observer = {}) {
  FolderWriter writer = FolderWriter::create(target, observer, if_there);
  writer.write("data", content);
  return writer.seal({.format = "ftrun-test"});
}

std::vector<std::string> names(const fs::path& folder) { return list_folder(folder); }

}  // namespace

extern "C" int renameat2(int a, const char* from, int b, const char* to, unsigned flags) noexcept {
  if (!exchange_is_known) {
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_renameat2, a, from, b, to, flags));
}

TEST_CASE("what is set aside keeps its content, its place, and the name it had") {
  const TempFolder temp;
  make_folder(temp / "step-00000200");
  write_plain(temp / "step-00000200/data", "damaged");
  const fs::path first = set_aside(temp / "step-00000200");
  CHECK(is_set_aside(first));
  CHECK(original_of(first) == "step-00000200");
  CHECK(read_plain(first / "data") == "damaged");
  CHECK_FALSE(fs::exists(temp / "step-00000200"));
  make_folder(temp / "step-00000200");  // again, within the same second
  const fs::path second = set_aside(temp / "step-00000200/");
  CHECK(original_of(second) == "step-00000200");
  CHECK(second != first);
  CHECK(read_plain(first / "data") == "damaged");
  make_folder(temp / "step-00000300");
  CHECK_FALSE(is_set_aside(temp / "step-00000300"));
  std::vector<fs::path> expected = {first, second};
  std::sort(expected.begin(), expected.end());
  CHECK(set_aside_in(temp.path()) == expected);
  CHECK(set_aside_in(temp / "nowhere").empty());
  CHECK(remove_leftovers(temp.path()) == 0);
  CHECK_THROWS_AS(set_aside(temp / "nowhere"), Error);
}

TEST_CASE("a folder that takes the place of another: whatever moment the process dies in, one of them is whole") {
  for (const bool known : {true, false}) {
    CAPTURE(known);
    exchange_is_known = known;
    std::vector<std::string> steps;
    {
      const TempFolder temp;
      seal(temp / "out", "old", FolderWriter::IfThere::refuse);
      CHECK_THROWS_AS(seal(temp / "out", "new", FolderWriter::IfThere::refuse), Error);
      seal(temp / "out", "new", FolderWriter::IfThere::exchange,
           [&](std::string_view step) { steps.emplace_back(step); });
      CHECK(read_plain(temp / "out/data") == "new");
      CHECK(names(temp.path()) == std::vector<std::string>{"out"});
    }
    REQUIRE(steps.back() == "remove the older");
    for (std::size_t end_at = 0; end_at < steps.size(); ++end_at) {
      CAPTURE(steps[end_at]);
      const TempFolder temp;
      seal(temp / "out", "old", FolderWriter::IfThere::refuse);
      const int code = in_child([&] {
        std::size_t count = 0;
        seal(temp / "out", "new", FolderWriter::IfThere::exchange, [&](std::string_view) {
          if (count++ == end_at) ::_exit(42);
        });
        return 0;
      });
      REQUIRE(code == 42);
      CHECK(SealedFolder::open(temp / "out").verify().empty());
      const bool renamed = steps[end_at] == "sync parent" || steps[end_at] == "remove the older";
      CHECK(read_plain(temp / "out/data") == (renamed ? "new" : "old"));
      remove_leftovers(temp.path());
      CHECK(names(temp.path()) == std::vector<std::string>{"out"});
      // The same, where it is no kill but a failure.
      const TempFolder other;
      seal(other / "out", "old", FolderWriter::IfThere::refuse);
      if (steps[end_at] == "remove the older") continue;
      CHECK_THROWS_AS(seal(other / "out", "new", FolderWriter::IfThere::exchange,
                           [&](std::string_view step) {
                             if (step == steps[end_at]) throw Error("stop");
                           }),
                      Error);
      CHECK(read_plain(other / "out/data") == "old");
      CHECK(names(other.path()) == std::vector<std::string>{"out"});
    }
  }
  exchange_is_known = true;
}

TEST_CASE("a kill between the two renames of a file system that cannot exchange is mended at the next start") {
  const TempFolder temp;
  seal(temp / "out", "old", FolderWriter::IfThere::refuse);
  fs::rename(temp / "out", temp / ".out.previous");  // as exchange_folders() leaves it there
  make_folder(temp / ".out.partial");
  CHECK(remove_leftovers(temp.path()) == 2);
  CHECK(names(temp.path()) == std::vector<std::string>{"out"});
  CHECK(read_plain(temp / "out/data") == "old");
  make_folder(temp / ".out.previous");  // after the second rename
  CHECK(remove_leftovers(temp.path()) == 1);
  CHECK(read_plain(temp / "out/data") == "old");
  CHECK(names(temp.path()) == std::vector<std::string>{"out"});
}

TEST_CASE("rights are asked for before anything is touched") {
  const TempFolder temp;
  fs::permissions(temp.path(), fs::perms::all);
  make_folder(temp / "run/stages");
  write_plain(temp / "run/ledger.jsonl", "");
  for (const fs::path& all : {temp / "run", temp / "run/stages", temp / "run/ledger.jsonl"})
    fs::permissions(all, fs::perms::all);
  const auto as_nobody = [&](const std::string& closed) {
    fs::permissions(temp / closed, fs::perms::owner_write, fs::perm_options::remove);
    fs::permissions(temp / closed, fs::perms::group_write | fs::perms::others_write, fs::perm_options::remove);
    const int code = in_child([&] {
      if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;  // root may write everywhere
      try {
        require_rights({temp / "nothing", temp / "run", temp / "run/stages", temp / "run/ledger.jsonl"});
      } catch (const UserError& error) {
        return has(error.what(), closed + " may not be read and written (Permission denied)") ? 0 : 3;
      }
      return 4;
    });
    fs::permissions(temp / closed, fs::perms::all);
    return code;
  };
  CHECK(as_nobody("run") == 0);
  CHECK(as_nobody("run/stages") == 0);
  CHECK(as_nobody("run/ledger.jsonl") == 0);
  CHECK_NOTHROW(require_rights({temp / "run", temp / "nothing", temp / "run/ledger.jsonl"}));
}
