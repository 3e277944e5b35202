// The values of one Parquet page, one after another: what each encoding does to bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "framework/records/parquet_format.h"

namespace ft::records {

// More than any writer puts into one page: what claims more is damaged.
constexpr std::uint64_t kMostPageValues = 1U << 26U;

// A value before its meaning is known.
struct RawValue {
  std::int64_t integer = 0;  // booleans, integers
  double real = 0;           // of 64 bits; of 32 bits exactly
  std::string_view bytes;    // valid until the next value is asked for, at least
};

// Runs of equal numbers and runs of packed ones: levels, indices of a dictionary, booleans.
class Hybrid {
 public:
  Hybrid() = default;
  Hybrid(std::string_view bytes, int width) : bytes_(bytes), width_(width) {}
  // Throws BadParquet where there is none left.
  std::uint32_t next();

 private:
  void next_run();
  std::string_view bytes_;
  int width_ = 0;
  std::uint64_t left_ = 0;  // of the run
  bool is_packed_ = false;
  std::uint32_t value_ = 0;
  std::string_view packed_;
  std::uint64_t bit_ = 0;
};

class ValueDecoder {
 public:
  ValueDecoder() = default;
  ValueDecoder(const ValueDecoder&) = delete;
  ValueDecoder& operator=(const ValueDecoder&) = delete;
  virtual ~ValueDecoder() = default;
  // Throws BadParquet where the page holds no further value.
  virtual RawValue next() = 0;
};

// `bytes` and `dictionary` must outlive it. `length` is that of fixed-size values. Throws BadParquet for an encoding that
// does not suit the type.
[[nodiscard]] std::unique_ptr<ValueDecoder> make_decoder(Encoding encoding, Physical type, std::int64_t length,
                                                         std::string_view bytes,
                                                         const std::vector<RawValue>* dictionary);

}  // namespace ft::records
