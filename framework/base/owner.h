// Whose a kept record is: files are copied between folders, and a record that fits in form alone would be taken for one of
// this work. Lines that work goes on from later carry it (store/append_log.h, train/step_log.h).
#pragma once

#include <string>
#include <string_view>

namespace ft {

// 16 hexadecimal digits of an identity, or nobody's.
class Owner {
 public:
  static constexpr std::size_t kDigits = 16;

  Owner() = default;
  // `identity`: at least 16 hexadecimal digits, as of a SHA-256 (checked).
  explicit Owner(std::string_view identity);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace ft
