#include "framework/recipe/checkpoints.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "framework/checkpoint/checkpoint.h"
#include "framework/store/files.h"
#include "framework/store/retention.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "step-";

Json to_json(const TrainCursor& cursor) {
  return {{"step", cursor.step}, {"position", cursor.position}, {"num_tokens", cursor.num_tokens}, {"seconds", cursor.seconds},
          {"consumed_digest", cursor.consumed_digest}, {"best_validation_loss", cursor.best_validation_loss}, {"best_step", cursor.best_step},
          {"skipped", cursor.skipped}, {"skipped_in_row", cursor.skipped_in_row}, {"validation_due", cursor.validation_due}};
}

TrainCursor cursor_of(const std::string& metadata) {
  const Json json = Json::parse(metadata).at("cursor");
  TrainCursor cursor;
  cursor.step = json.at("step");
  cursor.position = json.at("position");
  cursor.num_tokens = json.at("num_tokens");
  cursor.seconds = json.at("seconds");
  cursor.consumed_digest = json.at("consumed_digest");
  cursor.best_validation_loss = json.at("best_validation_loss");
  cursor.best_step = json.at("best_step");
  cursor.skipped = json.value("skipped", std::int64_t{0});
  cursor.skipped_in_row = json.value("skipped_in_row", std::int64_t{0});
  cursor.validation_due = json.value("validation_due", false);
  return cursor;
}

}  // namespace

Checkpoints::Checkpoints(std::filesystem::path folder, Groups groups, Logger& log)
    : folder_(std::move(folder)), groups_(groups), log_(log) {
  if (groups_.world.rank() != 0) return;
  make_folder(folder_);
  remove_leftovers(folder_);
}

std::filesystem::path Checkpoints::path_of(std::int64_t step) const { return folder_ / fmt::format("{}{:08}", kPrefix, step); }

std::vector<std::int64_t> Checkpoints::steps() const {
  std::vector<std::int64_t> steps;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !SealedFolder::looks_sealed(entry.path())) continue;
    std::int64_t step = -1;
    const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), step);
    if (error == std::errc() && end == name.data() + name.size()) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

// Rank 0 hashes every byte, so that all ranks read the same sound folder or none.
std::optional<std::int64_t> Checkpoints::newest_sound() {
  std::string answer;
  if (groups_.world.rank() == 0) {
    std::vector<std::int64_t> candidates = steps();
    for (; !candidates.empty() && answer.empty(); candidates.pop_back()) {
      const std::filesystem::path path = path_of(candidates.back());
      try {
        SealedFolder::open(path).require_intact();
        answer = std::to_string(candidates.back());
      } catch (const BrokenFolder& broken) {
        log_.warn("a checkpoint is damaged, the one before it is used: {}", broken.what());
        discard_folder(path);
      }
    }
  }
  answer = broadcast_bytes(groups_.world, "newest checkpoint", answer, 0);
  if (answer.empty()) return std::nullopt;
  return std::stoll(answer);
}

bool Checkpoints::restore(ParameterSet& parameters, Trainer& trainer) {
  const std::optional<std::int64_t> step = newest_sound();
  if (!step) return false;
  OptimizerState& state = trainer.optimizer_state();
  MomentsView moments{state.begin, state.end, state.first_moment, state.second_moment};
  const CheckpointInfo info = read_checkpoint(path_of(*step), parameters, &moments, groups_);
  const TrainCursor cursor = cursor_of(info.metadata);
  state.step = cursor.step - cursor.skipped;  // updates
  trainer.set_cursor(cursor);
  log_.info("going on from {} (weights {})", path_of(*step).string(), info.weights_digest.substr(0, 16));
  const int now = groups_.tensor.size(), before = Json::parse(info.metadata).value("tensor", now);
  if (before != now) {
    log_.warn("the checkpoint was made with parallel.tensor {}, the run goes on with {}: its weights will differ by rounding from those "
              "of a run that keeps one", before, now);
  }
  return true;
}

void Checkpoints::save(const ParameterSet& parameters, Trainer& trainer, const TrainCursor& cursor, const std::string& stage,
                       const std::vector<std::pair<std::string, std::string>>& files, const std::vector<Parent>& parents, int keep) {
  const OptimizerState& state = trainer.optimizer_state();
  CheckpointContent content;
  content.parameters = &parameters;
  content.moments = MomentsView{state.begin, state.end, state.first_moment, state.second_moment};
  content.metadata = Json{{"kind", "checkpoint"}, {"stage", stage}, {"tensor", groups_.tensor.size()}, {"cursor", to_json(cursor)}}.dump();
  content.files = files;
  content.parents = parents;
  const std::filesystem::path target = path_of(cursor.step);
  if (groups_.world.rank() == 0) discard_folder(target);  // an unsound one of the same step, replaced by the same work
  groups_.world.barrier("checkpoint folder");
  write_checkpoint(target, content, groups_);
  if (groups_.world.rank() != 0) return;
  std::vector<Candidate> candidates;
  for (const std::int64_t step : steps()) {
    candidates.push_back({.folder = path_of(step), .step = step});
    if (step == cursor.best_step) candidates.back().loss = cursor.best_validation_loss;
  }
  for (const auto& folder : removable(candidates, {.last = keep, .best = 1})) discard_folder(folder);
}

void Checkpoints::load_weights(std::int64_t step, ParameterSet& parameters) {
  read_checkpoint(path_of(step), parameters, nullptr, groups_);
}

}  // namespace ft
