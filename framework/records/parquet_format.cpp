#include "framework/records/parquet_format.h"

#include <fmt/format.h>

namespace ft::records {
namespace {

using Type = Thrift::Type;

template <typename Enum>
Enum code(Thrift& in, std::int64_t most, std::string_view what) {
  const std::int64_t value = in.integer();
  if (value < 0 || value > most)
    throw BadParquet(fmt::format("it uses the {} number {}, which is not known", what, value));
  return static_cast<Enum>(value);
}

void read_logical_type(Thrift& in, SchemaElement& element) {
  in.fields([&](int id, Type type) {
    if (type != Type::object) return in.skip(type);
    if (id == 3) element.meaning = Meaning::list;
    if (id == 2) element.meaning = Meaning::map;
    if (id == 5) element.meaning = Meaning::decimal;
    if (id == 14) element.meaning = Meaning::identifier;
    if (id == 15) element.meaning = Meaning::float16;
    in.fields([&](int inner, Type inner_type) {
      if (id == 5 && inner == 1 && inner_type == Type::i32) {
        element.scale = in.integer();
      } else if (id == 10 && inner == 2) {
        if (inner_type == Type::no) element.meaning = Meaning::unsigned_integer;
      } else {
        in.skip(inner_type);
      }
    });
  });
}

Meaning meaning_of_converted(std::int64_t converted, Meaning otherwise) {
  if (converted == 1 || converted == 2) return Meaning::map;
  if (converted == 3) return Meaning::list;
  if (converted == 5) return Meaning::decimal;
  if (converted >= 11 && converted <= 14) return Meaning::unsigned_integer;
  return otherwise;
}

SchemaElement read_element(Thrift& in) {
  SchemaElement element;
  in.fields([&](int id, Type type) {
    if (id == 1 && type == Type::i32) {
      element.type = code<Physical>(in, 7, "type");
      element.is_leaf = true;
    } else if (id == 2 && type == Type::i32) {
      element.type_length = in.integer();
    } else if (id == 3 && type == Type::i32) {
      element.repetition = code<Repetition>(in, 2, "repetition");
    } else if (id == 4 && type == Type::binary) {
      element.name = in.binary();
    } else if (id == 5 && type == Type::i32) {
      element.num_children = in.integer();
    } else if (id == 6 && type == Type::i32) {
      element.meaning = meaning_of_converted(in.integer(), element.meaning);
    } else if (id == 7 && type == Type::i32) {
      element.scale = in.integer();
    } else if (id == 10 && type == Type::object) {
      read_logical_type(in, element);
    } else {
      in.skip(type);
    }
  });
  return element;
}

void read_column_metadata(Thrift& in, ColumnChunk& column) {
  in.fields([&](int id, Type type) {
    if (id == 1 && type == Type::i32) {
      column.type = code<Physical>(in, 7, "type");
    } else if (id == 4 && type == Type::i32) {
      column.codec = code<Codec>(in, 7, "packing");
    } else if (id == 5 && type == Type::i64) {
      column.num_values = in.integer();
    } else if (id == 7 && type == Type::i64) {
      column.compressed_size = in.integer();
    } else if (id == 9 && type == Type::i64) {
      column.data_offset = in.integer();
    } else if (id == 11 && type == Type::i64) {
      column.dictionary_offset = in.integer();
    } else {
      in.skip(type);
    }
  });
}

ColumnChunk read_column(Thrift& in) {
  ColumnChunk column;
  in.fields([&](int id, Type type) {
    if (id == 1 && type == Type::binary && !in.binary().empty())
      throw BadParquet("its columns lie in other files, which is not read");
    if (id == 1 && type == Type::binary) return;
    if (id == 3 && type == Type::object) return read_column_metadata(in, column);
    if (id == 8) throw BadParquet("it is encrypted, which is not read");
    in.skip(type);
  });
  return column;
}

RowGroup read_row_group(Thrift& in) {
  RowGroup group;
  in.fields([&](int id, Type type) {
    if (id == 1 && type == Type::list) {
      in.list([&](Type inner) {
        if (inner != Type::object) throw BadParquet("its list of columns is none");
        group.columns.push_back(read_column(in));
      });
    } else if (id == 3 && type == Type::i64) {
      group.num_rows = in.integer();
    } else {
      in.skip(type);
    }
  });
  if (group.num_rows < 0) throw BadParquet("a group of rows has less than none");
  return group;
}

void read_data_page(Thrift& in, PageHeader& page, bool is_second) {
  in.fields([&](int id, Type type) {
    if (id == 1 && type == Type::i32) {
      page.num_values = in.integer();
    } else if (id == (is_second ? 4 : 2) && type == Type::i32) {
      page.encoding = code<Encoding>(in, 9, "encoding");
    } else if (!is_second && id == 3 && type == Type::i32) {
      page.definition_encoding = code<Encoding>(in, 9, "encoding");
    } else if (!is_second && id == 4 && type == Type::i32) {
      page.repetition_encoding = code<Encoding>(in, 9, "encoding");
    } else if (is_second && id == 5 && type == Type::i32) {
      page.definition_size = in.integer();
    } else if (is_second && id == 6 && type == Type::i32) {
      page.repetition_size = in.integer();
    } else if (is_second && id == 7) {
      page.is_packed = type == Type::yes;
    } else {
      in.skip(type);
    }
  });
}

}  // namespace

FileMetaData read_metadata(std::string_view bytes) {
  Thrift in(bytes);
  FileMetaData data;
  in.fields([&](int id, Type type) {
    if (id == 2 && type == Type::list) {
      in.list([&](Type inner) {
        if (inner != Type::object) throw BadParquet("its schema is none");
        data.schema.push_back(read_element(in));
      });
    } else if (id == 4 && type == Type::list) {
      in.list([&](Type inner) {
        if (inner != Type::object) throw BadParquet("its list of row groups is none");
        data.row_groups.push_back(read_row_group(in));
      });
    } else {
      in.skip(type);
    }
  });
  return data;
}

PageHeader read_page_header(std::string_view bytes) {
  Thrift in(bytes);
  PageHeader page;
  in.fields([&](int id, Type type) {
    if (id == 1 && type == Type::i32) {
      page.type = code<PageHeader::Type>(in, 3, "page type");
    } else if (id == 2 && type == Type::i32) {
      page.plain_size = in.integer();
    } else if (id == 3 && type == Type::i32) {
      page.packed_size = in.integer();
    } else if ((id == 5 || id == 8) && type == Type::object) {
      read_data_page(in, page, id == 8);
    } else if (id == 7 && type == Type::object) {
      read_data_page(in, page, false);  // a dictionary's header begins as a data page's
    } else {
      in.skip(type);
    }
  });
  page.size = in.at();
  return page;
}

}  // namespace ft::records
