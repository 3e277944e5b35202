#include "framework/records/csv.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace ft;

namespace {

std::string quoted(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

}  // namespace

TEST_CASE("any cells come back as they were written, quoted or not") {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("ft_csv_{}.csv", getpid());
  CHECK(rc::check([&] {
    const int columns = *rc::gen::inRange(1, 5), rows = *rc::gen::inRange(1, 6);
    const std::string end = *rc::gen::elementOf(std::vector<std::string>{"\n", "\r\n"});
    const std::vector<std::string> parts{"a", ",", "\"", "\n", "\r\n", " ", "1", "é", "\t", "{", "'"};
    std::vector<std::vector<std::string>> cells;
    std::string text;
    for (int c = 0; c < columns; ++c) text += (c > 0 ? ",c" : "c") + std::to_string(c);
    text += end;
    for (int r = 0; r < rows; ++r) {
      auto& row = cells.emplace_back();
      for (int c = 0; c < columns; ++c) {
        std::string cell;
        for (int i = *rc::gen::inRange(0, 6); i > 0; --i) cell += *rc::gen::elementOf(parts);
        const bool plain =
            cell.find_first_of(",\"\r\n") == std::string::npos && !cell.empty() && *rc::gen::arbitrary<bool>();
        text += (c > 0 ? "," : "") + (plain ? cell : ::quoted(cell));
        row.push_back(std::move(cell));
      }
      if (r + 1 < rows || *rc::gen::arbitrary<bool>()) text += end;
    }
    std::ofstream(path, std::ios::binary) << text;
    RecordReader reader(path);
    for (const auto& row : cells) {
      const auto record = reader.next();
      RC_ASSERT(record.has_value());
      for (int c = 0; c < columns; ++c)
        RC_ASSERT(record->text("c" + std::to_string(c)) == row[static_cast<std::size_t>(c)]);
    }
    RC_ASSERT(!reader.next().has_value());
  }));
  std::filesystem::remove(path);
}
