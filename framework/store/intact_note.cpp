#include "framework/store/intact_note.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "framework/store/files.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

Json state_of(const fs::path& folder, const std::string& name) {
  struct stat info {};
  if (::stat((folder / name).c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) fail_unreadable(folder / name, errno);
    return {};
  }
  return {{"name", name},
          {"size", info.st_size},
          {"inode", info.st_ino},
          {"modified", nanoseconds(info.st_mtim)},
          {"changed", nanoseconds(info.st_ctim)}};
}

Json state_of(const SealedFolder& folder) {
  Json files = Json::array({state_of(folder.folder(), std::string(kManifestName))});
  for (const FileRecord& record : folder.manifest().files) files.push_back(state_of(folder.folder(), record.name));
  return {{"manifest", folder.digest()}, {"files", files}};
}

}  // namespace

bool IntactNote::vouches_for(const SealedFolder& folder) const {
  const auto text = read_if_there(path_);
  return text && Json::parse(*text, nullptr, false) == state_of(folder);
}

void IntactNote::forget() const {
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) fail_system("remove", path_, errno);
}

void IntactNote::remember(const SealedFolder& folder) const { replace_file(path_, state_of(folder).dump(1) + "\n"); }

}  // namespace ft
