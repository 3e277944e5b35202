#include "framework/store/manifest.h"

#include <algorithm>

#include "framework/base/digest.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDigestHead = "  \"digest\": \"";
constexpr std::string_view kDigestTail = "\"\n}\n";
constexpr std::size_t kDigestLine = kDigestHead.size() + 64 + kDigestTail.size();

Json to_json(const std::vector<FileRecord>& records) {
  Json list = Json::array();
  for (const FileRecord& record : records) {
    list.push_back({{"name", record.name}, {"size", record.size}, {"sha256", record.sha256}});
  }
  return list;
}

std::vector<FileRecord> records_of(const Json& list) {
  std::vector<FileRecord> records;
  for (const Json& entry : list) {
    records.push_back({entry.at("name").get<std::string>(), entry.at("size").get<std::int64_t>(),
                       entry.at("sha256").get<std::string>()});
  }
  return records;
}

}  // namespace

std::string to_text(const std::vector<FileRecord>& records) { return to_json(records).dump(); }

std::vector<FileRecord> read_file_records(std::string_view text) {
  try {
    return records_of(Json::parse(text));
  } catch (const Json::exception& error) {
    throw Error(fmt::format("this is no list of file records: {}", error.what()));
  }
}

std::string print_manifest(Manifest& manifest) {
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const FileRecord& a, const FileRecord& b) { return a.name < b.name; });
  Json parents = Json::array();
  for (const Parent& parent : manifest.parents) {
    parents.push_back({{"role", parent.role}, {"path", parent.path}, {"digest", parent.digest}});
  }
  const Json json = {{"format", manifest.format},
                     {"version", manifest.version},
                     {"parents", parents},
                     {"body", manifest.body},
                     {"files", to_json(manifest.files)}};
  std::string text;
  try {
    text = json.dump(2);
  } catch (const Json::exception& error) {
    throw Error(fmt::format("the manifest of format {} cannot be written: {}", manifest.format, error.what()));
  }
  text.replace(text.size() - 2, 2, ",\n");  // the closing brace comes after the digest
  manifest.digest = sha256(text);
  return text + std::string(kDigestHead) + manifest.digest + std::string(kDigestTail);
}

Manifest parse_manifest(std::string_view text, const std::filesystem::path& path) {
  const auto broken = [&](std::string_view why) { throw BrokenFolder(fmt::format("{}: {}", path.string(), why)); };
  if (text.size() < kDigestLine) broken("the manifest is cut off");
  const std::string_view content = text.substr(0, text.size() - kDigestLine);
  const std::string_view line = text.substr(content.size());
  if (!line.starts_with(kDigestHead) || !line.ends_with(kDigestTail)) {
    broken("the manifest does not end with its digest: it is cut off, edited or damaged");
  }
  Manifest manifest;
  manifest.digest = std::string(line.substr(kDigestHead.size(), 64));
  if (sha256(content) != manifest.digest) broken("the manifest does not match its digest: it is edited or damaged");
  try {
    const Json json = Json::parse(text);
    manifest.format = json.at("format").get<std::string>();
    manifest.version = json.at("version").get<int>();
    for (const Json& parent : json.at("parents")) {
      manifest.parents.push_back({parent.at("role").get<std::string>(), parent.at("path").get<std::string>(),
                                  parent.at("digest").get<std::string>()});
    }
    manifest.body = json.at("body");
    manifest.files = records_of(json.at("files"));
  } catch (const Json::exception& error) {
    broken(fmt::format("the manifest lacks what every manifest has: {}", error.what()));
  }
  return manifest;
}

}  // namespace ft
