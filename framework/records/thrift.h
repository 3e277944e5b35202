// Thrift's compact protocol, as far as Parquet's headers need it: a cursor over bytes that knows fields and skips what
// it is not asked for. Nothing is allocated by what the bytes claim.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace ft::records {

// A file that is damaged, or holds something that is not read: a clause that says what.
class BadParquet : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Thrift {
 public:
  // The bytes end before the value does: more of them may help.
  class Short : public BadParquet {
    using BadParquet::BadParquet;
  };
  enum class Type : std::uint8_t {
    stop = 0,
    yes = 1,
    no = 2,
    i8 = 3,
    i16 = 4,
    i32 = 5,
    i64 = 6,
    real = 7,
    binary = 8,
    list = 9,
    set = 10,
    map = 11,
    object = 12
  };

  explicit Thrift(std::string_view bytes) : bytes_(bytes) {}

  // Calls field(id, type) for each field of a struct; it must read or skip() the value.
  template <typename Field>
  void fields(const Field& field) {
    if (++depth_ > 32) throw BadParquet("its header is nested too deep");
    int id = 0;
    while (true) {
      const unsigned head = byte();
      const auto type = static_cast<Type>(head & 0x0FU);
      if (type == Type::stop) break;
      const int delta = static_cast<int>(head >> 4U);
      id = delta != 0 ? id + delta : static_cast<int>(integer());
      field(id, type);
    }
    --depth_;
  }
  // Calls element(type) so many times as the list says.
  template <typename Element>
  void list(const Element& element) {
    const unsigned head = byte();
    std::uint64_t count = head >> 4U;
    if (count == 15) count = varint();
    if (count > bytes_.size() - at_) throw Short("its header names more elements than it has bytes");
    for (std::uint64_t i = 0; i < count; ++i) element(static_cast<Type>(head & 0x0FU));
  }
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] std::string_view binary();
  void skip(Type type) { skip(type, false); }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  unsigned byte();
  std::uint64_t varint();
  void skip(Type type, bool in_list);

  std::string_view bytes_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace ft::records
