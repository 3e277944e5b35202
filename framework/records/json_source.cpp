#include "framework/records/json_source.h"

#include <fmt/format.h>

#include "framework/records/json.h"

namespace ft::records {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class JsonLines : public RecordSource {
 public:
  explicit JsonLines(ByteSource bytes) : bytes_(std::move(bytes)), lines_(bytes_) {}

  std::optional<JsonRecord> next() override {
    while (!over_) {
      over_ = true;  // should it throw: a line without an end, damaged data
      const bool more = lines_.next(line_);
      over_ = !more;
      if (over_) break;
      std::string_view text = line_;
      if (lines_.line() == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
      if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
      return JsonRecord::parse(text, {bytes_.name(), lines_.line(), 0});
    }
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t row() const override { return lines_.line(); }
  [[nodiscard]] std::string_view format() const override { return "JSON lines"; }

 private:
  ByteSource bytes_;
  LineSource lines_;
  std::string line_;
  bool over_ = false;
};

// Cuts the objects out of a list, or out of a sequence, by their braces; each is then parsed alone.
class JsonPieces : public RecordSource {
 public:
  JsonPieces(ByteSource bytes, bool is_list) : bytes_(std::move(bytes)), is_list_(is_list) {
    if (bytes_.peek(3).starts_with(kByteOrderMark)) {
      for (int i = 0; i < 3; ++i) take();
      column_ = 1;
    }
  }

  std::optional<JsonRecord> next() override {
    if (over_) return std::nullopt;
    over_ = true;  // should it throw: where the next object begins is not known then
    if (!find_next()) return std::nullopt;
    const Place place{bytes_.name(), line_, column_};
    std::string piece;
    const bool whole = cut(piece);
    if (!whole) {
      (void)parse_json(piece, place);  // says better what is wrong, if it can
      fail_user(place, "not valid JSON: what begins here does not end");
    }
    ++row_;
    over_ = false;
    Value value = parse_json(piece, place);
    if (value.kind != Kind::object) {
      fail_user(place, fmt::format("each record must be one JSON object {{...}}, but element {} of this list is {}",
                                   row_, kind_of(value)));
    }
    return JsonRecord::of(std::move(value), {place.file, place.line, 0}, row_);
  }
  [[nodiscard]] std::int64_t row() const override { return row_; }
  [[nodiscard]] std::string_view format() const override { return is_list_ ? "a JSON list" : "JSON objects"; }

 private:
  // The next byte, -1 at the end.
  int look() {
    if (left_.empty()) left_ = bytes_.next();
    return left_.empty() ? -1 : static_cast<unsigned char>(left_.front());
  }
  void take() {
    if (look() < 0) return;
    const bool newline = left_.front() == '\n';
    left_.remove_prefix(1);
    line_ += newline ? 1 : 0;
    column_ = newline ? 1 : column_ + 1;
  }
  void skip_blanks() {
    for (int c = look(); c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = look()) take();
  }
  [[noreturn]] void fail(std::string_view what) {
    fail_user({bytes_.name(), line_, column_}, fmt::format("not valid JSON: {}", what));
  }

  // Goes to the next element; false behind the last one.
  bool find_next() {
    skip_blanks();
    if (!is_list_) return look() >= 0;
    if (!opened_) {
      take();  // the bracket, which the caller has seen
      opened_ = true;
      skip_blanks();
      if (look() != ']') return true;
    } else if (look() == ',') {
      take();
      skip_blanks();
      if (look() == ']') fail("a comma stands before the end of the list");
      return true;
    } else if (look() != ']') {
      fail(look() < 0 ? "the list does not end: the file is cut short"
                      : "',' is missing between two elements, or ] at the end");
    }
    take();
    skip_blanks();
    if (look() >= 0) fail("something stands behind the end of the list");
    return false;
  }

  // One element, up to its last brace, or the comma or bracket behind it; false where the file ends within.
  bool cut(std::string& piece) {
    int depth = 0;
    bool in_text = false, escaped = false;
    while (true) {
      const int c = look();
      if (c < 0) return depth == 0 && !in_text && !piece.empty();
      if (depth == 0 && !in_text && (c == ',' || c == ']' || (!is_list_ && !piece.empty() && (c == '\n' || c == ' '))))
        return !piece.empty() || is_list_;
      if (piece.size() >= kMostRecordBytes)
        fail(fmt::format("a record is longer than {} MiB", kMostRecordBytes >> 20U));
      piece += static_cast<char>(c);
      take();
      if (in_text) {
        in_text = escaped || c != '"';
        escaped = !escaped && c == '\\';
        continue;
      }
      if (c == '"') in_text = true;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth <= 0) return true;
    }
  }

  ByteSource bytes_;
  bool is_list_;
  std::string_view left_;
  int line_ = 1, column_ = 1;
  std::int64_t row_ = 0;
  bool opened_ = false, over_ = false;
};

}  // namespace

std::unique_ptr<RecordSource> open_json_lines(ByteSource bytes) {
  return std::make_unique<JsonLines>(std::move(bytes));
}
std::unique_ptr<RecordSource> open_json_list(ByteSource bytes) {
  return std::make_unique<JsonPieces>(std::move(bytes), true);
}
std::unique_ptr<RecordSource> open_json_objects(ByteSource bytes) {
  return std::make_unique<JsonPieces>(std::move(bytes), false);
}

}  // namespace ft::records
