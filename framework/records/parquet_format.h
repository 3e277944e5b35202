// What Parquet's headers say (parquet.thrift of the Apache Parquet format, 2.10), as far as reading needs it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "framework/records/thrift.h"

namespace ft::records {

enum class Physical : std::uint8_t {
  boolean = 0,
  int32 = 1,
  int64 = 2,
  int96 = 3,
  real32 = 4,
  real64 = 5,
  bytes = 6,
  fixed = 7
};
enum class Repetition : std::uint8_t { required = 0, optional = 1, repeated = 2 };
enum class Meaning : std::uint8_t { plain, list, map, decimal, unsigned_integer, float16, identifier };
enum class Codec : std::uint8_t { none = 0, snappy = 1, gzip = 2, lzo = 3, brotli = 4, lz4 = 5, zstd = 6, lz4_raw = 7 };
enum class Encoding : std::uint8_t {
  plain = 0,
  plain_dictionary = 2,
  rle = 3,
  bit_packed = 4,
  delta_binary_packed = 5,
  delta_length_byte_array = 6,
  delta_byte_array = 7,
  rle_dictionary = 8,
  byte_stream_split = 9
};

struct SchemaElement {
  std::string name;
  Physical type = Physical::boolean;
  bool is_leaf = false;
  std::int64_t type_length = 0;
  Repetition repetition = Repetition::required;
  std::int64_t num_children = 0;
  Meaning meaning = Meaning::plain;
  std::int64_t scale = 0;  // of a decimal
};

struct ColumnChunk {
  Physical type = Physical::boolean;
  Codec codec = Codec::none;
  std::int64_t num_values = 0;
  std::int64_t compressed_size = 0;
  std::int64_t data_offset = 0, dictionary_offset = 0;
};

struct RowGroup {
  std::vector<ColumnChunk> columns;
  std::int64_t num_rows = 0;
};

struct FileMetaData {
  std::vector<SchemaElement> schema;
  std::vector<RowGroup> row_groups;
};
// Throws BadParquet.
[[nodiscard]] FileMetaData read_metadata(std::string_view bytes);

struct PageHeader {
  enum class Type : std::uint8_t { data = 0, index = 1, dictionary = 2, data_v2 = 3 } type = Type::index;
  std::int64_t plain_size = 0, packed_size = 0, num_values = 0;
  std::int64_t definition_size = 0, repetition_size = 0;  // of levels, version 2
  Encoding encoding = Encoding::plain;
  Encoding definition_encoding = Encoding::rle, repetition_encoding = Encoding::rle;
  bool is_packed = true;
  std::size_t size = 0;  // of the header itself
};
// Throws Thrift::Short where the header is longer than `bytes`, else BadParquet.
[[nodiscard]] PageHeader read_page_header(std::string_view bytes);

}  // namespace ft::records
