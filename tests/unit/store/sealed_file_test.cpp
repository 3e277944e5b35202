// Reading what was sealed: a byte that is another one is found by whoever reads it, wherever it stands.

#include "framework/store/sealed_file.h"

#include "framework/store/folder_writer.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

const std::string kText(200'000, 't');

SealedFolder make(const fs::path& target) {
  FolderWriter writer = FolderWriter::create(target);
  writer.write("large.txt", kText);
  writer.write("small.txt", "alpha");
  writer.write("empty", "");
  writer.seal({.format = "ftrun-test"});
  return SealedFolder::open(target);
}

void flip(const fs::path& path, std::size_t offset) {
  std::string bytes = read_plain(path);
  bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
  write_plain(path, bytes);
}

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const BrokenFolder& broken) {
    return broken.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("what was sealed is read whole and in pieces") {
  const TempFolder temp;
  const SealedFolder folder = make(temp / "out");
  CHECK(folder.read("small.txt") == "alpha");
  CHECK(folder.read("large.txt") == kText);
  CHECK(folder.read("empty").empty());
  CHECK(*folder.read_if_there("small.txt") == "alpha");
  CHECK_FALSE(folder.read_if_there("other"));
  CHECK_THROWS_AS((void)folder.read("other"), Error);
  write_plain(temp / "out/foreign.txt", "not sealed");
  CHECK_FALSE(folder.read_if_there("foreign.txt"));
  CHECK_NOTHROW(folder.check("large.txt"));
}

TEST_CASE("another byte, one more and one less are found at the end of the reading") {
  const TempFolder temp;
  const SealedFolder folder = make(temp / "out");
  for (const std::size_t at : {std::size_t{0}, std::size_t{65'535}, std::size_t{65'536}, kText.size() - 1}) {
    CAPTURE(at);
    flip(temp / "out/large.txt", at);
    CHECK(has(complaint([&] { (void)folder.read("large.txt"); }), "large.txt is damaged: its SHA-256 is another one"));
    CHECK(has(complaint([&] { folder.check("large.txt"); }), "large.txt is damaged"));
    flip(temp / "out/large.txt", at);
  }
  write_plain(temp / "out/small.txt", "alph");
  CHECK(has(complaint([&] { (void)folder.read("small.txt"); }), "4 bytes were read instead of 5"));
  write_plain(temp / "out/empty", "x");
  CHECK(has(complaint([&] { (void)folder.read("empty"); }), "1 bytes were read instead of 0"));
}

TEST_CASE("damage goes before any other complaint, and a sound file keeps its own") {
  const TempFolder temp;
  const SealedFolder folder = make(temp / "out");
  const auto use = [&](auto action) {
    return complaint([&] {
      SealedFile file(folder, "large.txt");
      (void)checked(file, [&] { return action(file); });
    });
  };
  const auto first_byte = [](SealedFile& file) {
    std::array<char, 10> buffer{};
    return file.read(buffer);
  };
  const auto refuse = [](SealedFile&) -> int { fail_user("this cannot be understood"); };
  CHECK(use(first_byte) == "accepted");
  CHECK_THROWS_AS(use(refuse), UserError);
  flip(temp / "out/large.txt", kText.size() - 1);
  CHECK(has(use(first_byte), "large.txt is damaged"));  // also where its user has not come to it
  CHECK(has(use(refuse), "large.txt is damaged"));
}
