#include "framework/records/thrift.h"

namespace ft::records {

unsigned Thrift::byte() {
  if (at_ >= bytes_.size()) throw Short("its header is cut short");
  return static_cast<unsigned char>(bytes_[at_++]);
}

std::uint64_t Thrift::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t bits = byte();
    value |= (bits & 0x7FU) << shift;
    if ((bits & 0x80U) == 0) return value;
  }
  throw BadParquet("a number in its header is too long");
}

std::int64_t Thrift::integer() {
  const std::uint64_t bits = varint();
  return static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
}

std::string_view Thrift::binary() {
  const std::uint64_t size = varint();
  if (size > bytes_.size() - at_) throw Short("a text in its header is cut short");
  const std::string_view text = bytes_.substr(at_, size);
  at_ += size;
  return text;
}

void Thrift::skip(Type type, bool in_list) {
  switch (type) {
    case Type::yes:
    case Type::no:
      if (in_list) (void)byte();
      return;
    case Type::i8:
      (void)byte();
      return;
    case Type::i16:
    case Type::i32:
    case Type::i64:
      (void)varint();
      return;
    case Type::real:
      for (int i = 0; i < 8; ++i) (void)byte();
      return;
    case Type::binary:
      (void)binary();
      return;
    case Type::list:
    case Type::set:
      if (++depth_ > 32) throw BadParquet("its header is nested too deep");
      list([&](Type inner) { skip(inner, true); });
      --depth_;
      return;
    case Type::map: {
      if (++depth_ > 32) throw BadParquet("its header is nested too deep");
      const std::uint64_t count = varint();
      if (count > bytes_.size() - at_) throw Short("its header names more elements than it has bytes");
      const unsigned kinds = count == 0 ? 0 : byte();
      for (std::uint64_t i = 0; i < count; ++i) {
        skip(static_cast<Type>(kinds >> 4U), true);
        skip(static_cast<Type>(kinds & 0x0FU), true);
      }
      --depth_;
      return;
    }
    case Type::object:
      fields([&](int, Type inner) { skip(inner, false); });
      return;
    default:
      throw BadParquet("its header holds a value of no known type");
  }
}

}  // namespace ft::records
