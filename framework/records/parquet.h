// Parquet, as the published data sets use it: any nesting of lists, structs and maps, of all physical types.
//
// Read here and not by Apache Arrow, which is large and not in Debian 12 (HACKING.md). Encodings: plain, dictionary,
// run lengths, the three delta encodings, byte stream split. Packing: snappy, gzip, zstd, none. Others (brotli, LZ4,
// LZO, encryption) are refused by name, with how to write the file anew.
//
//   const auto source = open_parquet("train-00000-of-00001.parquet");
//   while (const auto record = source->next()) record->text("question");
//
// A row is read column by column from pages, of which one a column is in memory, beside the column's dictionary. A map
// with texts as keys is an object. Decimals keep their digits; binary columns that hold no UTF-8 are Kind::bytes.
#pragma once

#include <filesystem>
#include <memory>

#include "framework/records/reader.h"

namespace ft::records {

// Throws UserError for a file that is damaged, cut short or not a Parquet file; next() for a damaged page.
[[nodiscard]] std::unique_ptr<RecordSource> open_parquet(const std::filesystem::path& path);

}  // namespace ft::records
