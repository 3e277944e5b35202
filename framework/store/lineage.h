// Where an artifact comes from, back to the base model: every link checked by digest.
//
//   writer.seal({.format = "ftrun-attempts", .parents = {parent("model", model_folder)}});
//   for (const Link& link : lineage(folder)) fmt::print("{}\n", to_text(link));
//
//   verifier (ftrun-model): intact
//     model <- solver (ftrun-model): intact
//     attempts <- attempts (ftrun-attempts): BROKEN, the manifest is another one than when it was used
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "framework/store/sealed_folder.h"

namespace ft {

struct Link {
  // replaced: it is gone, and what the same settings have made since stands elsewhere; who knows of that says so.
  enum class State { intact, outside, replaced, missing, changed, damaged, unreadable };
  int depth = 0;     // 0: the folder itself
  std::string role;  // empty at depth 0
  std::filesystem::path folder;
  std::string format;  // empty when it could not be read
  std::string digest;  // as the child recorded it
  State state = State::intact;
  std::string text;  // why, when it is not intact

  [[nodiscard]] bool broken() const { return state > State::replaced; }
};

// A parent entry for a sealed folder that is being used.
[[nodiscard]] Parent parent(std::string role, const SealedFolder& folder);

// Depth first; a folder that is reached again is named again, but what it was made from is not. Never throws for what it
// finds. Sizes are checked, not contents. What came from outside the run may have gone: it is said, but breaks nothing.
// `standing` are folders by their digests: what a child was made from is looked for there first, then at the place that
// the child has recorded, which may have been renamed or removed since the same was made again elsewhere.
[[nodiscard]] std::vector<Link> lineage(const std::filesystem::path& folder,
                                        const std::map<std::string, std::filesystem::path>& standing = {});

// One line, indented by depth.
[[nodiscard]] std::string to_text(const Link& link);

}  // namespace ft
