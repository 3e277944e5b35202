#include "framework/store/sealed_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "framework/base/digest.h"
#include "framework/base/reading.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

std::optional<Complaint> check_size(const fs::path& folder, const FileRecord& record) {
  const Found found = look_at(folder / record.name);  // a link is what it leads to
  if (found.kind == Found::Kind::nothing) {
    return Complaint{Complaint::Kind::missing, record.name, record.name + " is missing"};
  }
  if (found.kind != Found::Kind::file) {
    return Complaint{Complaint::Kind::strange, record.name, record.name + " is no plain file"};
  }
  if (found.size == record.size) return std::nullopt;
  return Complaint{Complaint::Kind::size, record.name,
                   fmt::format("{} has {} bytes instead of {}", record.name, found.size, record.size)};
}

std::optional<Complaint> check_bytes(const fs::path& folder, const FileRecord& record) {
  if (auto complaint = check_size(folder, record)) return complaint;
  if (sha256_file(folder / record.name) == record.sha256) return std::nullopt;
  return Complaint{Complaint::Kind::content, record.name,
                   fmt::format("{} is damaged: its SHA-256 is another one than at sealing", record.name)};
}

// Adds what lies in `folder`/`below` and is not in `own`.
void find_foreign(const fs::path& folder, const fs::path& below, const std::set<std::string>& own,
                  std::vector<Complaint>& complaints) {
  for (const std::string& entry : list_folder(folder / below)) {
    const std::string name = (below / entry).string();
    if (look_at_entry(folder / name).kind == Found::Kind::folder) {
      find_foreign(folder, name, own, complaints);
    } else if (!own.contains(name)) {
      complaints.push_back({Complaint::Kind::foreign, name, name + " does not belong to this folder"});
    }
  }
}

std::vector<Complaint> foreign_files(const fs::path& folder, const Manifest& manifest) {
  std::set<std::string> own = {std::string(kManifestName)};
  for (const FileRecord& record : manifest.files) own.insert(record.name);
  std::vector<Complaint> complaints;
  find_foreign(folder, "", own, complaints);
  std::sort(complaints.begin(), complaints.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return complaints;
}

[[noreturn]] void fail_broken(const fs::path& folder, const std::vector<Complaint>& complaints) {
  std::vector<std::string> texts;
  for (const Complaint& complaint : complaints) texts.push_back(complaint.text);
  throw BrokenFolder(fmt::format("{} is not whole: {}", folder.string(), fmt::join(texts, "; ")));
}

Manifest read_manifest(const fs::path& folder) {
  if (!is_folder(folder)) throw BrokenFolder(fmt::format("there is no folder {}", folder.string()));
  if (!SealedFolder::looks_sealed(folder)) {
    throw BrokenFolder(fmt::format("{} is not sealed: it has no {}", folder.string(), kManifestName));
  }
  return parse_manifest(InputFile(folder / kManifestName).read_rest(), folder / kManifestName);
}

}  // namespace

bool SealedFolder::looks_sealed(const fs::path& folder) { return is_file(folder / kManifestName); }

SealedFolder SealedFolder::open(const fs::path& folder, std::string_view format, int version) {
  Manifest manifest = read_manifest(folder);
  if (!format.empty() && manifest.format != format) {
    throw BrokenFolder(fmt::format("{} has the format {}, not {}", folder.string(), manifest.format, format));
  }
  if (version > 0 && manifest.version > version) {
    fail_user(
        fmt::format("{} has version {} of {}; this program knows versions up to {}: use a newer ftrun, or remove "
                    "the folder to make it again",
                    folder.string(), manifest.version, manifest.format, version));
  }
  std::vector<Complaint> complaints;
  for (const FileRecord& record : manifest.files) {
    if (auto complaint = check_size(folder, record)) complaints.push_back(std::move(*complaint));
  }
  if (!complaints.empty()) fail_broken(folder, complaints);
  return {folder, std::move(manifest)};
}

fs::path SealedFolder::path(std::string_view name) const {
  const bool known = std::any_of(manifest_.files.begin(), manifest_.files.end(),
                                 [&](const FileRecord& record) { return record.name == name; });
  FT_CHECK(known, "{} has no file {}", folder_.string(), name);
  return folder_ / name;
}

std::vector<Complaint> SealedFolder::verify() const {
  std::vector<Complaint> complaints;
  for (const FileRecord& record : manifest_.files) {
    if (auto complaint = check_bytes(folder_, record)) complaints.push_back(std::move(*complaint));
  }
  for (Complaint& complaint : foreign_files(folder_, manifest_)) complaints.push_back(std::move(complaint));
  return complaints;
}

std::vector<Complaint> SealedFolder::require_intact() const {
  std::vector<Complaint> damage = verify(), foreign;
  const auto is_foreign = [](const Complaint& complaint) { return complaint.kind == Complaint::Kind::foreign; };
  std::copy_if(damage.begin(), damage.end(), std::back_inserter(foreign), is_foreign);
  std::erase_if(damage, is_foreign);
  if (!damage.empty()) fail_broken(folder_, damage);
  return foreign;
}

}  // namespace ft
