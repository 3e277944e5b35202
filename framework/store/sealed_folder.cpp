#include "framework/store/sealed_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "framework/base/digest.h"
#include "framework/base/reading.h"
#include "framework/store/sealed_file.h"

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

Complaint other_content(const FileRecord& record) {
  return {Complaint::Kind::content, record.name,
          fmt::format("{} is damaged: its SHA-256 is another one than at sealing", record.name)};
}

std::optional<Complaint> check_bytes(const fs::path& folder, const FileRecord& record) {
  if (auto complaint = check_size(folder, record)) return complaint;
  if (sha256_file(folder / record.name) == record.sha256) return std::nullopt;
  return other_content(record);
}

std::vector<Complaint> damage_of(const fs::path& folder, const std::vector<FileRecord>& files) {
  std::vector<Complaint> complaints;
  for (const FileRecord& record : files) {
    if (auto complaint = check_bytes(folder, record)) complaints.push_back(std::move(*complaint));
  }
  return complaints;
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

const FileRecord* SealedFolder::find(std::string_view name) const {
  const auto found = std::ranges::find(manifest_.files, name, &FileRecord::name);
  return found == manifest_.files.end() ? nullptr : &*found;
}

fs::path SealedFolder::path(std::string_view name) const {
  FT_CHECK(find(name) != nullptr, "{} has no file {}", folder_.string(), name);
  return folder_ / name;
}

std::string SealedFolder::read(std::string_view name) const {
  SealedFile file(*this, name);
  std::string text;
  text.reserve(static_cast<std::size_t>(find(name)->size));
  std::vector<char> buffer(1 << 16);
  while (const std::size_t count = file.read(buffer)) text.append(buffer.data(), count);
  return text;
}

std::optional<std::string> SealedFolder::read_if_there(std::string_view name) const {
  if (find(name) == nullptr) return std::nullopt;
  return read(name);
}

void SealedFolder::check(std::string_view name) const { SealedFile(*this, name).check_rest(); }

std::vector<Complaint> SealedFolder::foreign() const { return foreign_files(folder_, manifest_); }

std::vector<Complaint> SealedFolder::verify() const {
  std::vector<Complaint> complaints = damage_of(folder_, manifest_.files);
  for (Complaint& complaint : foreign()) complaints.push_back(std::move(complaint));
  return complaints;
}

std::vector<Complaint> SealedFolder::require_intact() const {
  ft::require_intact(folder_, manifest_.files);
  return foreign();
}

void require_intact(const fs::path& folder, const std::vector<FileRecord>& files) {
  if (const auto damage = damage_of(folder, files); !damage.empty()) fail_broken(folder, damage);
}

}  // namespace ft
