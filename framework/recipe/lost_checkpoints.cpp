#include "framework/recipe/lost_checkpoints.h"

#include <algorithm>

#include "framework/base/reading.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/store/sealed_folder.h"
#include "framework/train/settings.h"

namespace ft {
namespace fs = std::filesystem;

std::string damage_of(const fs::path& folder, Look look) {
  if (look_through(folder).kind != Found::Kind::folder) return fmt::format("{} is no folder", folder.string());
  try {
    const SealedFolder sealed = SealedFolder::open(folder);
    if (look == Look::bytes) sealed.require_intact();
    return {};
  } catch (const BrokenFolder& broken) {
    return broken.what();
  }
}

std::string length_in(const std::string& extent) {
  constexpr std::string_view kKey = "length: ";
  for (std::size_t begin = 0; begin < extent.size();) {
    const std::size_t end = std::min(extent.find('\n', begin), extent.size());
    if (extent.compare(begin, kKey.size(), kKey) == 0)
      return extent.substr(begin + kKey.size(), end - begin - kKey.size());
    begin = end + 1;
  }
  return {};
}

// A user's recipe may mean something else by a key of that name.
std::optional<Length> length_of(const StagePlan& stage) {
  try {
    return parse_length(length_in(stage.extent_text));
  } catch (const UnitError&) {
    return std::nullopt;
  }
}

std::optional<LostCheckpoints> lost_checkpoints(const StagePlan& stage, Look look) {
  if (stage.recipe->output() != ArtifactKind::model) return std::nullopt;
  const fs::path folder = checkpoints_of(stage.folder);
  std::vector<std::pair<std::int64_t, fs::path>> found;
  for (const std::string& name : list_folder(folder)) {
    if (const std::optional<std::int64_t> step = step_of_checkpoint(name)) found.emplace_back(*step, folder / name);
  }
  std::ranges::sort(found, std::greater());
  const std::vector<TrainCursor> cursors = sealed_cursors(folder);
  const std::optional<Length> length = length_of(stage);
  const auto* training = std::get_if<TrainingWork>(&stage.work);
  const bool wants_best = training != nullptr && training->settings.result == ResultWeights::best;
  const auto sealed = [&](std::int64_t step) { return std::ranges::find(cursors, step, &TrainCursor::step); };
  LostCheckpoints lost;
  for (const auto& [step, path] : found) {
    const auto cursor = sealed(step);
    if (cursor != cursors.end() && length && !is_within(*cursor, *length).value_or(true)) continue;
    std::string damage = damage_of(path, look);
    if (damage.empty() && cursor == cursors.end())
      damage = fmt::format("{} holds a checkpoint of another step: it was renamed", path.string());
    if (damage.empty() && wants_best && cursor->best_step >= 0 && sealed(cursor->best_step) == cursors.end())
      damage =
          fmt::format("{} needs the best checkpoint, of step {}, which is not there", path.string(), cursor->best_step);
    if (damage.empty()) return std::nullopt;
    lost.step = std::max(lost.step, step);
    lost.damage.push_back(std::move(damage));
  }
  if (lost.damage.empty()) return std::nullopt;
  return lost;
}

}  // namespace ft
