#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "framework/base/error.h"
#include "framework/tensor/safetensors.h"

namespace ft {
namespace {

// Rounds to nearest, ties to even; a NaN stays one.
std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

std::string header_text(const std::vector<SafetensorsWriter::Entry>& entries, const char* dtype, std::int64_t element) {
  nlohmann::ordered_json header;
  header["__metadata__"]["format"] = "pt";  // transformers asks for it
  std::int64_t offset = 0;
  for (const SafetensorsWriter::Entry& entry : entries) {
    std::int64_t bytes = element;
    for (const std::int64_t size : entry.shape) bytes *= size;
    FT_CHECK(!header.contains(entry.name), "two tensors are named {}", entry.name);
    header[entry.name] = {{"dtype", dtype}, {"shape", entry.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the data begin at a multiple of 8 bytes
  return text;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path, std::vector<Entry> entries, Dtype dtype)
    : file_(std::move(path), OutputFile::Mode::replace), dtype_(dtype) {
  const std::string header =
      dtype == Dtype::f32 ? header_text(entries, "F32", sizeof(float)) : header_text(entries, "BF16", 2);
  for (const Entry& entry : entries) {
    std::int64_t count = 1;
    for (const std::int64_t size : entry.shape) count *= size;
    remaining_ += count;
  }
  const std::uint64_t length = header.size();
  const std::int64_t element = dtype == Dtype::f32 ? sizeof(float) : sizeof(std::uint16_t);
  try {
    file_.reserve(static_cast<std::int64_t>(sizeof length + header.size()) + remaining_ * element);
    write_bytes(&length, sizeof length);
    write_bytes(header.data(), header.size());
  } catch (...) {  // the destructor does not run
    ::unlink(file_.path().c_str());
    throw;
  }
}

SafetensorsWriter::~SafetensorsWriter() {
  if (file_.is_open()) ::unlink(file_.path().c_str());
}

void SafetensorsWriter::write(std::span<const float> values) {
  remaining_ -= static_cast<std::int64_t>(values.size());
  FT_CHECK(remaining_ >= 0, "{}: {} values more than the header says", file_.path().string(), -remaining_);
  if (dtype_ == Dtype::f32) {
    write_bytes(values.data(), values.size_bytes());
    return;
  }
  std::array<std::uint16_t, 8192> rounded;
  while (!values.empty()) {
    const std::size_t count = std::min(values.size(), rounded.size());
    std::transform(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count), rounded.begin(), to_bf16);
    write_bytes(rounded.data(), count * sizeof(std::uint16_t));
    values = values.subspan(count);
  }
}

void SafetensorsWriter::finish() {
  FT_CHECK(remaining_ == 0, "{}: {} values are missing", file_.path().string(), remaining_);
  file_.sync();
  file_.close();
}

void SafetensorsWriter::write_bytes(const void* data, std::size_t size) {
  file_.write({static_cast<const std::byte*>(data), size}, offset_);
  offset_ += static_cast<std::int64_t>(size);
}

}  // namespace ft
