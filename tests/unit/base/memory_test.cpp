#include "framework/base/memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstdio>
#include <memory>
#include <vector>

using namespace ft;

TEST_CASE("the peak remembers what was given back, until it is reset") {
  constexpr std::int64_t kBytes = 64 << 20;
  const std::int64_t before = resident_memory();
  CHECK(before > 0);
  reset_peak_memory();
  {
    const std::vector<char> block(kBytes, 'x');
    CHECK(resident_memory() > before + kBytes / 2);
  }
  CHECK(peak_memory() > before + kBytes / 2);
  CHECK(resident_memory() < before + kBytes / 2);
  reset_peak_memory();
  CHECK(peak_memory() < before + kBytes / 2);
}

TEST_CASE("pages of private files count as the libraries' until they are written to, pages of shared ones never") {
  constexpr std::size_t kBytes = 16 << 20;
  constexpr std::int64_t kMost = kBytes, kSome = kMost / 8;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  REQUIRE(file != nullptr);
  const std::vector<char> content(kBytes, 'x');
  REQUIRE(std::fwrite(content.data(), 1, kBytes, file.get()) == kBytes);
  REQUIRE(std::fflush(file.get()) == 0);
  const auto touch = [](char* pages, bool write) {
    char sum = 0;
    for (std::size_t i = 0; i < kBytes; i += 4096) sum = static_cast<char>(sum + (write ? ++pages[i] : pages[i]));
    return sum;
  };
  for (const int sharing : {MAP_PRIVATE, MAP_SHARED}) {
    const std::int64_t libraries = library_memory(), resident = resident_memory();
    void* pages = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, sharing, fileno(file.get()), 0);
    REQUIRE(pages != MAP_FAILED);
    CHECK(touch(static_cast<char*>(pages), false) == 0);
    CHECK(resident_memory() > resident + kMost - kSome);
    CHECK(std::abs(library_memory() - libraries - (sharing == MAP_PRIVATE ? kMost : 0)) < kSome);
    touch(static_cast<char*>(pages), true);
    CHECK(std::abs(library_memory() - libraries) < kSome);
    REQUIRE(munmap(pages, kBytes) == 0);
  }
}
