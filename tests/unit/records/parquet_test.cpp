#include "framework/records/parquet.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

using namespace ft;
using records::Kind;
using records::Value;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(FT_PROJECT_ROOT) / "tests/golden/parquet";

// Whether what Parquet gave is what pyarrow gave, written as JSON (parquet_fixtures.py).
bool same(const Value& ours, const Value& theirs) {
  if (theirs.kind == Kind::object && theirs.find("decimal") != nullptr)
    return ours.kind == Kind::number && ours.text == theirs.find("decimal")->text;
  if (theirs.kind == Kind::object && theirs.find("bytes") != nullptr) return ours.kind == Kind::bytes;
  if (ours.kind != theirs.kind || ours.items.size() != theirs.items.size()) return false;
  if (ours.kind == Kind::boolean) return ours.truth == theirs.truth;
  if (ours.kind == Kind::number) {  // a float of 32 bits has fewer digits here than as Python's double
    return ours.text == theirs.text || ours.number() == theirs.number() ||
           static_cast<float>(ours.number()) == static_cast<float>(theirs.number());
  }
  if (ours.kind == Kind::text) return ours.text == theirs.text;
  for (std::size_t i = 0; i < ours.items.size(); ++i) {
    if (ours.kind == Kind::object && ours.names[i] != theirs.names[i]) return false;
    if (!same(ours.items[i], theirs.items[i])) return false;
  }
  return true;
}

std::vector<fs::path> fixtures() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kFixtures)) {
    if (entry.path().extension() == ".parquet") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("every file gives what pyarrow gives: kinds, nesting, packings, page versions, encodings") {
  REQUIRE(fixtures().size() >= 13);
  for (const fs::path& path : fixtures()) {
    CAPTURE(path.string());
    RecordReader ours(path), theirs(fs::path(path).replace_extension(".jsonl"));
    CHECK(ours.format() == "Parquet");
    int rows = 0;
    while (const auto expected = theirs.next()) {
      const auto got = ours.next();
      REQUIRE(got);
      ++rows;
      CHECK(got->row() == rows);
      for (std::size_t i = 0; i < expected->object().items.size(); ++i) {
        CAPTURE(rows);
        CAPTURE(expected->object().names[i]);
        CHECK(got->object().names[i] == expected->object().names[i]);
        CHECK(same(got->object().items[i], expected->object().items[i]));
      }
    }
    CHECK(rows > 30);
    CHECK_FALSE(ours.next());
  }
}

TEST_CASE("a row is named by its number") {
  RecordReader reader(kFixtures / "verl.parquet");
  (void)reader.next();
  const auto record = reader.next();
  REQUIRE(record);
  CHECK(record->text("reward_model.ground_truth") == "4");
  CHECK_THROWS_WITH((void)record->text("question"),
                    doctest::Contains("verl.parquet row 2: field 'question' (a string) is missing"));
}

TEST_CASE("a damaged file is an error with words, never a crash") {
  const fs::path path = fs::temp_directory_path() / fmt::format("ft_parquet_{}.parquet", getpid());
  const std::vector<fs::path> files = fixtures();
  int refused = 0;
  CHECK(rc::check([&] {
    std::string bytes = slurp(*rc::gen::elementOf(files));
    const auto size = static_cast<int>(bytes.size());
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 0) bytes.resize(static_cast<std::size_t>(*rc::gen::inRange(0, size)));
    for (int i = *rc::gen::inRange(1, 6); i > 0 && kind != 0; --i) {
      const int from = kind == 1 ? 4 : std::max(4, size - 2000);  // the footer is where lies do most harm
      bytes[static_cast<std::size_t>(*rc::gen::inRange(from, size))] = static_cast<char>(*rc::gen::inRange(0, 256));
    }
    std::ofstream(path, std::ios::binary) << bytes;
    try {
      RecordReader reader(path, EmptyFile::allow);
      for (int i = 0; i < 2000 && reader.next(); ++i) {
      }
    } catch (const UserError& error) {
      ++refused;
      RC_ASSERT(std::string(error.what()).find(path.string()) != std::string::npos);
    }
  }));
  CHECK(refused > 10);
  fs::remove(path);
}
