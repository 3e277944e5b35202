#include "framework/recipe/shared_digests.h"

#include <algorithm>
#include <atomic>
#include <fstream>

#include "framework/base/digest.h"
#include "tests/support/doctest_torch.h"
#include "tests/support/file_folder.h"
#include "tests/support/thread_communicator.h"

using namespace ft;
using namespace ft::testing;

TEST_CASE("files are shared out by size, the largest first") {
  CHECK(share_out({5, 100, 60, 50, 0}, 2) == std::vector<int>{0, 0, 1, 1, 0});
  CHECK(share_out({1, 2, 3}, 1) == std::vector<int>{0, 0, 0});
  CHECK(share_out({}, 3).empty());
}

TEST_CASE("all ranks hash, each file once, and have all digests") {
  const FileFolder folder;
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 7; ++i) {
    files.push_back(folder.path() / ("file " + std::to_string(i)));
    std::ofstream(files.back()) << std::string(static_cast<std::size_t>(1000 * (7 - i)), static_cast<char>('a' + i));
  }
  const std::string expected = to_text(digests_of(files, {}));
  for (const int ranks : {1, 3, 4}) {
    std::atomic<int> hashed = 0, by_others = 0, examined = 0;
    run_ranks(ranks, [&](Communicator& world) {
      DigestNotes notes;
      const auto note = [&] {
        ++hashed;
        if (world.rank() > 0) ++by_others;
      };
      CHECK(to_text(digests_by_all(
                world, [&] { return files; }, note, notes, [&](const auto&) { ++examined; })) == expected);
      for (const std::filesystem::path& file : files) {
        if (world.rank() == 0) CHECK(notes.find(file).value_or("") == sha256_file(file));
      }
    });
    CHECK(hashed == 7);
    CHECK(examined == 7);
    CHECK((by_others > 0) == (ranks > 1));
  }
}

TEST_CASE("what is known of a large file is not hashed again, until it changes") {
  const FileFolder folder;
  const std::filesystem::path file = folder.path() / "large";
  std::ofstream(file).close();
  std::filesystem::resize_file(file, 65'000'000);  // sparse
  DigestNotes notes;
  int hashed = 0, examined = 0;
  const auto digests = [&] {
    std::vector<FileDigest> found;
    run_ranks(1, [&](Communicator& world) {
      found = digests_by_all(
          world, [&] { return std::vector{file}; }, [&] { ++hashed; }, notes, [&](const auto&) { ++examined; });
    });
    return to_text(found);
  };
  const std::string first = digests();
  CHECK(hashed == 1);
  CHECK(digests() == first);
  CHECK(hashed == 1);
  std::fstream(file, std::ios::in | std::ios::out).put('x');
  CHECK(digests() != first);
  CHECK(hashed == 2);
  CHECK(examined == 2);
}

TEST_CASE("what one rank cannot read, all are told") {
  CHECK_THROWS_AS(run_ranks(3,
                            [&](Communicator& world) {
                              DigestNotes notes;
                              (void)digests_by_all(
                                  world, [] { return std::vector<std::filesystem::path>{"/nowhere/file"}; }, {}, notes,
                                  [](const auto&) {});
                            }),
                  Error);
  const FileFolder folder;
  const std::filesystem::path file = folder.path() / "file";
  std::ofstream(file) << "x";
  std::atomic<int> told = 0;
  CHECK_THROWS_AS(run_ranks(3,
                            [&](Communicator& world) {
                              DigestNotes notes;
                              try {
                                (void)digests_by_all(
                                    world, [&] { return std::vector{file}; }, {}, notes,
                                    [](const auto&) { fail_user("no number"); });
                              } catch (const UserError&) {
                                ++told;
                                throw;
                              }
                            }),
                  UserError);
  CHECK(told == 3);
}
