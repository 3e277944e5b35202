#include "framework/store/stage_folder.h"

#include <fmt/format.h>

namespace ft {

std::string stage_folder_name(std::string_view stage, std::string_view identity) {
  return fmt::format("{}-{}", stage, identity.substr(0, kFolderDigits));
}

std::string output_folder_name(std::string_view extent) {
  return fmt::format("output-{}", extent.substr(0, kFolderDigits));
}

StageFolderName read_stage_folder_name(std::string_view name) {
  if (name.size() <= kFolderDigits + 1) return {};
  const std::string_view stage = name.substr(0, name.size() - kFolderDigits - 1),
                         identity = name.substr(stage.size() + 1);
  if (name[stage.size()] != '-' || identity.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
  return {std::string(stage), std::string(identity)};
}

}  // namespace ft
