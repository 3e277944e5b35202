#include "framework/base/user_path.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "framework/base/error.h"
#include "framework/base/utf8.h"

namespace ft {
namespace {

// Of the user who runs this: as shells do, HOME first.
std::string own_home() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
  const passwd* entry = getpwuid(getuid());
  return entry == nullptr || entry->pw_dir == nullptr ? "" : entry->pw_dir;
}

std::string home_of(const std::string& user, std::string_view text) {
  if (user.empty()) {
    std::string home = own_home();
    if (home.empty())
      fail_user(fmt::format("'{}': your home folder is not known, since HOME is not set; write the path out", text));
    return home;
  }
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr || entry->pw_dir == nullptr) {
    fail_user(
        fmt::format("'{}': there is no user '{}' here; write './{}' for a folder that is called so", text, user, text));
  }
  return entry->pw_dir;
}

// "$NAME" or "${NAME}" somewhere in the text; empty: none.
std::string_view variable_in(std::string_view text) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    const bool braced = text.substr(at + 1).starts_with('{');
    std::size_t end = at + 1 + (braced ? 1 : 0);
    const std::size_t begin = end;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
    if (end == begin || std::isdigit(static_cast<unsigned char>(text[begin])) != 0) continue;
    return text.substr(at, end + (braced ? 1 : 0) - at);
  }
  return {};
}

// What no file system can hold, and what logs, ledgers and manifests could not name (they are UTF-8).
void check_spelling(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) fail_user("holds a byte of zero, which ends a path");
  if (const auto bad = first_invalid_utf8(text)) {
    fail_user(
        fmt::format("byte {} of this path is no UTF-8 (in an older encoding, such as Latin-1?): rename the folder, "
                    "or work through a link with another name",
                    *bad + 1));
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    if (end - begin > NAME_MAX) {
      fail_user(
          fmt::format("'{}...' has {} bytes: a name has at most {}", text.substr(begin, 40), end - begin, NAME_MAX));
    }
    begin = end + 1;
  }
  if (text.size() >= PATH_MAX)
    fail_user(fmt::format("this path has {} bytes: at most {} are possible", text.size(), PATH_MAX - 1));
}

}  // namespace

std::string user_path(std::string_view text) {
  check_spelling(text);
  std::error_code ignored;
  if (const auto variable = variable_in(text);
      !variable.empty() && !std::filesystem::exists(std::filesystem::path(text), ignored)) {
    fail_user(
        fmt::format("'{}' holds the variable {}, which only a shell fills in, and none has seen this path; write it "
                    "out, or begin with ~ for your home folder",
                    text, variable));
  }
  if (!text.starts_with('~')) return std::string(text);
  const std::size_t slash = std::min(text.find('/'), text.size());
  return home_of(std::string(text.substr(1, slash - 1)), text) + std::string(text.substr(slash));
}

}  // namespace ft
