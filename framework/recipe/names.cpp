#include "framework/recipe/names.h"

#include "framework/text/utf8.h"

namespace ft {
namespace {

constexpr std::size_t kLongest = 200;  // file systems allow 255 bytes; "-<identity>" and ".<name>.discarded" need some

// C0, DEL, C1, line and paragraph separators, and what turns the direction of writing: nobody sees them.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// For messages: what cannot be seen is written out, byte by byte.
std::string visible(std::string_view name) {
  bool seen = valid_utf8_prefix(name) == name.size();
  for (std::size_t at = 0; seen && at < name.size();) seen = !is_control(next_code_point(name, at));
  if (seen) return std::string(name);
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte >= 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return text;
}

}  // namespace

std::string name_fault(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kLongest) return fmt::format("it has {} bytes, more than {}", name.size(), kLongest);
  if (valid_utf8_prefix(name) != name.size()) return "it is not UTF-8";
  if (name == "." || name == "..") return "it means a folder that is there already";
  if (name.find('/') != std::string_view::npos) return "it holds '/'";
  if (name.front() == '.') return "it begins with '.', as hidden and unfinished folders do";
  if (name.front() == '-') return "it begins with '-', as options do";
  if (name.front() == ' ' || name.back() == ' ') return "a blank stands at its edge";
  for (std::size_t at = 0; at < name.size();) {
    if (is_control(next_code_point(name, at))) return "it holds a character that cannot be seen";
  }
  return "";
}

void Names::add(const std::string& name, std::string_view what, const Place& place) {
  if (const std::string fault = name_fault(name); !fault.empty()) {
    fail_user(place,
              fmt::format("'{}' is no name for a {}: {}. A name becomes part of a path: take letters, digits, '_', '-' "
                          "and '.', such as 'solver_2'",
                          visible(name), what, fault));
  }
  const auto [existing, inserted] = places_.try_emplace(name, std::string(what), place);
  if (!inserted) {
    fail_user(place,
              fmt::format("the name '{}' is used twice: for a {} at {} and for a {} here; each name means one thing",
                          name, existing->second.first, to_string(existing->second.second), what));
  }
}

std::string run_name(const std::filesystem::path& folder) {
  const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

}  // namespace ft
