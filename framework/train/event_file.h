// Scalars for TensorBoard, without TensorFlow: an event file is a TFRecord file (length, masked CRC-32C, bytes, masked
// CRC-32C) of Event protocol buffers, of which scalars need five fields.
//
//   EventFile events(folder, unix_seconds(), first_step);   // a new file at each start
//   events.add("loss", 1.25, step, unix_seconds());
//
// The first event of a start carries its step as a session start: TensorBoard then hides what an interrupted start had
// logged beyond it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ft {

class EventFile {
 public:
  // Creates folder/events.out.tfevents.<time>.ftrun (with a counter where that exists). Throws Error when it cannot.
  EventFile(const std::filesystem::path& folder, std::int64_t unix_seconds, std::int64_t first_step);

  // Throws Error when it cannot be written.
  void add(std::string_view tag, double value, std::int64_t step, std::int64_t unix_seconds);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void write_record(std::string_view bytes);

  std::filesystem::path path_;
  std::ofstream file_;
};

// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), and TFRecord's masked form of it.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);
[[nodiscard]] std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace ft
