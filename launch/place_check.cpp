#include "launch/place_check.h"

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/stage_folder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string why_other_stage(const fs::path& path, const fs::path& stage, const Json& said) {
  const StageFolderName place = read_stage_folder_name(stage.filename().string());
  const std::string identity = said.value("identity", std::string());
  if (place.identity.empty() || identity.empty() || identity.starts_with(place.identity)) return "";
  return fmt::format(
      "{} was made by stage '{}' with identity {}, and lies in the place of {}'s: it was put there by hand",
      path.string(), said.value("stage", "?"), identity.substr(0, kFolderDigits), stage.filename().string());
}

std::string why_other_name(const fs::path& path, const Json& said) {
  const std::string name = path.filename().string();
  if (const auto step = step_of_checkpoint(name); step && said.contains("cursor")) {
    const std::int64_t own = cursor_from_metadata(said).step;
    return own == *step ? ""
                        : fmt::format("{} is the checkpoint of step {} under another one's name", path.string(), own);
  }
  if (!name.starts_with("output-") || !said.contains("extent")) return "";
  const std::string own = output_folder_name(sha256(said.at("extent").get<std::string>()));
  return own == name ? "" : fmt::format("{} is {} under another one's name", path.string(), own);
}

}  // namespace

std::string why_out_of_place(const fs::path& sealed) {
  const fs::path path = fs::absolute(sealed).lexically_normal();
  const bool is_checkpoint = step_of_checkpoint(path.filename().string()).has_value();
  const fs::path stage = is_checkpoint ? path.parent_path().parent_path().parent_path() : path.parent_path();
  try {
    const Json body = SealedFolder::open(path).manifest().body;
    const Json& said = body.contains("metadata") ? body.at("metadata") : body;
    const std::string other = why_other_stage(path, stage, said);
    return other.empty() && !read_stage_folder_name(stage.filename().string()).identity.empty()
               ? why_other_name(path, said)
               : other;
  } catch (const BrokenFolder&) {  // damage is told of itself
    return "";
  } catch (const Json::exception&) {
    return "";
  }
}

}  // namespace ft
