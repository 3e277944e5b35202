// Hostile files for the readers of records: each gives records or a UserError, and nothing else; memory stays small. One
// file, two programs, as grade_fuzz.cpp:
//
//   with clang: a libFuzzer target (tests/fuzz/run.sh)
//   with -DFT_STORM: records_storm COUNT FILE...: COUNT mutations of the files given, and of made-up ones
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "framework/records/reader.h"

namespace {

// Reads a file of these bytes; the first two choose its name's end.
long long read_all(const std::string& bytes) {
  constexpr const char* kEnds[] = {"", ".csv", ".tsv", ".json", ".parquet"};
  const std::string path = "/dev/shm/ft_records_fuzz_" + std::to_string(::getpid()) +
                           kEnds[bytes.empty() ? 0 : static_cast<unsigned char>(bytes[bytes.size() / 2]) % 5];
  std::ofstream(path, std::ios::binary) << bytes;
  long long records = 0;
  try {
    ft::RecordReader reader(path, ft::EmptyFile::allow);
    for (int i = 0, failures = 0; i < 20'000 && failures < 100; ++i) {
      try {
        const auto record = reader.next();
        if (!record) break;
        ++records;
        for (const std::string& name : record->field_names()) {
          (void)record->is_number(name);
          (void)record->value(name + "[0]");
        }
      } catch (const ft::UserError&) {
        ++failures;
      }
    }
  } catch (const ft::UserError&) {
  }
  ::unlink(path.c_str());
  return records;
}

}  // namespace

#ifndef FT_STORM

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)read_all(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

#else

namespace {

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::vector<std::string> seeds{"{\"a\":1,\"b\":[\"x\",{\"c\":null}]}\n{\"a\":2}\n",
                                 "[{\"a\":1.5e3},{\"a\":\"\\u00e9\\n\"}]", "a,b\n1,\"x,\"\"y\"\"\nz\"\n3,4\n",
                                 "{\n \"a\": [1, 2]\n}\n"};
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::uint64_t state = 1;
  long long records = 0;
  const long long count = std::atoll(argv[1]);
  for (long long i = 0; i < count; ++i) {
    std::string bytes = seeds[next_random(state) % seeds.size()];
    for (std::uint64_t changes = next_random(state) % 8; changes > 0 && !bytes.empty(); --changes) {
      const std::size_t at = next_random(state) % 3 == 0
                                 ? bytes.size() - 1 - next_random(state) % std::min<std::size_t>(bytes.size(), 600)
                                 : next_random(state) % bytes.size();
      const std::uint64_t kind = next_random(state) % 6;
      if (kind < 3) bytes[at] = static_cast<char>(next_random(state));
      if (kind == 3) bytes.erase(at, next_random(state) % 40);
      if (kind == 4) bytes.insert(at, bytes.substr(next_random(state) % bytes.size(), next_random(state) % 40));
      if (kind == 5) bytes[at] = static_cast<char>(next_random(state) % 2 == 0 ? 0xFF : 0x7F);
    }
    records += read_all(bytes);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%lld files, %lld records, at most %ld MiB\n", count, records, usage.ru_maxrss / 1024);
  return 0;
}

#endif
