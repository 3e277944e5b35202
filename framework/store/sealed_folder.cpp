#include "framework/store/sealed_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "framework/base/digest.h"
#include "framework/store/files.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

std::optional<Complaint> check_size(const fs::path& folder, const FileRecord& record) {
  std::error_code error;
  const fs::path path = folder / record.name;
  const fs::file_status status = fs::symlink_status(path, error);
  if (!fs::exists(status)) return Complaint{Complaint::Kind::missing, record.name, record.name + " is missing"};
  if (!fs::is_regular_file(status)) {
    return Complaint{Complaint::Kind::unreadable, record.name, record.name + " is no plain file"};
  }
  const auto size = static_cast<std::int64_t>(fs::file_size(path, error));
  if (error) {
    return Complaint{Complaint::Kind::unreadable, record.name,
                     fmt::format("{} cannot be read: {}", record.name, error.message())};
  }
  if (size == record.size) return std::nullopt;
  return Complaint{Complaint::Kind::size, record.name,
                   fmt::format("{} has {} bytes instead of {}", record.name, size, record.size)};
}

std::optional<Complaint> check_bytes(const fs::path& folder, const FileRecord& record) {
  if (auto complaint = check_size(folder, record)) return complaint;
  try {
    if (sha256_file(folder / record.name) == record.sha256) return std::nullopt;
  } catch (const Error& error) {
    return Complaint{Complaint::Kind::unreadable, record.name,
                     fmt::format("{} cannot be read: {}", record.name, error.what())};
  }
  return Complaint{Complaint::Kind::content, record.name,
                   fmt::format("{} is damaged: its SHA-256 is another one than at sealing", record.name)};
}

std::vector<Complaint> foreign_files(const fs::path& folder, const Manifest& manifest) {
  std::set<std::string> own = {std::string(kManifestName)};
  for (const FileRecord& record : manifest.files) own.insert(record.name);
  std::vector<Complaint> complaints;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) continue;
    const std::string name = entry.path().lexically_relative(folder).string();
    if (!own.contains(name)) {
      complaints.push_back({Complaint::Kind::foreign, name, name + " does not belong to this folder"});
    }
  }
  std::sort(complaints.begin(), complaints.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return complaints;
}

[[noreturn]] void fail_broken(const fs::path& folder, const std::vector<Complaint>& complaints) {
  std::vector<std::string> texts;
  for (const Complaint& complaint : complaints) texts.push_back(complaint.text);
  throw BrokenFolder(fmt::format("{} is not whole: {}", folder.string(), fmt::join(texts, "; ")));
}

Manifest read_manifest(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw BrokenFolder(fmt::format("there is no folder {}", folder.string()));
  if (!SealedFolder::looks_sealed(folder)) {
    throw BrokenFolder(fmt::format("{} is not sealed: it has no {}", folder.string(), kManifestName));
  }
  std::string text;
  try {
    text = read_file(folder / kManifestName);
  } catch (const Error& read_error) {
    throw BrokenFolder(read_error.what());
  }
  return parse_manifest(text, folder / kManifestName);
}

}  // namespace

bool SealedFolder::looks_sealed(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / kManifestName, error);
}

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
