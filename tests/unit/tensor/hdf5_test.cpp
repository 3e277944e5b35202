#include "framework/tensor/hdf5.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <numeric>
#include <thread>

#include "framework/base/error.h"
#include "tests/support/doctest_torch.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / fmt::format("ftrun-hdf5-{}", ::getpid());
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

std::vector<float> numbers(std::int64_t count, float first) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

const std::vector<std::int64_t> kMatrix = {30, 7}, kVector = {5};

}  // namespace

TEST_CASE("what was written is read back, dataset by dataset") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "a.h5";
  Hdf5Layout layout;
  layout.add("/weights/model.layers.0.w", kMatrix);
  layout.add("/weights/model.norm", kVector);
  layout.add("/first_moment/model.norm", kVector);
  CHECK(layout.num_bytes() == 4 * (210 + 5 + 5));
  Hdf5Writer writer(path, layout);
  writer.write("/first_moment/model.norm", numbers(5, 1000));
  writer.write("/weights/model.norm", numbers(5, 500));
  writer.write("/weights/model.layers.0.w", numbers(210, 0));
  CHECK_THROWS_WITH_AS(writer.write("/weights/model.norm", numbers(4, 0)),
                       doctest::Contains("has 20 bytes, 16 were given"), Error);
  CHECK_THROWS_WITH_AS(writer.write("/weights/other", numbers(4, 0)),
                       doctest::Contains("has no dataset /weights/other"), Error);
  writer.close();

  const Hdf5Reader reader(path);
  std::vector<float> matrix(210), vector(5);
  reader.read("/weights/model.layers.0.w", kMatrix, matrix);
  CHECK(matrix == numbers(210, 0));
  reader.read("/weights/model.norm", kVector, vector);
  CHECK(vector == numbers(5, 500));
  reader.read("/first_moment/model.norm", kVector, vector);
  CHECK(vector == numbers(5, 1000));
  CHECK(reader.names("/weights") == std::vector<std::string>{"model.layers.0.w", "model.norm"});
  CHECK(reader.names("/second_moment").empty());
  CHECK_THROWS_WITH_AS(reader.read("/weights/model.norm", std::vector<std::int64_t>{6}, std::span(matrix).first(6)),
                       doctest::Contains("its shape is [5], expected [6]"), Error);
  CHECK_THROWS_WITH_AS(reader.read("/weights/other", kVector, vector),
                       doctest::Contains("cannot read /weights/other from"), Error);
  CHECK_THROWS_WITH_AS(Hdf5Writer(path, layout), doctest::Contains("File exists"), Error);
}

TEST_CASE("equal work gives equal files, whenever it is done") {
  const TemporaryFolder folder;
  const auto bytes_of = [&](const char* name) {
    Hdf5Layout layout;
    layout.add("/weights/model.norm", kVector);
    Hdf5Writer writer(folder.path / name, layout);
    writer.write("/weights/model.norm", numbers(5, 0));
    writer.close();
    const VirtualDataset whole{"/weights/model.norm", kVector, {{"a.h5", "/weights/model.norm", {0}, kVector}}};
    write_virtual_file(folder.path / (std::string(name) + ".index"), std::span(&whole, 1));
    std::string bytes;
    for (const char* suffix : {"", ".index"}) {
      std::ifstream file(folder.path / (std::string(name) + suffix), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(file), {});
    }
    return bytes;
  };
  const std::string first = bytes_of("a.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5's times are whole seconds
  CHECK(bytes_of("b.h5") == first);
}

TEST_CASE("a file that is no HDF5 file is named") {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "x.h5") << "something else, long enough to look at";
  CHECK_THROWS_WITH_AS(Hdf5Reader(folder.path / "x.h5"), doctest::Contains("x.h5: "), Error);
  CHECK_THROWS_WITH_AS(Hdf5Reader(folder.path / "none.h5"), doctest::Contains("none.h5: "), Error);
}

TEST_CASE("a virtual dataset puts slices together, by rows and by columns") {
  const TemporaryFolder folder;
  for (int part = 0; part < 2; ++part) {
    Hdf5Layout layout;
    layout.add("/w", {4, 3});
    Hdf5Writer writer(folder.path / fmt::format("part-{}.h5", part), layout);
    writer.write("/w", numbers(12, static_cast<float>(100 * part)));
    writer.close();
  }
  const auto source = [](int part, std::vector<std::int64_t> begin) {
    return VirtualDataset::Source{fmt::format("part-{}.h5", part), "/w", std::move(begin), {4, 3}};
  };
  const std::vector<VirtualDataset> datasets = {
      {.name = "/all/rows", .shape = {8, 3}, .sources = {source(0, {0, 0}), source(1, {4, 0})}},
      {.name = "/all/columns", .shape = {4, 6}, .sources = {source(0, {0, 0}), source(1, {0, 3})}}};
  write_virtual_file(folder.path / "index.h5", datasets);
  const Hdf5Reader index(folder.path / "index.h5");
  std::vector<float> rows(24), columns(24);
  index.read("/all/rows", datasets[0].shape, rows);
  index.read("/all/columns", datasets[1].shape, columns);
  for (int i = 0; i < 24; ++i) CHECK(rows[i] == static_cast<float>(i < 12 ? i : 100 + i - 12));
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 6; ++c)
      CHECK(columns[r * 6 + c] == static_cast<float>(c < 3 ? r * 3 + c : 100 + r * 3 + c - 3));
}
