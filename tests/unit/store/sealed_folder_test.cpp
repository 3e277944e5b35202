#include "framework/store/sealed_folder.h"

#include <sys/resource.h>
#include <csignal>

#include "framework/base/digest.h"
#include "framework/store/files.h"
#include "framework/store/folder_writer.h"
#include "tests/unit/store/temp_folder.h"

using namespace ft;
using namespace ft::testing;
namespace fs = std::filesystem;

namespace {

const std::string kBig(100'000, 'b');

std::string write_folder(const fs::path& target, const FolderWriter::Observer& observer = {}) {
  FolderWriter writer = FolderWriter::create(target, observer);
  writer.write("a.txt", "alpha");
  write_plain(writer.path("sub/b.bin"), kBig);
  writer.finish("sub/b.bin");
  writer.write("empty", "");
  Manifest manifest{.format = "ftrun-test", .version = 2};
  manifest.body["steps"] = 200;
  return writer.seal(manifest);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

void flip_bit(const fs::path& path, std::size_t offset) {
  std::string bytes = read_plain(path);
  bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
  write_plain(path, bytes);
}

}  // namespace

TEST_CASE("a sealed folder reads back as it was written") {
  const TempFolder temp;
  const std::string digest = write_folder(temp / "out");
  CHECK(names_in(temp.path()) == std::vector<std::string>{"out"});
  const SealedFolder folder = SealedFolder::open(temp / "out", "ftrun-test", 2);
  CHECK(folder.digest() == digest);
  CHECK(folder.manifest().body["steps"] == 200);
  REQUIRE(folder.manifest().files.size() == 3);
  CHECK(folder.manifest().files[0] == FileRecord{"a.txt", 5, sha256("alpha")});
  CHECK(folder.manifest().files[1] == FileRecord{"empty", 0, sha256("")});
  CHECK(folder.manifest().files[2] == FileRecord{"sub/b.bin", 100'000, sha256(kBig)});
  CHECK(read_plain(folder.path("a.txt")) == "alpha");
  CHECK_THROWS_AS((void)folder.path("other"), Error);
  CHECK(folder.verify().empty());
  CHECK_NOTHROW(folder.require_intact());
}

TEST_CASE("the digest is that of the manifest's bytes before its line, as a stranger would compute it") {
  const TempFolder temp;
  const std::string digest = write_folder(temp / "out");
  std::string text = read_plain(temp / "out/manifest.json");
  const auto line = text.rfind("  \"digest\"");
  CHECK(sha256(text.substr(0, line)) == digest);
  CHECK(nlohmann::json::parse(text)["digest"] == digest);
  write_folder(temp / "again");
  CHECK(read_plain(temp / "again/manifest.json") == text);  // equal work, equal manifest
}

TEST_CASE("a process that dies before any step leaves either nothing or the whole under the target's name") {
  std::vector<std::string> steps;
  {
    const TempFolder temp;
    write_folder(temp / "out", [&](std::string_view step) { steps.emplace_back(step); });
  }
  CHECK(steps == std::vector<std::string>{"create", "write a.txt", "finish sub/b.bin", "write empty", "manifest",
                                          "sync", "rename", "sync parent"});
  int whole = 0;
  for (std::size_t kill_at = 0; kill_at < steps.size(); ++kill_at) {
    CAPTURE(steps[kill_at]);
    const TempFolder temp;
    const int code = in_child([&] {
      std::size_t count = 0;
      write_folder(temp / "out", [&](std::string_view) {
        if (count++ == kill_at) ::_exit(42);
      });
      return 0;
    });
    REQUIRE(code == 42);
    if (fs::exists(temp / "out")) {
      ++whole;
      CHECK(SealedFolder::open(temp / "out").verify().empty());
      CHECK(remove_leftovers(temp.path()) == 0);
    } else {
      CHECK_THROWS_AS((void)SealedFolder::open(temp / "out"), BrokenFolder);
      write_folder(temp / "out");  // the next attempt is not hindered by what is left
      CHECK(SealedFolder::open(temp / "out").verify().empty());
      CHECK(names_in(temp.path()) == std::vector<std::string>{"out"});
    }
  }
  CHECK(whole == 1);  // only after the rename
}

TEST_CASE("an exception before seal leaves nothing") {
  const TempFolder temp;
  CHECK_THROWS_AS(write_folder(temp / "out",
                               [](std::string_view step) {
                                 if (step == "manifest") throw Error("stop");
                               }),
                  Error);
  CHECK(names_in(temp.path()).empty());
}

TEST_CASE("every flipped bit of the manifest and every damaged file is found and named") {
  const TempFolder temp;
  write_folder(temp / "out");
  const std::string manifest = read_plain(temp / "out/manifest.json");
  for (std::size_t i = 0; i < manifest.size(); ++i) {
    flip_bit(temp / "out/manifest.json", i);
    CHECK_THROWS_AS((void)SealedFolder::open(temp / "out"), BrokenFolder);
    write_plain(temp / "out/manifest.json", manifest);
  }
  for (std::size_t size = 0; size < manifest.size(); size += 7) {
    write_plain(temp / "out/manifest.json", manifest.substr(0, size));
    CHECK_THROWS_AS((void)SealedFolder::open(temp / "out"), BrokenFolder);
  }
  write_plain(temp / "out/manifest.json", manifest);

  flip_bit(temp / "out/a.txt", 2);
  flip_bit(temp / "out/sub/b.bin", 99'999);
  write_plain(temp / "out/.note", "foreign");
  const SealedFolder folder = SealedFolder::open(temp / "out");  // sizes are right
  const auto complaints = folder.verify();
  REQUIRE(complaints.size() == 3);
  CHECK(complaints[0].kind == Complaint::Kind::content);
  CHECK(complaints[0].text == "a.txt is damaged: its SHA-256 is another one than at sealing");
  CHECK(complaints[1].name == "sub/b.bin");
  CHECK(complaints[2].kind == Complaint::Kind::foreign);
  CHECK(complaints[2].text == ".note does not belong to this folder");
  const std::string why = refusal([&] { folder.require_intact(); });
  CHECK(has(why, "a.txt is damaged"));
  CHECK(has(why, "sub/b.bin is damaged"));
  CHECK_FALSE(has(why, ".note"));
}

TEST_CASE("missing and truncated files are all named on opening") {
  const TempFolder temp;
  write_folder(temp / "out");
  fs::resize_file(temp / "out/sub/b.bin", 99'999);
  fs::remove(temp / "out/a.txt");
  CHECK(has(refusal([&] { (void)SealedFolder::open(temp / "out"); }),
            "is not whole: a.txt is missing; sub/b.bin has 99999 bytes instead of 100000"));
  fs::remove(temp / "out/sub/b.bin");
  fs::create_symlink("/dev/null", temp / "out/sub/b.bin");
  CHECK(has(refusal([&] { (void)SealedFolder::open(temp / "out"); }), "sub/b.bin is no plain file"));
}

TEST_CASE("what is not sealed, of another format or too new is refused in words") {
  const TempFolder temp;
  CHECK(has(refusal([&] { (void)SealedFolder::open(temp / "no"); }), "there is no folder"));
  fs::create_directory(temp / "plain");
  CHECK(has(refusal([&] { (void)SealedFolder::open(temp / "plain"); }), "is not sealed: it has no manifest.json"));
  CHECK_FALSE(SealedFolder::looks_sealed(temp / "plain"));
  write_folder(temp / "out");
  CHECK(has(refusal([&] { (void)SealedFolder::open(temp / "out", "ftrun-model"); }),
            "has the format ftrun-test, not ftrun-model"));
  CHECK(has(refusal([&] { (void)SealedFolder::open(temp / "out", "ftrun-test", 1); }),
            "has version 2 of ftrun-test; this program knows versions up to 1"));
}

TEST_CASE("many writers fill one folder, rank 0 seals what they report") {
  const TempFolder temp;
  FolderWriter first = FolderWriter::create(temp / "out");
  std::vector<std::string> texts;
  for (int rank = 1; rank < 4; ++rank) {
    FolderWriter other = FolderWriter::join(temp / "out");
    write_plain(other.path(fmt::format("rank-{}", rank)), fmt::format("content {}", rank));
    other.finish(fmt::format("rank-{}", rank));
    texts.push_back(to_text(other.records()));
    CHECK_THROWS_AS(other.seal({.format = "ftrun-test"}), Error);
  }
  first.write("rank-0", "content 0");
  first.add(read_file_records(texts[0]));
  CHECK_THROWS_AS(first.add(read_file_records(texts[0])), Error);
  first.add(read_file_records(texts[2]));
  // rank 2's report was lost: its file is there, and nobody knows it
  CHECK(has(refusal([&] { first.seal({.format = "ftrun-test"}); }), "rank-2 lies in"));
  first.add(read_file_records(texts[1]));
  first.seal({.format = "ftrun-test"});
  CHECK(SealedFolder::open(temp / "out").verify().empty());
  CHECK(SealedFolder::open(temp / "out").manifest().files.size() == 4);
  CHECK_THROWS_AS((void)read_file_records("[{}]"), Error);
}

TEST_CASE("a file that shrinks or vanishes between finish and seal is noticed") {
  const TempFolder temp;
  FolderWriter writer = FolderWriter::create(temp / "out");
  writer.write("a", "12345");
  fs::resize_file(writer.path("a"), 4);
  CHECK(has(refusal([&] { writer.seal({.format = "f"}); }), "has 4 bytes, its writer reported 5"));
  fs::remove(writer.path("a"));
  CHECK(has(refusal([&] { writer.seal({.format = "f"}); }), "was recorded but is not in"));
  CHECK_FALSE(fs::exists(temp / "out"));
}

TEST_CASE("names that lead elsewhere, and targets that exist, are refused") {
  const TempFolder temp;
  FolderWriter writer = FolderWriter::create(temp / "out");
  for (const char* name : {"", "/etc/x", "../x", "a/../../x", "manifest.json", ".hidden", "a/.b", "a/"}) {
    CAPTURE(name);
    CHECK_THROWS_AS((void)writer.path(name), Error);
  }
  fs::create_directory(temp / "there");
  CHECK(has(refusal([&] { (void)FolderWriter::create(temp / "there"); }), "exists already"));
  CHECK(fs::exists(temp / "there"));
}

TEST_CASE("a disk that is full while writing leaves nothing and says where and why") {
  const TempFolder temp;
  const int code = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{50'000, 50'000};  // stands in for a full disk: writes beyond it fail
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string why = refusal([&] {
      FolderWriter writer = FolderWriter::create(temp / "out");
      writer.write("small", "fits");
      writer.write("big", kBig);
    });
    return has(why, "big: File too large") && names_in(temp.path()).empty() ? 0 : 1;
  });
  CHECK(code == 0);
}

TEST_CASE("a folder without rights is the user's to mend") {
  const TempFolder temp;
  fs::create_directory(temp / "closed");
  fs::permissions(temp.path(), fs::perms::all);
  fs::permissions(temp / "closed",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec);
  const int code = in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;  // root may write everywhere
    try {
      write_folder(temp / "closed/out");
    } catch (const UserError& error) {
      return has(error.what(), "closed/.out.partial: Permission denied") ? 0 : 3;
    }
    return 4;
  });
  CHECK(code == 0);
  CHECK(fs::is_empty(temp / "closed"));
}
