#include "framework/config/run_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "framework/base/plain_file.h"
#include "framework/base/reading.h"
#include "framework/base/utf8.h"

namespace ft {

namespace {

constexpr std::int64_t kMostBytes = 16 << 20;  // beyond it is a file of weights, given by mistake

// Which a byte order mark tells, or ASCII in it; YAML reads both.
bool is_utf16_or_32(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || text.find('\0') != std::string_view::npos;
}

// To YAML a carriage return alone ends a line, as on the first Macs, and so it does to editors; the parser counts the lines
// of such a file as one.
std::string with_line_feeds(std::string_view text) {
  std::string lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == '\r' && (i + 1 == lines.size() || lines[i + 1] != '\n')) lines[i] = '\n';
  }
  return lines;
}

void require_plain_file(const std::filesystem::path& path) {
  Found found;
  try {
    found = look_through(path);
  } catch (const Unreadable&) {
    return;  // told as the user's mistake when it is opened
  }
  if (found.kind == Found::Kind::folder) fail_user(fmt::format("{} is a folder, not a run file", path.string()));
  if (found.kind == Found::Kind::other) {
    fail_user(fmt::format("{} is {}; every rank reads the run file, so it must be a plain file", path.string(),
                          kNoPlainFile));
  }
  if (found.kind == Found::Kind::file && found.size > kMostBytes)
    fail_user(fmt::format("{} has {} bytes: it is no run file", path.string(), found.size));
}

}  // namespace

RunFile RunFile::load(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  require_plain_file(path);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_user(fmt::format("cannot read the run file {}: {}", path.string(), std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) fail_user(fmt::format("cannot read the run file {}: {}", path.string(), std::strerror(errno)));
  return parse(text.str(), path.string(), overrides);
}

RunFile RunFile::parse(std::string_view given, const std::string& name, const std::vector<std::string>& overrides) {
  const bool wide = is_utf16_or_32(given);
  const std::string text = wide ? std::string(given) : with_line_feeds(given);
  if (const auto bad = wide ? std::nullopt : first_invalid_utf8(text)) {
    const std::string_view before = std::string_view(text).substr(0, *bad);
    const std::size_t line = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    fail_user({name, static_cast<int>(std::ranges::count(before, '\n')) + 1, static_cast<int>(*bad - line) + 1},
              "this byte is no UTF-8: save the run file in that encoding");
  }
  Node root = parse_yaml(text, name);
  if (root.is_null()) root.fail("the run file is empty");
  if (!root.is_map()) root.fail(fmt::format("a run file is a map of sections, but this is {}", root.what()));
  check_overrides(overrides);
  std::vector<std::string> warnings, arguments = overrides;
  root = apply_scale(root, arguments);
  for (const std::string& argument : arguments) root = apply_override(root, argument, &warnings);
  return {name, root, std::move(warnings)};
}

std::filesystem::path RunFile::folder() const {
  const std::filesystem::path parent = std::filesystem::path(name_).parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace ft
