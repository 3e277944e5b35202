#include "framework/store/intact_note.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "framework/store/file_state.h"
#include "framework/store/files.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

Json state_of(const fs::path& folder, const std::string& name) {
  Json state = {{"name", name}};
  state.update(file_state(folder / name));
  return state;
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

IntactNote intact_note_of(const fs::path& output) {
  return IntactNote(output.parent_path() / fmt::format("intact-{}.json", output.filename().string()));
}

void IntactNote::remember(const SealedFolder& folder) const { replace_file(path_, state_of(folder).dump(1) + "\n"); }

}  // namespace ft
