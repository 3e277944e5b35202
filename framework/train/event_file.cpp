#include "framework/train/event_file.h"

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "framework/base/error.h"
#include "framework/tensor/output_file.h"

namespace ft {

namespace {

static_assert(std::endian::native == std::endian::little, "event files are little-endian");

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// Protocol buffer wire format: a key (field number, wire type), then the value.
enum class Wire { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(int field, Wire wire) {
  return varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
}

std::string text_field(int field, std::string_view text) {
  return key(field, Wire::bytes) + varint(text.size()) + std::string(text);
}

// event.proto: wall_time = 1 (double), step = 2 (int64), file_version = 3, summary = 5, session_log = 7.
std::string event(std::int64_t unix_seconds, std::int64_t step, std::string_view rest) {
  return key(1, Wire::fixed64) + raw(static_cast<double>(unix_seconds)) + key(2, Wire::varint) +
         varint(static_cast<std::uint64_t>(step)) + std::string(rest);
}

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78U : 0U);
    table[byte] = crc;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t unix_seconds, std::int64_t first_step) {
  std::filesystem::create_directories(folder);
  for (int counter = 0; path_.empty() || std::filesystem::exists(path_); ++counter)
    path_ = folder /
            fmt::format("events.out.tfevents.{}.ftrun{}", unix_seconds, counter ? fmt::format(".{}", counter) : "");
  file_.open(path_, std::ios::binary);
  write_record(event(unix_seconds, 0, text_field(3, "brain.Event:2")));
  const std::string session_start = key(1, Wire::varint) + varint(1);  // SessionLog.status = START
  write_record(event(unix_seconds, first_step, text_field(7, session_start)));
}

void EventFile::add(std::string_view tag, double value, std::int64_t step, std::int64_t unix_seconds) {
  // summary.proto: Summary.value = 1; Value.tag = 1, Value.simple_value = 2 (float).
  const std::string scalar = text_field(1, tag) + key(2, Wire::fixed32) + raw(static_cast<float>(value));
  write_record(event(unix_seconds, step, text_field(5, text_field(1, scalar))));
}

void EventFile::write_record(std::string_view bytes) {
  const std::string length = raw(static_cast<std::uint64_t>(bytes.size()));
  file_ << length << raw(masked_crc32c(length)) << bytes << raw(masked_crc32c(bytes)) << std::flush;
  if (!file_) fail_output("write", path_, errno);
}

}  // namespace ft
