#include "framework/problem/jsonl.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace ft;

namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / fmt::format("ft_jsonl_{}", getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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
