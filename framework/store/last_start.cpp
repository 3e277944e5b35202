#include "framework/store/last_start.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "framework/store/files.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

std::int64_t line_of(const std::string& text, std::size_t byte) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size())), '\n');
}

[[noreturn]] void fail_broken(const std::string& place, std::string_view why) {
  throw BrokenRecord(
      fmt::format("{}: the record of the last start cannot be relied on: {}. Which outputs were asked "
                  "for last is not known; the next start of the run writes it anew",
                  place, why));
}

// Relative, and within the run folder: whoever follows it must not be led elsewhere.
fs::path inner_path(const Json& text) {
  const fs::path path = fs::path(text.get<std::string>()).lexically_normal();
  if (path.empty() || path.is_absolute() || *path.begin() == "..") {
    throw BrokenRecord(fmt::format("'{}' is no path within the run folder", path.string()));
  }
  return path;
}

// Folders are named by what the entry says of identity and extent: one that names another output was changed by hand, and
// whoever follows it would hand out other weights under this stage's name.
void require_consistent(const MeantOutput& meant) {
  const fs::path folder = fs::path("stages") / stage_folder_name(meant.stage, meant.identity);
  const fs::path output = folder / output_folder_name(sha256(meant.extent));
  if (meant.folder == folder && meant.output == output) return;
  throw BrokenRecord(fmt::format(
      "stage '{}' has the output {} there, but its identity and extent belong to {}: it was changed by hand",
      meant.stage, meant.output.string(), output.string()));
}

LastStart parse(const std::string& text) {
  const Json json = Json::parse(text);
  if (json.at("version") != kVersion)
    throw BrokenRecord(fmt::format("version {} is not known", json.at("version").dump()));
  LastStart start;
  for (const Json& entry : json.at("stages")) {
    MeantOutput meant{entry.at("stage"), inner_path(entry.at("folder")), inner_path(entry.at("output")),
                      entry.at("identity"), entry.at("extent")};
    require_consistent(meant);
    start.outputs.push_back(std::move(meant));
  }
  return start;
}

}  // namespace

const MeantOutput* LastStart::find(std::string_view stage) const {
  const auto found = std::ranges::find(outputs, stage, &MeantOutput::stage);
  return found == outputs.end() ? nullptr : &*found;
}

const MeantOutput* LastStart::find_folder(const fs::path& folder) const {
  const auto found = std::ranges::find_if(
      outputs, [&](const MeantOutput& meant) { return meant.folder.filename() == folder.filename(); });
  return found == outputs.end() ? nullptr : &*found;
}

void write_last_start(const fs::path& run, const LastStart& start) {
  Json stages = Json::array();
  for (const MeantOutput& meant : start.outputs) {
    stages.push_back({{"stage", meant.stage},
                      {"folder", meant.folder.string()},
                      {"output", meant.output.string()},
                      {"identity", meant.identity},
                      {"extent", meant.extent}});
  }
  replace_file(run / kLastStartName, Json{{"version", kVersion}, {"stages", stages}}.dump(1) + "\n");
}

std::optional<LastStart> read_last_start(const fs::path& run) {
  const fs::path path = run / kLastStartName;
  const std::optional<std::string> text = read_if_there(path);
  if (!text) return std::nullopt;
  try {
    return parse(*text);
  } catch (const Json::parse_error& error) {
    const std::size_t at = error.byte > 0 ? error.byte - 1 : 0;
    const bool ends = at >= text->size();
    fail_broken(fmt::format("{}:{}", path.string(), line_of(*text, at)), ends ? "the JSON is cut off there"
                                                                         : (*text)[at] == '\0'
                                                                             ? "there is a NUL byte"
                                                                             : "it is no JSON from there on");
  } catch (const std::exception& error) {
    fail_broken(path.string(), error.what());
  }
}

}  // namespace ft
