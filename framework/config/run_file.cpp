#include "framework/config/run_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "framework/base/utf8.h"

namespace ft {

namespace {

// A file that begins with a byte order mark of UTF-16 or UTF-32 is read as that.
std::optional<std::size_t> invalid_byte(std::string_view text) {
  const bool wide =
      text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || text.find('\0') != std::string_view::npos;
  return wide ? std::nullopt : first_invalid_utf8(text);
}

}  // namespace

RunFile RunFile::load(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    fail_user(fmt::format("{} is a folder, not a run file", path.string()));
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_user(fmt::format("cannot read the run file {}: {}", path.string(), std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) fail_user(fmt::format("cannot read the run file {}: {}", path.string(), std::strerror(errno)));
  return parse(text.str(), path.string(), overrides);
}

RunFile RunFile::parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides) {
  if (const auto bad = invalid_byte(text)) {
    const std::string_view before = text.substr(0, *bad);
    const std::size_t line = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    fail_user({name, static_cast<int>(std::ranges::count(before, '\n')) + 1, static_cast<int>(*bad - line) + 1},
              "this byte is no UTF-8: save the run file in that encoding");
  }
  Node root = parse_yaml(text, name);
  if (root.is_null()) root.fail("the run file is empty");
  if (!root.is_map()) root.fail(fmt::format("a run file is a map of sections, but this is {}", root.what()));
  check_overrides(overrides);
  std::vector<std::string> warnings;
  for (const std::string& argument : overrides) root = apply_override(root, argument, &warnings);
  return {name, root, std::move(warnings)};
}

std::filesystem::path RunFile::folder() const {
  const std::filesystem::path parent = std::filesystem::path(name_).parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace ft
