#include "launch/asked_for.h"

#include <algorithm>

#include "framework/store/sealed_folder.h"
#include "launch/run_listing.h"

namespace ft {

namespace fs = std::filesystem;

AskedFor::AskedFor(fs::path run) : run_(std::move(run)) {
  try {
    start_ = read_last_start(run_);
  } catch (const BrokenRecord&) {  // told by damage_of_records()
  }
}

bool AskedFor::stage(const fs::path& folder) const { return !start_ || start_->find_folder(folder) != nullptr; }

bool AskedFor::output(const fs::path& folder) const {
  return !start_ || std::ranges::any_of(start_->outputs, [&](const MeantOutput& meant) {
    return meant.output.filename() == folder.filename() && meant.folder.filename() == folder.parent_path().filename();
  });
}

std::vector<MeantOutput> AskedFor::outputs() const { return start_ ? start_->outputs : std::vector<MeantOutput>(); }

std::map<std::string, fs::path> AskedFor::standing() const {
  std::map<std::string, fs::path> found;
  for (const MeantOutput& meant : outputs()) {
    const fs::path output = fs::absolute(place_of(meant)).lexically_normal();
    try {
      if (SealedFolder::looks_sealed(output)) found.emplace(SealedFolder::open(output).digest(), output);
    } catch (const BrokenFolder&) {  // told where it is looked at itself
    }
  }
  return found;
}

fs::path AskedFor::namesake_of(const fs::path& output) const {
  const std::string folder = output.parent_path().filename().string(), name = stage_name(folder);
  if (name.size() == folder.size()) return {};
  const std::string identity = folder.substr(name.size() + 1);
  for (const MeantOutput& meant : outputs()) {
    if (meant.stage == name || !meant.identity.starts_with(identity)) continue;
    if (meant.output.filename() == output.filename() && SealedFolder::looks_sealed(place_of(meant)))
      return place_of(meant);
  }
  return {};
}

}  // namespace ft
