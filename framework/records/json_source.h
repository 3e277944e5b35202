// JSON as files hold it: an object a line, one list of objects, or objects one after another over many lines.
#pragma once

#include <memory>

#include "framework/records/byte_source.h"
#include "framework/records/reader.h"

namespace ft::records {

// Blank lines are skipped but counted, a byte order mark is skipped, "\r\n" ends a line too.
[[nodiscard]] std::unique_ptr<RecordSource> open_json_lines(ByteSource bytes);
[[nodiscard]] std::unique_ptr<RecordSource> open_json_list(ByteSource bytes);
[[nodiscard]] std::unique_ptr<RecordSource> open_json_objects(ByteSource bytes);

}  // namespace ft::records
