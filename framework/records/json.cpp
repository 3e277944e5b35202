#include "framework/records/json.h"

#include <algorithm>
#include <unordered_set>

namespace ft::records {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const Place& place) : text_(text), place_(place) {}

  Value run() {
    if (const auto bad = first_invalid_utf8(text_)) {
      fail_at(*bad, fmt::format("the byte 0x{:02x} is not valid UTF-8; convert the file, e.g. with iconv -f latin1 -t "
                                "utf-8, where -f names what it is in",
                                static_cast<unsigned char>(text_[*bad])));
    }
    Value value = parse(0);
    skip_blanks();
    if (at_ < text_.size()) fail("something stands behind the end of the value");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { fail_at(at_, fmt::format("not valid JSON: {}", what)); }

  [[noreturn]] void fail_at(std::size_t at, std::string_view what) const {
    const std::string_view before = text_.substr(0, std::min(at, text_.size()));
    const auto lines = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const auto line_start = before.rfind('\n');
    const int column = static_cast<int>(line_start == std::string_view::npos ? at : at - line_start - 1) + 1;
    const int shift = lines == 0 ? std::max(place_.column - 1, 0) : 0;
    fail_user({place_.file, place_.line > 0 ? place_.line + lines : 0, column + shift}, what);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  // What stands there, for a complaint.
  [[nodiscard]] std::string here() const {
    if (at_ >= text_.size()) return "the end";
    std::size_t length = 1;
    while (length < 4 && at_ + length < text_.size() &&
           (static_cast<unsigned char>(text_[at_ + length]) & 0xC0U) == 0x80U)
      ++length;
    const auto byte = static_cast<unsigned char>(text_[at_]);
    return byte < 0x20 ? fmt::format("the control character 0x{:02x}", byte)
                       : fmt::format("'{}'", text_.substr(at_, length));
  }

  void expect(char wanted, std::string_view where) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != wanted)
      fail(fmt::format("'{}' is missing {}; {} stands there", wanted, where, here()));
    ++at_;
  }

  Value parse(int depth) {
    if (depth > kMostDepth) fail(fmt::format("lists and objects stand more than {} deep in one another", kMostDepth));
    if (++values_ > kMostRecordValues) fail(fmt::format("a record holds more than {} values", kMostRecordValues));
    skip_blanks();
    if (at_ >= text_.size()) fail("the text ends where a value should stand");
    switch (text_[at_]) {
      case '{':
        return object(depth);
      case '[':
        return list(depth);
      case '"':
        return Value::of_text(string());
      default:
        return word();
    }
  }

  Value object(int depth) {
    Value value;
    value.kind = Kind::object;
    std::unordered_set<std::string> seen;  // where there are many names
    ++at_;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '}') return ++at_, value;
    while (true) {
      skip_blanks();
      const std::size_t begin = at_;
      if (at_ >= text_.size() || text_[at_] != '"')
        fail(fmt::format("a name in double quotes is missing; {} stands there", here()));
      std::string name = string();
      const bool known = value.names.size() < 16 ? value.find(name) != nullptr : seen.contains(name);
      if (known)
        fail_at(begin,
                fmt::format("the name '{}' stands twice in one object: which value counts cannot be known", name));
      if (value.names.size() + 1 >= 16) {
        if (seen.empty()) seen.insert(value.names.begin(), value.names.end());
        seen.insert(name);
      }
      expect(':', "behind a name");
      value.items.push_back(parse(depth + 1));
      value.names.push_back(std::move(name));
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == '}') return ++at_, value;
      expect(',', "between two fields, or } at the end");
    }
  }

  Value list(int depth) {
    Value value;
    value.kind = Kind::list;
    ++at_;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == ']') return ++at_, value;
    while (true) {
      value.items.push_back(parse(depth + 1));
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == ']') return ++at_, value;
      expect(',', "between two elements, or ] at the end");
    }
  }

  Value word() {
    const std::size_t begin = at_;
    std::size_t end = begin;
    const auto stops = [](char c) {
      return c == ',' || c == ']' || c == '}' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t' ||
             c == '"' || c == '[' || c == '{';
    };
    while (end < text_.size() && !stops(text_[end])) ++end;
    const std::string_view word = text_.substr(begin, end - begin);
    at_ = end;
    if (word == "null") return {};
    if (word == "true" || word == "false") return Value::of_boolean(word == "true");
    if (reads_as_number(word)) return Value::of_number(std::string(word));
    at_ = begin;
    if (word.empty() || word.front() == '\'') fail(fmt::format("a value is missing; {} stands there", here()));
    fail(fmt::format("'{}' is no value; texts stand in double quotes",
                     std::string(word.substr(0, std::min(word.size(), whole_characters(word, 40))))));
  }

  static std::size_t whole_characters(std::string_view text, std::size_t most) {
    std::size_t end = std::min(most, text.size());
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return end;
  }

  std::string string() {
    std::string out;
    ++at_;
    while (true) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20)
        ++at_;
      out.append(text_.substr(begin, at_ - begin));
      if (at_ >= text_.size()) fail("a text does not end: missing closing quote");
      if (text_[at_] == '"') {
        ++at_;
        return out;
      }
      if (text_[at_] != '\\') fail(fmt::format("{} stands in a text; it is written as an escape, such as \\n", here()));
      ++at_;
      escape(out);
    }
  }

  void escape(std::string& out) {
    if (at_ >= text_.size()) fail("a text does not end: missing closing quote");
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const auto known = kNames.find(text_[at_]);
    if (known != std::string_view::npos) {
      out += kMeant[known];
      ++at_;
      return;
    }
    if (text_[at_] != 'u')
      fail(fmt::format("\\ before {} is no escape; a backslash in a text is written \\\\", here()));
    ++at_;
    std::uint32_t code = hex4();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t back = at_;
      at_ += 2;
      const std::uint32_t low = hex4();
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
    append_utf8(out, code);
  }

  std::uint32_t hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : ' ';
      const auto digit = c >= '0' && c <= '9'   ? c - '0'
                         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                : -1;
      if (digit < 0) fail("\\u needs four hexadecimal digits");
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&](std::uint32_t bits) { out += static_cast<char>(0x80U | (bits & 0x3FU)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0U | (code >> 6U));
      tail(code);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0U | (code >> 12U));
      tail(code >> 6U);
      tail(code);
    } else {
      out += static_cast<char>(0xF0U | (code >> 18U));
      tail(code >> 12U);
      tail(code >> 6U);
      tail(code);
    }
  }

  std::string_view text_;
  const Place& place_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

Value parse_json(std::string_view text, const Place& place) { return Parser(text, place).run(); }

}  // namespace ft::records
