#include "framework/store/set_aside.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/base/clock.h"
#include "framework/store/files.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kDamaged = ".damaged-";

}  // namespace

fs::path set_aside(const fs::path& folder) {
  const fs::path clean = folder.filename().empty() ? folder.parent_path() : folder;
  std::string time = utc_now();
  std::replace(time.begin(), time.end(), ':', '-');
  const fs::path first = clean.string() + std::string(kDamaged) + time;
  fs::path where = first;
  for (int count = 2; is_there(where); ++count) where = fmt::format("{}-{}", first.string(), count);
  rename_durably(clean, where);
  return where;
}

bool is_set_aside(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const std::size_t at = name.find(kDamaged);
  if (at == std::string::npos) return false;
  const std::string_view time = std::string_view(name).substr(at + kDamaged.size());
  constexpr std::string_view kForm = "0000-00-00T00-00-00Z";
  const auto fits = [](char form, char c) { return form == '0' ? c >= '0' && c <= '9' : c == form; };
  return time.size() >= kForm.size() && std::equal(kForm.begin(), kForm.end(), time.begin(), fits);
}

std::vector<fs::path> set_aside_in(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const std::string& name : list_folder(folder)) {
    if (is_set_aside(name)) found.push_back(folder / name);
  }
  return found;
}

std::string original_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name.substr(0, name.find(kDamaged));
}

}  // namespace ft
