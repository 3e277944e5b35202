#include "framework/problem/jsonl.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/file_folder.h"

using namespace ft;

namespace {

using Folder = testing::FileFolder;

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("lines longer than any buffer, through gzip and plain") {
  const Folder folder;
  for (const char* name : {"long.jsonl", "long.jsonl.gz"}) {
    JsonlWriter writer(folder.path() / name);
    for (std::size_t n : {1UL, 65530UL, 65536UL, 300000UL}) {
      writer.write(fmt::format("{{\"n\":{},\"text\":\"{}\"}}", n, std::string(n, 'x')));
    }
    writer.close();
    RecordReader reader(folder.path() / name);
    int records = 0;
    while (const auto record = reader.next()) {
      CHECK(record->text("text").size() == static_cast<std::size_t>(record->integer("n")));
      ++records;
    }
    CHECK(records == 4);
  }
  CHECK(slurp(folder.path() / "long.jsonl").size() > 400000);
  CHECK(slurp(folder.path() / "long.jsonl.gz").size() < 4000);
}

TEST_CASE("the same lines give the same gzip bytes") {
  const Folder folder;
  for (const char* name : {"a.gz", "b.gz"}) {
    JsonlWriter writer(folder.path() / name);
    writer.write("{}");
    writer.close();
  }
  CHECK(slurp(folder.path() / "a.gz") == slurp(folder.path() / "b.gz"));
}

TEST_CASE("a full disk is noticed") {
  if (!std::filesystem::exists("/dev/full")) {
    MESSAGE("skipped: there is no /dev/full here");
    return;
  }
  JsonlWriter writer("/dev/full");
  CHECK_THROWS_AS(
      {
        for (int i = 0; i < 10000; ++i) writer.write(std::string(100, 'x'));
        writer.close();
      },
      Error);
}
