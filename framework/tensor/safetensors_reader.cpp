#include <c10/util/Half.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/tensor/safetensors.h"
#include "framework/tensor/safetensors_files.h"

namespace ft {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::uint64_t kLargestHeader = 100'000'000;  // as the format's reference reader has it

[[noreturn]] void fail_file(const fs::path& file, const std::string& what) {
  fail_user({file.string()}, what + "; the file is damaged or is no safetensors file");
}

// A file's bytes, mapped for reading.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) fail_user({path.string()}, fmt::format("cannot be opened: {}", std::strerror(errno)));
    struct stat status {};
    const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    size_ = regular ? static_cast<std::size_t>(status.st_size) : 0;
    void* mapped = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0) : nullptr;
    const int error = errno;
    ::close(file);
    if (!regular) fail_user({path.string()}, "is no regular file");
    FT_CHECK(mapped != MAP_FAILED, "{} cannot be mapped: {}", path.string(), std::strerror(error));
    data_ = static_cast<const std::byte*>(mapped);
  }
  ~MappedFile() {
    if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

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

std::optional<std::uint64_t> element_size(std::string_view dtype) {
  static const std::map<std::string_view, std::uint64_t> sizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
      {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"I64", 8},     {"U64", 8}, {"F64", 8}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? std::nullopt : std::optional(found->second);
}

struct Range {
  std::uint64_t begin = 0, end = 0;
};

// One entry of the header. `data` are the bytes behind it.
std::pair<StoredTensor, Range> parse_entry(const std::string& name, const Json& entry, std::span<const std::byte> data,
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
  if (!element) wrong(fmt::format("unknown dtype '{}'", stored.dtype));
  std::uint64_t wanted = *element;
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
  if (range.begin > range.end || range.end > data.size()) {
    wrong(fmt::format("bytes [{}, {}) do not lie in the file's {}", range.begin, range.end, data.size()));
  }
  if (range.end - range.begin != wanted) {
    wrong(fmt::format("{} bytes, but its shape and dtype need {}", range.end - range.begin, wanted));
  }
  stored.bytes = data.subspan(range.begin, wanted);
  return {std::move(stored), range};
}

// A mapped page that cannot be read, or that another program has cut off the file, would end the process by a signal
// (SIGBUS): so the kernel is asked for all of them first. Kernels before 5.14 do not know the question.
void require_pages(std::span<const std::byte> bytes, const fs::path& file) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size());
  if (begin >= end || ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ) == 0) return;
  if (errno != EINVAL) fail_unreadable(file, errno == EFAULT || errno == EHWPOISON ? EIO : errno);
}

std::vector<StoredTensor> parse_file(std::span<const std::byte> bytes, const fs::path& file) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) fail_file(file, fmt::format("{} bytes are too few", bytes.size()));
  require_pages(bytes.first(sizeof length), file);
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kLargestHeader || length > bytes.size() - sizeof length) {
    fail_file(file, fmt::format("a header of {} bytes in a file of {}", length, bytes.size()));
  }
  require_pages(bytes.first(sizeof length + length), file);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  const Json header = parse_json(text, file);
  const std::span<const std::byte> data = bytes.subspan(sizeof length + length);
  std::vector<StoredTensor> tensors;
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto [stored, range] = parse_entry(name, entry, data, file);
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
  if (end != data.size()) fail_file(file, fmt::format("{} bytes belong to no tensor", data.size() - end));
  return tensors;
}

// The shards that an index names, each with the tensors it must hold.
std::map<std::string, std::vector<std::string>> parse_index(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const Json index = parse_json(text, file);
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

void convert(const StoredTensor& stored, std::size_t first, std::span<float> out) {
  if (stored.dtype == "F32") {
    std::memcpy(out.data(), stored.bytes.data() + first * sizeof(float), out.size_bytes());
    return;
  }
  const std::byte* from = stored.bytes.data() + first * sizeof(std::uint16_t);
  const bool brain = stored.dtype == "BF16";
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from + i * sizeof bits, sizeof bits);
    out[i] = brain ? std::bit_cast<float>(std::uint32_t{bits} << 16) : c10::detail::fp16_ieee_to_fp32_value(bits);
  }
}

// Mapped pages that were read count as this process's memory until told otherwise; they are read again when needed.
void let_go(std::span<const std::byte> bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size());
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // a hint: may fail
}

}  // namespace

std::vector<fs::path> safetensors_files(const fs::path& folder) {
  if (fs::exists(folder / kSingleFile)) return {folder / kSingleFile};
  if (!fs::exists(folder / kIndexFile)) return {};
  std::vector<fs::path> files{folder / kIndexFile};
  for (const auto& [shard, names] : parse_index(folder / kIndexFile)) files.push_back(folder / shard);
  std::sort(files.begin(), files.end());
  return files;
}

struct SafetensorsReader::Body {
  std::vector<std::unique_ptr<MappedFile>> files;
  std::map<std::string, StoredTensor, std::less<>> tensors;

  void open(const fs::path& file) {
    const MappedFile& mapped = *files.emplace_back(std::make_unique<MappedFile>(file));
    for (StoredTensor& stored : parse_file(mapped.bytes(), file)) {
      const std::string name = stored.name;
      const auto [place, fresh] = tensors.emplace(name, std::move(stored));
      if (!fresh) fail_user({file.string()}, fmt::format("tensor '{}' is also in {}", name, place->second.file));
    }
  }
};

SafetensorsReader::SafetensorsReader(const fs::path& path) : body_(std::make_unique<Body>()) {
  if (!fs::is_directory(path)) {
    body_->open(path);
    return;
  }
  const fs::path index = path / kIndexFile;
  if (fs::exists(path / kSingleFile)) {
    body_->open(path / kSingleFile);
  } else if (fs::exists(index)) {
    for (const auto& [shard, names] : parse_index(index)) {
      body_->open(path / shard);
      for (const std::string& name : names) {
        const auto found = body_->tensors.find(name);
        if (found == body_->tensors.end() || found->second.file != (path / shard).string()) {
          fail_user({index.string()},
                    fmt::format("says that tensor '{}' is in {}, which does not hold it", name, shard));
        }
      }
    }
  } else {
    fail_user({path.string()},
              "holds neither model.safetensors nor model.safetensors.index.json; weights in other formats must be "
              "converted to safetensors first");
  }
}

SafetensorsReader::~SafetensorsReader() = default;
SafetensorsReader::SafetensorsReader(SafetensorsReader&&) noexcept = default;
SafetensorsReader& SafetensorsReader::operator=(SafetensorsReader&&) noexcept = default;

const std::map<std::string, StoredTensor, std::less<>>& SafetensorsReader::tensors() const { return body_->tensors; }

void SafetensorsReader::read(const StoredTensor& stored, const ShardSpec& shard, std::span<float> out) const {
  if (stored.dtype != "F32" && stored.dtype != "BF16" && stored.dtype != "F16") {
    fail_user({stored.file},
              fmt::format("tensor '{}' has dtype {}; F32, BF16 and F16 can be read", stored.name, stored.dtype));
  }
  const std::size_t total = stored.bytes.size() / *element_size(stored.dtype);
  const std::size_t rows = stored.shape.empty() ? 1 : static_cast<std::size_t>(stored.shape[0]);
  const std::size_t row_size = rows == 0 ? 0 : total / rows;
  const auto begin = static_cast<std::size_t>(shard.begin), end = static_cast<std::size_t>(shard.end);
  const std::size_t row_bytes = row_size * *element_size(stored.dtype);
  const bool takes_rows = shard.dim == 0 && begin <= end && end <= rows;
  require_pages(takes_rows ? stored.bytes.subspan(begin * row_bytes, (end - begin) * row_bytes) : stored.bytes, stored.file);
  if (shard.dim < 0) {
    FT_CHECK(out.size() == total, "{}: {} values for a tensor of {}", stored.name, out.size(), total);
    convert(stored, 0, out);
  } else if (shard.dim == 0) {
    FT_CHECK(begin <= end && end <= rows && out.size() == (end - begin) * row_size, "{}: rows [{}, {}) do not fit",
             stored.name, begin, end);
    convert(stored, begin * row_size, out);
  } else {
    FT_CHECK(shard.dim == 1 && stored.shape.size() == 2 && begin <= end && end <= row_size &&
                 out.size() == rows * (end - begin),
             "{}: columns [{}, {}) do not fit", stored.name, begin, end);
    for (std::size_t row = 0; row < rows; ++row) {
      convert(stored, row * row_size + begin, out.subspan(row * (end - begin), end - begin));
    }
  }
  let_go(stored.bytes);
}

}  // namespace ft
