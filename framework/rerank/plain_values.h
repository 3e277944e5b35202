// Plain values and texts, one behind the other in a string: how ranks tell each other of their share of a table, on machines of
// one kind.
//
//   PlainWriter(directory).put(numbers);
//   PlainReader in(directory);  while (!in.empty()) in.get<Numbers>();
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "framework/base/error.h"

namespace ft::rerank {

class PlainWriter {
 public:
  explicit PlainWriter(std::string& out) : out_(out) {}
  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put_text(std::string_view text) {
    put(static_cast<std::int64_t>(text.size()));
    out_.append(text);
  }

 private:
  std::string& out_;
};

class PlainReader {
 public:
  explicit PlainReader(std::string_view in) : in_(in) {}
  template <class T>
  T get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string get_text() { return std::string(take(static_cast<std::size_t>(get<std::int64_t>()))); }
  [[nodiscard]] bool empty() const { return in_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    FT_CHECK(count <= in_.size(), "a share of a table ends in the middle");
    const std::string_view taken = in_.substr(0, count);
    in_.remove_prefix(count);
    return taken;
  }
  std::string_view in_;
};

}  // namespace ft::rerank
