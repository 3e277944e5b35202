#include "framework/recipe/verdict_files.h"

#include <algorithm>

#include "framework/base/reading.h"

namespace ft {

namespace fs = std::filesystem;

fs::path verdict_work(const fs::path& stage, const fs::path& output) { return stage / "work" / output.filename(); }

std::int64_t count_verdict_pieces_in(const fs::path& work) {
  return std::ranges::count_if(list_folder(work),
                               [](const std::string& name) { return name.starts_with(kVerdictsPrefix); });
}

std::int64_t count_verdict_pieces(const fs::path& stage) {
  std::int64_t pieces = 0;
  for (const std::string& name : list_folder(stage / "work")) {
    if (name.starts_with("output-") && is_folder(stage / "work" / name))
      pieces += count_verdict_pieces_in(stage / "work" / name);
  }
  return pieces;
}

}  // namespace ft
