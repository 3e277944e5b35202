#include "framework/base/mapped_file.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "framework/base/process_end.h"
#include "framework/base/reading.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

struct TempFile {
  fs::path path;
  explicit TempFile(std::string_view content)
      : path(fs::temp_directory_path() / fmt::format("ft_mapped_{}_{}", ::getpid(), content.size())) {
    std::ofstream(path, std::ios::binary) << content;
  }
  ~TempFile() { fs::remove(path); }
};

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

TEST_CASE("a mapped file is its bytes, and can be found by an address in it") {
  const TempFile file(std::string(10000, 'a') + "end");
  MappedFile mapped(file.path);
  const std::byte* const last = &mapped.bytes().back();
  CHECK(text_of(mapped).substr(9999) == "aend");
  CHECK(std::string(mapped_file_at(last)) == file.path.string());
  CHECK(mapped_file_at(&file) == nullptr);
  mapped.let_go();
  CHECK(text_of(mapped).substr(9999) == "aend");
  {
    const MappedFile moved(std::move(mapped));
    CHECK(moved.bytes().size() == 10003);
    CHECK(mapped_file_at(last) != nullptr);
  }
  CHECK(mapped_file_at(last) == nullptr);
  CHECK(MappedFile(TempFile("").path).bytes().empty());
  CHECK_THROWS_AS(MappedFile("/nowhere/at/all"), Unreadable);
}

TEST_CASE("a file that becomes shorter under its mapping ends the process with its name and exit code 1") {
  const TempFile file(std::string(100000, 'a'));
  const fs::path said = file.path.string() + ".said";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (std::freopen(said.c_str(), "w", stderr) == nullptr) ::_exit(90);
    prepare_process();
    const MappedFile mapped(file.path);
    fs::resize_file(file.path, 10);
    volatile const std::byte* const gone = &mapped.bytes()[90000];
    ::_exit(*gone == std::byte{'a'} ? 91 : 92);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(read_if_there(said).value_or("").find("cannot read " + file.path.string()) != std::string::npos);
  fs::remove(said);
}
