// One column of one group of rows, entry after entry. An entry has a repetition level (0: a new row begins; higher: a
// further element of the list of that depth) and a definition level (how much of its path is there: the highest means a
// value).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/records/parquet_values.h"
#include "framework/records/random_file.h"

namespace ft::records {

struct ColumnShape {
  std::string path;  // for complaints
  Physical type = Physical::boolean;
  std::int64_t type_length = 0;
  int max_definition = 0, max_repetition = 0;
};

class ColumnReader {
 public:
  struct Entry {
    int repetition = 0, definition = 0;
  };
  // `file` and `shape` must outlive it. Throws BadParquet for places outside of the file.
  ColumnReader(const RandomFile& file, const ColumnShape& shape, const ColumnChunk& chunk);

  // The levels of the next entry; nothing at the end of the column. Throws BadParquet.
  [[nodiscard]] std::optional<Entry> peek();
  // Goes on behind it; its value where there is one, valid until the next peek().
  std::optional<RawValue> take();

 private:
  void next_page();
  void read_dictionary(const PageHeader& page, std::string_view packed);
  void open_page(const PageHeader& page, std::string_view packed);
  std::string_view unpacked(std::string_view packed, std::int64_t size, std::string& into) const;

  const RandomFile& file_;
  const ColumnShape& shape_;
  Codec codec_;
  std::int64_t at_, end_;        // in the file
  std::int64_t values_to_come_;  // in pages not yet read
  std::int64_t left_ = 0;        // in this page
  std::string packed_, page_, dictionary_bytes_;
  std::vector<RawValue> dictionary_;
  bool has_dictionary_ = false;
  Hybrid repetition_, definition_;
  std::unique_ptr<ValueDecoder> values_;
  std::optional<Entry> ahead_;
};

}  // namespace ft::records
