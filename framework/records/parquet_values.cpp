#include "framework/records/parquet_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace ft::records {
namespace {

static_assert(std::endian::native == std::endian::little, "Parquet's numbers are copied as they are");

[[noreturn]] void cut_short() { throw BadParquet("a page holds fewer values than it says"); }

std::string_view take(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) cut_short();
  const std::string_view taken = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return taken;
}

template <typename T>
T read_as(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::uint64_t varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto bits = static_cast<unsigned char>(take(bytes, 1).front());
    value |= static_cast<std::uint64_t>(bits & 0x7FU) << shift;
    if ((bits & 0x80U) == 0) return value;
  }
  throw BadParquet("a number in a page is too long");
}

// `width` bits (0 to 64) from bit `bit` on.
std::uint64_t bits_at(std::string_view bytes, std::uint64_t bit, int width) {
  std::uint64_t value = 0;
  for (int got = 0; got < width;) {
    const std::uint64_t at = (bit + static_cast<unsigned>(got)) / 8;
    const int shift = static_cast<int>((bit + static_cast<unsigned>(got)) % 8);
    if (at >= bytes.size()) cut_short();
    const std::uint64_t part = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at])) >> shift;
    value |= part << got;
    got += 8 - shift;
  }
  return width < 64 ? value & ((std::uint64_t{1} << width) - 1) : value;
}

// The size of a plain value in bytes; 0 where it differs.
std::size_t size_of(Physical type, std::int64_t length) {
  switch (type) {
    case Physical::int32:
    case Physical::real32:
      return 4;
    case Physical::int64:
    case Physical::real64:
      return 8;
    case Physical::int96:
      return 12;
    case Physical::fixed:
      if (length <= 0 || length > (1 << 24))
        throw BadParquet(fmt::format("values of a fixed size are {} bytes", length));
      return static_cast<std::size_t>(length);
    default:
      return 0;
  }
}

RawValue plain_value(Physical type, std::string_view bytes) {
  RawValue value;
  switch (type) {
    case Physical::int32:
      value.integer = read_as<std::int32_t>(bytes);
      break;
    case Physical::int64:
      value.integer = read_as<std::int64_t>(bytes);
      break;
    case Physical::real32:
      value.real = read_as<float>(bytes);
      break;
    case Physical::real64:
      value.real = read_as<double>(bytes);
      break;
    default:
      value.bytes = bytes;
  }
  return value;
}

class Plain : public ValueDecoder {
 public:
  Plain(Physical type, std::int64_t length, std::string_view bytes)
      : type_(type), size_(size_of(type, length)), bytes_(bytes) {}
  RawValue next() override {
    if (type_ == Physical::boolean)
      return {.integer = static_cast<std::int64_t>(bits_at(bytes_, bit_++, 1)), .bytes = {}};
    if (type_ == Physical::bytes) return {.bytes = take(bytes_, read_as<std::uint32_t>(take(bytes_, 4)))};
    return plain_value(type_, take(bytes_, size_));
  }

 private:
  Physical type_;
  std::size_t size_;
  std::string_view bytes_;
  std::uint64_t bit_ = 0;
};

class Dictionary : public ValueDecoder {
 public:
  Dictionary(const std::vector<RawValue>& values, std::string_view bytes) : values_(values) {
    if (bytes.empty()) return;  // a page of nulls
    const int width = static_cast<unsigned char>(bytes.front());
    if (width > 32) throw BadParquet(fmt::format("indices of a dictionary have {} bits", width));
    indices_ = Hybrid(bytes.substr(1), width);
  }
  RawValue next() override {
    const std::uint32_t index = indices_.next();
    if (index >= values_.size())
      throw BadParquet(fmt::format("a page names entry {} of a dictionary that has {}", index, values_.size()));
    return values_[index];
  }

 private:
  const std::vector<RawValue>& values_;
  Hybrid indices_;
};

class Booleans : public ValueDecoder {
 public:
  explicit Booleans(std::string_view bytes)
      : bits_(take(bytes, std::min<std::uint64_t>(read_as<std::uint32_t>(take(bytes, 4)), bytes.size())), 1) {}
  RawValue next() override { return {.integer = bits_.next(), .bytes = {}}; }

 private:
  Hybrid bits_;
};

// DELTA_BINARY_PACKED: blocks of differences, each with its smallest one and packed rests.
class DeltaIntegers {
 public:
  explicit DeltaIntegers(std::string_view bytes) : bytes_(bytes) {
    const std::uint64_t block = varint(bytes_), parts = varint(bytes_);
    left_ = varint(bytes_);
    value_ = zigzag(varint(bytes_));
    if (block == 0 || parts == 0 || block > (1U << 16U) || left_ > kMostPageValues || parts > block ||
        block % parts != 0)
      throw BadParquet("a page of differences has an impossible block");
    per_part_ = block / parts;
    parts_ = parts;
    part_ = parts;
  }
  std::int64_t next() {
    if (left_ == 0) cut_short();
    --left_;
    if (first_) {
      first_ = false;
      return value_;
    }
    if (in_part_ == per_part_ || part_ == parts_) next_part();
    const std::uint64_t rest = bits_at(packed_, in_part_ * static_cast<unsigned>(width_), width_);
    ++in_part_;
    value_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(value_) + static_cast<std::uint64_t>(least_) + rest);
    return value_;
  }
  // What stands behind them; the values are read to their end.
  std::string_view rest() {
    while (left_ > 0) (void)next();
    return bytes_;
  }
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  static std::int64_t zigzag(std::uint64_t bits) {
    return static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
  }
  void next_part() {
    if (part_ == parts_) {
      least_ = zigzag(varint(bytes_));
      widths_ = take(bytes_, parts_);
      part_ = 0;
    } else {
      ++part_;
    }
    if (part_ == parts_) return next_part();
    width_ = static_cast<unsigned char>(widths_[part_]);
    if (width_ > 64) throw BadParquet(fmt::format("a page of differences packs them into {} bits", width_));
    // The last part may be cut where no value needs it.
    packed_ = take(bytes_, std::min<std::uint64_t>((per_part_ * static_cast<unsigned>(width_) + 7) / 8, bytes_.size()));
    in_part_ = 0;
  }
  std::string_view bytes_, widths_, packed_;
  std::uint64_t left_ = 0, per_part_ = 0, parts_ = 0, part_ = 0, in_part_ = 0;
  std::int64_t value_ = 0, least_ = 0;
  int width_ = 0;
  bool first_ = true;
};

class DeltaNumbers : public ValueDecoder {
 public:
  DeltaNumbers(Physical type, std::string_view bytes) : type_(type), integers_(bytes) {}
  RawValue next() override {
    const std::int64_t value = integers_.next();
    return {.integer = type_ == Physical::int32 ? static_cast<std::int32_t>(value) : value, .bytes = {}};
  }

 private:
  Physical type_;
  DeltaIntegers integers_;
};

// Lengths first, then all texts.
class DeltaLengths : public ValueDecoder {
 public:
  explicit DeltaLengths(std::string_view bytes) : lengths_(bytes), texts_(DeltaIntegers(bytes).rest()) {}
  RawValue next() override {
    const std::int64_t length = lengths_.next();
    if (length < 0) cut_short();
    return {.bytes = take(texts_, static_cast<std::uint64_t>(length))};
  }

 private:
  DeltaIntegers lengths_;
  std::string_view texts_;
};

// How much each text shares with the one before, then what differs.
class DeltaTexts : public ValueDecoder {
 public:
  explicit DeltaTexts(std::string_view bytes) : shared_(bytes), rests_(DeltaIntegers(bytes).rest()) {}
  RawValue next() override {
    const std::int64_t shared = shared_.next();
    if (shared < 0 || static_cast<std::uint64_t>(shared) > last_.size()) cut_short();
    last_.resize(static_cast<std::size_t>(shared));
    last_ += rests_.next().bytes;
    return {.bytes = last_};
  }

 private:
  DeltaIntegers shared_;
  DeltaLengths rests_;
  std::string last_;
};

// All first bytes, then all second ones, ...
class ByteStreams : public ValueDecoder {
 public:
  ByteStreams(Physical type, std::int64_t length, std::string_view bytes)
      : type_(type),
        bytes_(bytes),
        value_(size_of(type, length), '\0'),
        count_(value_.empty() ? 0 : bytes.size() / value_.size()) {
    if (value_.empty()) throw BadParquet("byte streams hold values of no fixed size");
  }
  RawValue next() override {
    if (at_ >= count_) cut_short();
    for (std::size_t i = 0; i < value_.size(); ++i) value_[i] = bytes_[i * count_ + at_];
    ++at_;
    return plain_value(type_, value_);
  }

 private:
  Physical type_;
  std::string_view bytes_;
  std::string value_;
  std::size_t count_, at_ = 0;
};

}  // namespace

std::uint32_t Hybrid::next() {
  if (width_ == 0) return 0;
  if (left_ == 0) next_run();
  --left_;
  if (!is_packed_) return value_;
  const auto value = static_cast<std::uint32_t>(bits_at(packed_, bit_, width_));
  bit_ += static_cast<unsigned>(width_);
  return value;
}

void Hybrid::next_run() {
  while (left_ == 0) {
    const std::uint64_t head = varint(bytes_);
    is_packed_ = (head & 1U) != 0;
    if (is_packed_) {
      const std::uint64_t groups = head >> 1U;
      if (groups > (std::uint64_t{1} << 32U)) cut_short();
      left_ = groups * 8;
      packed_ = take(bytes_, std::min<std::uint64_t>(groups * static_cast<unsigned>(width_), bytes_.size()));
      bit_ = 0;
    } else {
      left_ = head >> 1U;
      const std::string_view bytes = take(bytes_, static_cast<unsigned>((width_ + 7) / 8));
      value_ = 0;
      for (std::size_t i = 0; i < bytes.size(); ++i)
        value_ |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
  }
}

std::unique_ptr<ValueDecoder> make_decoder(Encoding encoding, Physical type, std::int64_t length,
                                           std::string_view bytes, const std::vector<RawValue>* dictionary) {
  const bool is_text = type == Physical::bytes || type == Physical::fixed;
  switch (encoding) {
    case Encoding::plain:
      return std::make_unique<Plain>(type, length, bytes);
    case Encoding::plain_dictionary:
    case Encoding::rle_dictionary:
      if (dictionary == nullptr) throw BadParquet("a page needs a dictionary that is not there");
      return std::make_unique<Dictionary>(*dictionary, bytes);
    case Encoding::rle:
      if (type == Physical::boolean) return std::make_unique<Booleans>(bytes);
      break;
    case Encoding::delta_binary_packed:
      if (type == Physical::int32 || type == Physical::int64) return std::make_unique<DeltaNumbers>(type, bytes);
      break;
    case Encoding::delta_length_byte_array:
      if (type == Physical::bytes) return std::make_unique<DeltaLengths>(bytes);
      break;
    case Encoding::delta_byte_array:
      if (is_text) return std::make_unique<DeltaTexts>(bytes);
      break;
    case Encoding::byte_stream_split:
      return std::make_unique<ByteStreams>(type, length, bytes);
    case Encoding::bit_packed:
      break;
  }
  throw BadParquet(
      fmt::format("a page has the encoding {} for values of type {}, which is not read; write the file anew with "
                  "pyarrow's defaults",
                  static_cast<int>(encoding), static_cast<int>(type)));
}

}  // namespace ft::records
