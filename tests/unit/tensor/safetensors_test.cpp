#include "framework/tensor/safetensors.h"

#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/base/reading.h"
#include "tests/support/doctest_torch.h"

using at::Tensor;
namespace fs = std::filesystem;

namespace {

// A folder of its own that goes with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("ftrun_safetensors_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path operator/(const std::string& name) const { return path / name; }
};

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// A file with this header, and this many bytes of data.
std::string file_of(const std::string& header, std::size_t data) {
  std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + std::string(data, 'x');
}

std::span<const float> values_of(const Tensor& x) {
  return {x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())};
}

std::vector<float> read(const ft::SafetensorsReader& reader, const std::string& name, ft::ShardSpec shard,
                        std::size_t count) {
  std::vector<float> out(count);
  reader.read(reader.tensors().at(name), shard, out);
  return out;
}

}  // namespace

TEST_CASE("what was written is read back, whole and in slices") {
  const Folder folder;
  const Tensor w = at::arange(12).to(at::kFloat).view({3, 4}) / 7, b = at::tensor({1.5f, -2.25f});
  ft::SafetensorsWriter writer(folder / "a.safetensors", {{"w", {3, 4}}, {"b", {2}}, {"s", {}}});
  writer.write(values_of(w).first(5));  // in pieces
  writer.write(values_of(w).subspan(5));
  writer.write(values_of(b));
  writer.write(std::vector<float>{3.0f});
  writer.finish();
  const ft::SafetensorsReader reader(folder / "a.safetensors");
  CHECK(reader.tensors().size() == 3);
  CHECK(reader.tensors().at("w").shape == std::vector<std::int64_t>{3, 4});
  CHECK(reader.tensors().at("s").shape.empty());
  const auto equal = [](const std::vector<float>& got, const Tensor& x) {
    return std::ranges::equal(got, values_of(x.contiguous()));
  };
  CHECK(equal(read(reader, "w", {}, 12), w));
  CHECK(equal(read(reader, "w", {.dim = 0, .begin = 1, .end = 3}, 8), w.narrow(0, 1, 2)));
  CHECK(equal(read(reader, "w", {.dim = 1, .begin = 1, .end = 3}, 6), w.narrow(1, 1, 2)));
  CHECK(equal(read(reader, "b", {.dim = 0, .begin = 1, .end = 2}, 1), b.narrow(0, 1, 1)));
  CHECK(read(reader, "s", {}, 1) == std::vector<float>{3.0f});
  CHECK_THROWS(read(reader, "w", {.dim = 1, .begin = 1, .end = 5}, 12));
  CHECK(read_text(folder / "a.safetensors").size() % 8 == 4);  // header padded to 8; 15 floats behind it
}

TEST_CASE("bfloat16 is written as ATen rounds, and half and bfloat16 are read exactly") {
  const Folder folder;
  const float infinity = std::numeric_limits<float>::infinity();
  Tensor values = at::arange(65536, at::kInt).to(at::kShort).view(at::kBFloat16).to(at::kFloat);  // every bfloat16
  values =
      at::cat({values.nan_to_num(0.5), values.nan_to_num(0.5) * 1.003f, at::tensor({infinity, -infinity, 1e-40f})});
  ft::SafetensorsWriter writer(folder / "b.safetensors", {{"v", {values.numel()}}}, ft::SafetensorsWriter::Dtype::bf16);
  writer.write(values_of(values));
  writer.finish();
  const auto got =
      read(ft::SafetensorsReader(folder / "b.safetensors"), "v", {}, static_cast<std::size_t>(values.numel()));
  CHECK(std::ranges::equal(got, values_of(values.to(at::kBFloat16).to(at::kFloat))));

  const Tensor half = at::arange(65536, at::kInt).to(at::kShort).view(at::kHalf).contiguous();  // every half
  std::string file = file_of(R"({"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}})", 0);
  file.append(static_cast<const char*>(half.const_data_ptr()), 131072);
  write_text(folder / "h.safetensors", file);
  const auto read_half = read(ft::SafetensorsReader(folder / "h.safetensors"), "h", {}, 65536);
  const Tensor expected = half.to(at::kFloat);
  for (std::size_t i = 0; i < 65536; ++i) {
    const float e = values_of(expected)[i];
    if (!(std::isnan(e) ? std::isnan(read_half[i]) : e == read_half[i])) FAIL("half ", i);
  }
}

TEST_CASE("the writer refuses too much and too little, and leaves no torn file") {
  const Folder folder;
  {
    ft::SafetensorsWriter writer(folder / "t.safetensors", {{"w", {3}}});
    writer.write(std::vector<float>{1, 2});
    CHECK_THROWS_WITH(writer.finish(), doctest::Contains("1 values are missing"));
    CHECK_THROWS(writer.write(std::vector<float>{1, 2}));
  }
  CHECK_FALSE(fs::exists(folder / "t.safetensors"));
  CHECK_THROWS(ft::SafetensorsWriter(folder / "t.safetensors", {{"w", {3}}, {"w", {3}}}));
  CHECK_THROWS(ft::SafetensorsWriter(folder / "missing/t.safetensors", {{"w", {3}}}));
}

TEST_CASE("shards are found through the index, and the index is not believed") {
  const Folder folder;
  for (const char* name : {"x", "y"}) {
    ft::SafetensorsWriter writer(folder / (std::string(name) + ".safetensors"), {{name, {1}}});
    writer.write(std::vector<float>{static_cast<float>(name[0])});
    writer.finish();
  }
  const auto open = [&](const std::string& map) {
    write_text(folder / "model.safetensors.index.json", R"({"weight_map":)" + map + "}");
    return ft::SafetensorsReader(folder.path);
  };
  CHECK(read(open(R"({"x":"x.safetensors","y":"y.safetensors"})"), "y", {}, 1)[0] == 'y');
  const auto refuses = [&](const std::string& map, const char* why) {
    CAPTURE(map);
    CHECK_THROWS_WITH_AS(open(map), doctest::Contains(why), ft::UserError);
  };
  refuses(R"({"x":"y.safetensors"})", "does not hold it");
  refuses(R"({"x":"../x.safetensors"})", "names no .safetensors file");
  refuses(R"({"x":"/etc/passwd"})", "names no .safetensors file");
  refuses(R"({"x":7})", "names no .safetensors file");
  refuses(R"({"x":"gone.safetensors","y":"lost.safetensors"})",
          "2 of the 2 files that it names are not there: gone.safetensors, lost");
  refuses("[]", "weight_map");
  refuses(R"({"x":"x.safetensors","x":"y.safetensors"})", "does not hold it");
  fs::remove(folder / "model.safetensors.index.json");
  CHECK_THROWS_WITH_AS(ft::SafetensorsReader(folder.path), doctest::Contains("neither"), ft::UserError);
}

TEST_CASE("hostile headers are refused by name") {
  const Folder folder;
  const auto refuses = [&](const std::string& bytes, const char* why) {
    CAPTURE(bytes.substr(0, 200));
    write_text(folder / "h.safetensors", bytes);
    CHECK_THROWS_WITH_AS(ft::SafetensorsReader(folder / "h.safetensors"), doctest::Contains(why), ft::UserError);
  };
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"w":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  refuses("", "is empty");
  refuses("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n", "git lfs pull");
  refuses("GGUF\x03", "GGUF");
  refuses("PK\x03\x04 and more", "pickle");
  refuses("<!DOCTYPE html>", "web page");
  refuses("short", "too few");
  refuses(std::string(8, '\xff'), "a header of");
  refuses(file_of("{}", 0).substr(0, 9), "cut off");
  refuses(file_of("not json", 0), "no JSON");
  refuses(file_of("[1]", 0), "no JSON object");
  refuses(file_of(std::string(1 << 20, '['), 0), "no JSON");
  refuses(file_of(std::string(1 << 18, '[') + std::string(1 << 18, ']'), 0), "no JSON object");
  refuses(file_of(R"({"w":3})", 0), "'w'");
  refuses(file_of(entry("4", "[1]", "[0,4]"), 4), "dtype is no string");
  refuses(file_of(entry("\"F32\"", "[-1]", "[0,4]"), 4), "shape");
  refuses(file_of(entry("\"F32\"", "[1.5]", "[0,4]"), 4), "shape");
  refuses(file_of(entry("\"F32\"", "7", "[0,4]"), 4), "shape");
  refuses(file_of(entry("\"F32\"", "[4294967296,4294967296]", "[0,4]"), 4), "too large");
  refuses(file_of(entry("\"F32\"", "[18446744073709551615]", "[0,4]"), 4), "too large");
  refuses(file_of(entry("\"F32\"", "[2]", "[0,8]"), 4), "cut off");
  refuses(file_of(entry("\"F32\"", "[1]", "[4,0]"), 4), "do not lie");
  refuses(file_of(entry("\"F32\"", "[1]", "[-4,0]"), 4), "pair of offsets");
  refuses(file_of(entry("\"F32\"", "[1]", "[0]"), 4), "pair of offsets");
  refuses(file_of(entry("\"F32\"", "[2]", "[0,4]"), 4), "need 8");
  refuses(file_of(entry("\"F32\"", "[1]", "[0,4]"), 12), "belong to no tensor");
  refuses(file_of(entry("\"F32\"", "[1]", "[4,8]"), 8), "hole");
  refuses(
      file_of(
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
          6),
      "overlap");
  refuses(
      file_of(
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
          4),
      "twice");
  refuses(file_of("{\"\xff\xfe\":1}", 0), "no JSON");
}

TEST_CASE("a damaged file is read or refused, and never crashes") {
  const Folder folder;
  ft::SafetensorsWriter writer(folder / "f.safetensors", {{"w", {3, 4}}, {"b", {2}}});
  writer.write(std::vector<float>(14, 1.0f));
  writer.finish();
  const std::string whole = read_text(folder / "f.safetensors");
  const ft::Philox random(1, "damage");
  int refused = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    std::string bytes = whole.substr(0, i % 3 == 0 ? random.below(whole.size(), i, 0) : whole.size());
    for (std::uint64_t k = 0; k < i % 4 && !bytes.empty(); ++k) {
      bytes[random.below(bytes.size(), i, 10 + k)] = static_cast<char>(random.below(256, i, 20 + k));
    }
    write_text(folder / "d.safetensors", bytes);
    try {
      const ft::SafetensorsReader reader(folder / "d.safetensors");
      for (const auto& [name, stored] : reader.tensors()) {
        std::vector<float> out(stored.num_bytes / 4);
        if (stored.dtype == "F32") reader.read(stored, {}, out);
      }
    } catch (const ft::UserError&) {
      ++refused;
    }
  }
  CHECK(refused > 130);
}

TEST_CASE("integers cannot be read as weights") {
  const Folder folder;
  write_text(folder / "i.safetensors", file_of(R"({"ids":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}})", 8));
  const ft::SafetensorsReader reader(folder / "i.safetensors");
  std::vector<float> out(2);
  CHECK_THROWS_WITH_AS(reader.read(reader.tensors().at("ids"), {}, out), doctest::Contains("I32"), ft::UserError);
}

TEST_CASE("a file that loses its bytes while it is open is unreadable, and ends no process") {
  const Folder folder;
  const std::vector<float> values(100'000, 1.5F);
  ft::SafetensorsWriter writer(folder / "a.safetensors", {{"w", {100, 1000}}});
  writer.write(values);
  writer.finish();
  const ft::SafetensorsReader reader(folder / "a.safetensors");
  CHECK(read(reader, "w", {}, 100'000) == values);
  fs::resize_file(folder / "a.safetensors", 8192);
  std::vector<float> out(100'000);
  CHECK_THROWS_AS(reader.read(reader.tensors().at("w"), {}, out), ft::Unreadable);
  out.resize(1000);
  CHECK_THROWS_AS(reader.read(reader.tensors().at("w"), {0, 99, 100}, out), ft::Unreadable);
  CHECK_NOTHROW(reader.read(reader.tensors().at("w"), {0, 0, 1}, out));
}

TEST_CASE("a dtype that is not known is no damage, until its values are asked for") {
  const Folder folder;
  for (const char* dtype : {"F8_E4M3", "F4", "F33"}) {
    CAPTURE(dtype);
    write_text(folder / "i.safetensors",
               file_of(R"({"w":{"dtype":")" + std::string(dtype) + R"(","shape":[4],"data_offsets":[0,4]}})", 4));
    const ft::SafetensorsReader reader(folder / "i.safetensors");
    CHECK(reader.tensors().at("w").dtype == dtype);
    CHECK_FALSE(ft::is_readable_dtype(dtype));
    std::vector<float> out(4);
    CHECK_THROWS_WITH_AS(reader.read(reader.tensors().at("w"), {}, out), doctest::Contains(dtype), ft::UserError);
  }
}

TEST_CASE(
    "a link to nothing is told from a file that is not there, and a file that shrinks is an error, not a signal") {
  const Folder folder;
  CHECK_THROWS_WITH_AS(ft::SafetensorsReader(folder / "none.safetensors"), doctest::Contains("no such file"),
                       ft::UserError);
  fs::create_symlink("blobs/0123", folder / "l.safetensors");
  CHECK_THROWS_WITH_AS(ft::SafetensorsReader(folder / "l.safetensors"), doctest::Contains("a link to 'blobs/0123'"),
                       ft::UserError);
  write_text(folder / "s.safetensors",
             file_of(R"({"w":{"dtype":"F32","shape":[4096],"data_offsets":[0,16384]}})", 16384));
  const ft::SafetensorsReader reader(folder / "s.safetensors");
  fs::resize_file(folder / "s.safetensors", 5000);
  std::vector<float> out(4096);
  try {
    reader.read(reader.tensors().at("w"), {}, out);
    FAIL("read what is not there");
  } catch (const ft::UserError&) {
    FAIL("that is not the user's mistake");
  } catch (const ft::Error& error) {
    CHECK(std::string(error.what()).find("s.safetensors ends at byte 5000") != std::string::npos);
  }
}
