#include "framework/records/csv.h"

#include <fmt/format.h>

#include <algorithm>

namespace ft::records {
namespace {

struct Cell {
  std::string text;
  bool quoted = false;
};

class Csv : public RecordSource {
 public:
  Csv(ByteSource bytes, char separator) : bytes_(std::move(bytes)), separator_(separator) {
    if (bytes_.peek(3).starts_with("\xEF\xBB\xBF")) {
      for (int i = 0; i < 3; ++i) take();
    }
    std::vector<Cell> cells;
    while (read_row(cells) && is_blank(cells)) {
    }
    for (Cell& cell : cells) {
      if (!cell.text.empty() && std::find(names_.begin(), names_.end(), cell.text) != names_.end()) {
        fail_user({bytes_.name(), row_line_}, fmt::format("the first line names the column '{}' twice", cell.text));
      }
      names_.push_back(std::move(cell.text));
    }
  }

  std::optional<JsonRecord> next() override {
    std::vector<Cell> cells;
    while (!over_) {
      over_ = true;  // should it throw: where the next row begins is not known then
      if (!read_row(cells)) break;
      over_ = false;
      if (is_blank(cells)) continue;
      const Place place{bytes_.name(), row_line_, 0};
      ++row_;
      if (cells.size() != names_.size()) {
        fail_user(place, fmt::format("this row has {} cells, but the first line names {} columns; a cell that holds "
                                     "'{}' or a line end stands in double quotes",
                                     cells.size(), names_.size(),
                                     separator_ == '\t' ? std::string("a tab")
                                                        : std::string(1, static_cast<char>(separator_))));
      }
      return JsonRecord::of(record(cells, place), place, row_);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t row() const override { return row_; }
  [[nodiscard]] std::string_view format() const override { return "CSV"; }

 private:
  static bool is_blank(const std::vector<Cell>& cells) {
    return cells.size() == 1 && cells[0].text.empty() && !cells[0].quoted;
  }

  Value record(std::vector<Cell>& cells, const Place& place) const {
    Value object;
    object.kind = Kind::object;
    object.names = names_;
    for (Cell& cell : cells) {
      if (const auto bad = first_invalid_utf8(cell.text)) {
        fail_user(place, fmt::format("column '{}' holds the byte 0x{:02x}, which is not valid UTF-8; convert the file, "
                                     "e.g. with iconv -f latin1 -t utf-8",
                                     names_[object.items.size()], static_cast<unsigned char>(cell.text[*bad])));
      }
      Value value;
      if (!cell.text.empty() || cell.quoted) {
        value = Value::of_text(std::move(cell.text));
        value.is_cell = true;
      }
      object.items.push_back(std::move(value));
    }
    return object;
  }

  int look() {
    if (left_.empty()) left_ = bytes_.next();
    return left_.empty() ? -1 : static_cast<unsigned char>(left_.front());
  }
  int take() {
    const int c = look();
    if (c >= 0) left_.remove_prefix(1);
    if (c == '\n') ++line_;
    return c;
  }

  // False at the end of the file.
  bool read_row(std::vector<Cell>& cells) {
    cells.clear();
    if (look() < 0) return false;
    row_line_ = line_;
    std::size_t size = 0;
    while (true) {
      Cell& cell = cells.emplace_back();
      if (cells.size() > 100'000)
        fail_user({bytes_.name(), row_line_}, "this row has more than 100,000 cells: is it a CSV file?");
      const int end = read_cell(cell, size);
      if (end != separator_) return true;
    }
  }

  // What ended the cell: the separator, '\n', or -1 for the end of the file.
  int read_cell(Cell& cell, std::size_t& size) {
    const auto add = [&](int c) {
      if (++size > kMostRecordBytes)
        fail_user({bytes_.name(), row_line_},
                  fmt::format("the row that begins here is longer than {} MiB; is a quote missing?",
                              kMostRecordBytes >> 20U));
      cell.text += static_cast<char>(c);
    };
    if (look() == '"') {
      const int begin = line_;
      take();
      cell.quoted = true;
      while (true) {
        const int c = take();
        if (c < 0) fail_user({bytes_.name(), begin}, "the double quote that opens a cell here is never closed");
        if (c == '"' && look() != '"') break;
        if (c == '"') take();
        add(c);
      }
      const int behind = take();
      if (behind == '\r' && look() == '\n') return take();
      if (behind >= 0 && behind != separator_ && behind != '\n' && behind != '\r') {
        fail_user({bytes_.name(), line_},
                  "something stands behind the closing quote of a cell; a quote within a cell is doubled");
      }
      return behind == '\r' ? -1 : behind;
    }
    while (true) {
      const int c = take();
      if (c < 0 || c == separator_ || c == '\n') {
        if (c == '\n' && cell.text.ends_with('\r')) cell.text.pop_back();
        return c;
      }
      add(c);
    }
  }

  ByteSource bytes_;
  int separator_;
  std::string_view left_;
  int line_ = 1, row_line_ = 1;
  std::int64_t row_ = 0;
  bool over_ = false;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<RecordSource> open_csv(ByteSource bytes, char separator) {
  return std::make_unique<Csv>(std::move(bytes), separator);
}

}  // namespace ft::records
