// CSV as RFC 4180 has it, and as it is met: the first line names the columns, a cell in double quotes may hold
// separators, line ends and doubled quotes. A cell is a text, and a number or a boolean too where it reads as one; an
// empty cell without quotes is absent.
#pragma once

#include <memory>

#include "framework/records/byte_source.h"
#include "framework/records/reader.h"

namespace ft::records {

// Throws UserError for a first line without names or with one twice; next() for a row with another number of cells.
[[nodiscard]] std::unique_ptr<RecordSource> open_csv(ByteSource bytes, char separator);

}  // namespace ft::records
