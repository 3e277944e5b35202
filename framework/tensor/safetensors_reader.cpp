#include <c10/util/Half.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/lfs_pointer.h"
#include "framework/base/reading.h"
#include "framework/tensor/random_access_file.h"
#include "framework/tensor/safetensors.h"
#include "framework/tensor/safetensors_files.h"

namespace ft {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::uint64_t kLargestHeader = 100'000'000;  // as the format's reference reader has it
constexpr std::size_t kPiece = std::size_t{8} << 20;   // bytes that are read at a time

[[noreturn]] void fail_file(const fs::path& file, const std::string& what) {
  fail_user({file.string()}, what + "; the file is damaged or is no safetensors file");
}

// Parses JSON; a key that appears twice in one object at depth 1 (a tensor's name) is refused, not overwritten.
Json parse_json(std::string_view text, const fs::path& file) {
  std::set<std::string> names;
  std::optional<std::string> twice;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth == 1 && event == Json::parse_event_t::key && !names.insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  Json parsed;
  try {
    parsed = Json::parse(text, watch);
  } catch (const Json::exception& error) {
    fail_file(file, fmt::format("the header is no JSON ({})", error.what()));
  }
  if (twice) fail_file(file, fmt::format("the header names '{}' twice", *twice));
  if (!parsed.is_object()) fail_file(file, "the header is no JSON object");
  return parsed;
}

// Nothing for a dtype that is not known here, or whose elements are parts of bytes.
std::optional<std::uint64_t> element_size(std::string_view dtype) {
  static const std::map<std::string_view, std::uint64_t> sizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1},
      {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},     {"U32", 4},
      {"F32", 4},  {"I64", 8}, {"U64", 8}, {"F64", 8},     {"C64", 8}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? std::nullopt : std::optional(found->second);
}

struct Range {
  std::uint64_t begin = 0, end = 0;
};

// One entry of the header. `data` is how many bytes stand behind it.
std::pair<StoredTensor, Range> parse_entry(const std::string& name, const Json& entry, std::uint64_t data,
                                           const fs::path& file) {
  const auto wrong = [&](const std::string& what) { fail_file(file, fmt::format("tensor '{}': {}", name, what)); };
  const auto member = [&](const char* key) -> const Json& {
    if (!entry.is_object() || !entry.contains(key)) wrong(fmt::format("no '{}'", key));
    return entry[key];
  };
  StoredTensor stored{.name = name, .file = file.string()};
  if (!member("dtype").is_string()) wrong("dtype is no string");
  stored.dtype = entry["dtype"].get<std::string>();
  const std::optional<std::uint64_t> element = element_size(stored.dtype);
  std::uint64_t wanted = element.value_or(1);
  if (!member("shape").is_array()) wrong("shape is no list");
  for (const Json& size : entry["shape"]) {
    if (!size.is_number_unsigned()) wrong("shape holds something else than sizes");
    const auto value = size.get<std::uint64_t>();
    if (value > INT64_MAX || __builtin_mul_overflow(wanted, value, &wanted)) wrong("the shape is too large");
    stored.shape.push_back(static_cast<std::int64_t>(value));
  }
  const Json& offsets = member("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    wrong("data_offsets is no pair of offsets");
  }
  const Range range{offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
  if (range.begin <= range.end && range.end > data) {
    fail_user({file.string()},
              fmt::format("the file was cut off: tensor '{}' ends at byte {} of the data, of which {} are there; "
                          "get the file again (an interrupted download or copy)",
                          name, range.end, data));
  }
  if (range.begin > range.end)
    wrong(fmt::format("bytes [{}, {}) do not lie in the file's {}", range.begin, range.end, data));
  if (element && range.end - range.begin != wanted) {
    wrong(fmt::format("{} bytes, but its shape and dtype need {}", range.end - range.begin, wanted));
  }
  stored.num_bytes = range.end - range.begin;
  return {std::move(stored), range};
}

// What people find under the name of a safetensors file that is something else.
void refuse_foreign(std::string_view begin, const fs::path& file) {
  if (is_lfs_pointer(begin)) fail_lfs_pointer(file);
  const auto is = [&](std::string_view magic) { return begin.starts_with(magic); };
  if (is("GGUF")) {
    fail_user({file.string()},
              "is a GGUF file (llama.cpp), not safetensors; take the original model folder in safetensors");
  }
  if (is("PK\x03\x04") || is("\x80\x02")) {
    fail_user({file.string()},
              "is a PyTorch checkpoint (pickle), not safetensors; convert it: load it in transformers and "
              "save_pretrained(...)");
  }
  if (is("\x89HDF")) fail_user({file.string()}, "is an HDF5 file, not safetensors");
  if (is("<!DOCTYPE") || is("<!doctype") || is("<html")) {
    fail_user({file.string()},
              "is a web page, not safetensors: the download brought the page about the file; get the file itself");
  }
}

std::vector<StoredTensor> parse_file(const RandomAccessFile& input) {
  const fs::path& file = input.path();
  std::uint64_t length = 0;
  std::array<std::byte, 64> first{};
  const auto begin = std::span(first).first(std::min<std::size_t>(first.size(), input.size()));
  input.read(begin, 0);
  refuse_foreign({reinterpret_cast<const char*>(begin.data()), begin.size()}, file);
  if (input.size() == 0) fail_user({file.string()}, "is empty; get the file again");
  if (begin.size() < sizeof length) fail_file(file, fmt::format("{} bytes are too few", begin.size()));
  std::memcpy(&length, begin.data(), sizeof length);
  if (length <= kLargestHeader && length > input.size() - sizeof length) {
    fail_user({file.string()},
              fmt::format("the file was cut off: a header of {} bytes in a file of {}; get the file again", length,
                          input.size()));
  }
  if (length > kLargestHeader)
    fail_file(file, fmt::format("a header of {} bytes in a file of {}", length, input.size()));
  std::string text(length, '\0');
  input.read(std::as_writable_bytes(std::span(text)), sizeof length);
  const Json header = parse_json(text, file);
  const std::uint64_t data = input.size() - sizeof length - length;
  std::vector<StoredTensor> tensors;
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto [stored, range] = parse_entry(name, entry, data, file);
    stored.offset = sizeof length + length + range.begin;
    tensors.push_back(std::move(stored));
    ranges.push_back(range);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t end = 0;
  for (const Range& range : ranges) {
    if (range.begin != end) fail_file(file, fmt::format("tensors overlap or leave a hole at byte {}", range.begin));
    end = range.end;
  }
  if (end != data) fail_file(file, fmt::format("{} bytes belong to no tensor", data - end));
  return tensors;
}

// The shards that an index names, each with the tensors it must hold.
std::map<std::string, std::vector<std::string>> parse_index(const fs::path& file) {
  const Json index = parse_json(read_input_text(file), file);
  if (!index.contains("weight_map") || !index["weight_map"].is_object()) fail_user({file.string()}, "no weight_map");
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    const std::string shard_name = shard.is_string() ? shard.get<std::string>() : "";
    if (!shard_name.ends_with(".safetensors") || fs::path(shard_name).filename().string() != shard_name) {
      fail_user({file.string()}, fmt::format("tensor '{}': {} names no .safetensors file of this folder", name,
                                             shard.dump(-1, ' ', true, Json::error_handler_t::replace)));
    }
    shards[shard_name].push_back(name);
  }
  return shards;
}

// Says of all shards that are not there, so that one look at the message is enough.
void require_shards(const fs::path& index, const std::map<std::string, std::vector<std::string>>& shards) {
  std::vector<std::string> missing;
  for (const auto& [shard, names] : shards) {
    const Found::Kind kind = look_through(index.parent_path() / shard).kind;
    if (kind == Found::Kind::nothing || kind == Found::Kind::dangling) missing.push_back(shard);
  }
  if (missing.empty()) return;
  const std::size_t shown = std::min<std::size_t>(missing.size(), 3);
  fail_user({index.string()},
            fmt::format("{} of the {} files that it names {} not there: {}{}; get {}", missing.size(), shards.size(),
                        missing.size() == 1 ? "is" : "are", fmt::join(missing.begin(), missing.begin() + shown, ", "),
                        shown < missing.size() ? ", ..." : "", missing.size() == 1 ? "it" : "them"));
}

// `bytes` are those of out.size() elements.
void convert(std::span<const std::byte> bytes, std::string_view dtype, std::span<float> out) {
  if (dtype == "F32") {
    std::memcpy(out.data(), bytes.data(), out.size_bytes());
    return;
  }
  const bool brain = dtype == "BF16";
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    out[i] = brain ? std::bit_cast<float>(std::uint32_t{bits} << 16) : c10::detail::fp16_ieee_to_fp32_value(bits);
  }
}

}  // namespace

std::vector<fs::path> safetensors_files(const fs::path& folder) {
  if (look_through(folder / kSingleFile).kind != Found::Kind::nothing) return {folder / kSingleFile};
  if (look_through(folder / kIndexFile).kind == Found::Kind::nothing) return {};
  std::vector<fs::path> files{folder / kIndexFile};
  for (const auto& [shard, names] : parse_index(folder / kIndexFile)) files.push_back(folder / shard);
  std::sort(files.begin(), files.end());
  return files;
}

bool is_readable_dtype(std::string_view dtype) { return dtype == "F32" || dtype == "BF16" || dtype == "F16"; }

struct SafetensorsReader::Body {
  std::vector<RandomAccessFile> files;
  std::map<std::string, StoredTensor, std::less<>> tensors;

  void open(const fs::path& file) {
    const RandomAccessFile& input = files.emplace_back(file);
    for (StoredTensor& stored : parse_file(input)) {
      const std::string name = stored.name;
      stored.file_index = files.size() - 1;
      const auto [place, fresh] = tensors.emplace(name, std::move(stored));
      if (!fresh) fail_user({file.string()}, fmt::format("tensor '{}' is also in {}", name, place->second.file));
    }
  }

  void open_index(const fs::path& index) {
    const auto shards = parse_index(index);
    require_shards(index, shards);
    for (const auto& [shard, names] : shards) {
      const fs::path file = index.parent_path() / shard;
      open(file);
      for (const std::string& name : names) {
        const auto found = tensors.find(name);
        if (found == tensors.end() || found->second.file != file.string()) {
          fail_user({index.string()},
                    fmt::format("says that tensor '{}' is in {}, which does not hold it", name, shard));
        }
      }
    }
  }

  // Elements [first, first + out.size()) of the tensor, in its own order.
  void read(const StoredTensor& stored, std::size_t first, std::span<float> out) const {
    const std::size_t element = *element_size(stored.dtype), most = kPiece / element;
    std::vector<std::byte> buffer(std::min(most, out.size()) * element);
    while (!out.empty()) {
      const std::size_t count = std::min(most, out.size());
      const auto bytes = std::span(buffer).first(count * element);
      files[stored.file_index].read(bytes, stored.offset + first * element);
      convert(bytes, stored.dtype, out.first(count));
      out = out.subspan(count);
      first += count;
    }
  }
};

SafetensorsReader::SafetensorsReader(const fs::path& path) : body_(std::make_unique<Body>()) {
  if (look_through(path).kind != Found::Kind::folder) {
    body_->open(path);
    return;
  }
  const fs::path single = path / kSingleFile, index = path / kIndexFile;
  if (look_through(single).kind != Found::Kind::nothing) {
    body_->open(single);
  } else if (look_through(index).kind != Found::Kind::nothing) {
    body_->open_index(index);
  } else {
    fail_user({path.string()}, "holds neither model.safetensors nor model.safetensors.index.json");
  }
}

SafetensorsReader::~SafetensorsReader() = default;
SafetensorsReader::SafetensorsReader(SafetensorsReader&&) noexcept = default;
SafetensorsReader& SafetensorsReader::operator=(SafetensorsReader&&) noexcept = default;

const std::map<std::string, StoredTensor, std::less<>>& SafetensorsReader::tensors() const { return body_->tensors; }

void SafetensorsReader::read(const StoredTensor& stored, const ShardSpec& shard, std::span<float> out) const {
  if (!is_readable_dtype(stored.dtype)) {
    fail_user({stored.file},
              fmt::format("tensor '{}' has dtype {}; F32, BF16 and F16 can be read", stored.name, stored.dtype));
  }
  const std::size_t total = stored.num_bytes / *element_size(stored.dtype);
  const std::size_t rows = stored.shape.empty() ? 1 : static_cast<std::size_t>(stored.shape[0]);
  const std::size_t row_size = rows == 0 ? 0 : total / rows;
  const auto begin = static_cast<std::size_t>(shard.begin), end = static_cast<std::size_t>(shard.end);
  if (shard.dim < 0) {
    FT_CHECK(out.size() == total, "{}: {} values for a tensor of {}", stored.name, out.size(), total);
    body_->read(stored, 0, out);
  } else if (shard.dim == 0) {
    FT_CHECK(begin <= end && end <= rows && out.size() == (end - begin) * row_size, "{}: rows [{}, {}) do not fit",
             stored.name, begin, end);
    body_->read(stored, begin * row_size, out);
  } else {
    FT_CHECK(shard.dim == 1 && stored.shape.size() == 2 && begin <= end && end <= row_size &&
                 out.size() == rows * (end - begin),
             "{}: columns [{}, {}) do not fit", stored.name, begin, end);
    // Whole rows, some at a time: a file is read faster through than in many small places.
    const std::size_t some = std::max<std::size_t>(1, kPiece / sizeof(float) / std::max<std::size_t>(1, row_size));
    std::vector<float> piece;
    for (std::size_t row = 0; row < rows; row += some) {
      const std::size_t count = std::min(some, rows - row);
      piece.resize(count * row_size);
      body_->read(stored, row * row_size, piece);
      for (std::size_t r = 0; r < count; ++r) {
        std::ranges::copy(std::span(piece).subspan(r * row_size + begin, end - begin),
                          out.begin() + static_cast<std::ptrdiff_t>((row + r) * (end - begin)));
      }
    }
  }
}

bool SafetensorsReader::equal(const StoredTensor& a, const StoredTensor& b) const {
  if (a.dtype != b.dtype || a.shape != b.shape || a.num_bytes != b.num_bytes) return false;
  std::vector<std::byte> first(std::min<std::uint64_t>(kPiece, a.num_bytes)), second(first.size());
  for (std::uint64_t done = 0; done < a.num_bytes; done += first.size()) {
    const std::size_t count = std::min<std::uint64_t>(first.size(), a.num_bytes - done);
    body_->files[a.file_index].read(std::span(first).first(count), a.offset + done);
    body_->files[b.file_index].read(std::span(second).first(count), b.offset + done);
    if (!std::ranges::equal(std::span(first).first(count), std::span(second).first(count))) return false;
  }
  return true;
}

}  // namespace ft
