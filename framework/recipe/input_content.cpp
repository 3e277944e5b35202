#include "framework/recipe/input_content.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "framework/base/digest.h"
#include "framework/base/error.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDigestSize = 64;

}  // namespace

std::vector<FileDigest> digests_of(const std::vector<std::filesystem::path>& files,
                                   const std::function<void()>& check_stop, const FileDigester& digest) {
  std::vector<FileDigest> digests;
  for (const auto& file : files) {
    if (check_stop) check_stop();
    digests.push_back({file.filename().string(), digest ? digest(file) : sha256_file(file)});
  }
  return digests;
}

std::string to_text(const std::vector<FileDigest>& files) {
  std::string text;
  for (const FileDigest& file : files) text += fmt::format("{} {}\n", file.name, file.sha256);
  return text;
}

// From the right: names may hold blanks, digests have a fixed size. A name with a line feed is found by that, too.
std::vector<FileDigest> read_file_digests(std::string_view text) {
  std::vector<FileDigest> files;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    const std::string_view line = text.substr(begin, end - begin);
    const bool whole = line.size() > kDigestSize && line[line.size() - kDigestSize - 1] == ' ' &&
                       line.find_first_not_of("0123456789abcdef", line.size() - kDigestSize) == std::string_view::npos;
    if (!whole) continue;
    files.push_back({std::string(line.substr(0, line.size() - kDigestSize - 1)),
                     std::string(line.substr(line.size() - kDigestSize))});
    begin = end + 1;
  }
  FT_CHECK(begin == text.size(), "no list of digests: {}", text);
  return files;
}

std::string changed_files(const std::vector<FileDigest>& before, const std::vector<FileDigest>& now) {
  std::map<std::string, std::vector<std::string>> names;  // by what happened to them
  const auto same_name = [](const std::vector<FileDigest>& files, const std::string& name) {
    return std::ranges::find(files, name, &FileDigest::name);
  };
  for (const FileDigest& file : now) {
    const auto old_file = same_name(before, file.name);
    if (old_file == before.end()) {
      names["new"].push_back(file.name);
    } else if (old_file->sha256 != file.sha256) {
      names["changed"].push_back(file.name);
    }
  }
  for (const FileDigest& file : before) {
    if (same_name(now, file.name) == now.end()) names["gone"].push_back(file.name);
  }
  std::string text;
  for (const auto& [what, files] : names) {
    text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ", fmt::join(files, ", "),
                        what == "changed"   ? ""
                        : files.size() == 1 ? " is"
                                            : " are",
                        what);
  }
  return text;
}

std::string to_json(const std::vector<InputContent>& inputs) {
  Json list = Json::array();
  for (const InputContent& input : inputs) {
    Json files = Json::array();
    for (const FileDigest& file : input.files) files.push_back({{"name", file.name}, {"sha256", file.sha256}});
    list.push_back({{"key", input.key},
                    {"what", input.what},
                    {"name", input.name},
                    {"settings", input.settings},
                    {"files", files}});
  }
  return Json{{"inputs", list}}.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<InputContent> read_input_contents(std::string_view json) {
  std::vector<InputContent> inputs;
  try {
    const Json whole = Json::parse(json);
    for (const Json& entry : whole.at("inputs")) {
      InputContent input{entry.at("key"), entry.at("what"), entry.at("name"), entry.at("settings"), {}};
      for (const Json& file : entry.at("files")) input.files.push_back({file.at("name"), file.at("sha256")});
      inputs.push_back(std::move(input));
    }
  } catch (const Json::exception& error) {
    throw Error(fmt::format("no list of inputs: {}", error.what()));
  }
  return inputs;
}

}  // namespace ft
