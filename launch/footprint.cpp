#include "launch/footprint.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "framework/config/parser.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "framework/sample/kv_cache.h"

namespace ft {
namespace {

constexpr double kFloat = 4;

// One stage's settings with every default written out, as the plan keeps them.
class Settings {
 public:
  explicit Settings(const StagePlan& stage) : file_(RunFile::parse(stage.settings, stage.name)) {}
  [[nodiscard]] double number(std::string_view key, double otherwise) const {
    const Node node = file_[key];
    return node && node.is_scalar() ? read<double>(node) : otherwise;
  }

 private:
  RunFile file_;
};

// The name under `models` whose shape the model `name` has: stages hand on the shape that they were given.
std::string origin_of(const RunPlan& plan, const std::string& name) {
  if (plan.models.contains(name)) return name;
  const StagePlan* stage = plan.find_stage(name);
  if (stage == nullptr) return "";
  for (const Input& input : stage->inputs) {
    if (input.what == "model" && !input.names.empty()) return origin_of(plan, input.names.front());
  }
  return "";
}

std::string model_of(const RunPlan& plan, const StagePlan& stage) {
  for (const Input& input : stage.inputs) {
    if (input.what == "model" && !input.names.empty()) return origin_of(plan, input.names.front());
  }
  return "";
}

ModelConfig config_of(const RunPlan& plan, const RunServices& services, const std::string& model) {
  const ModelSettings& settings = plan.models.at(model);
  if (settings.path) return read_model_config(*settings.path);
  return preset_config(*settings.preset, services.preset_tokenizer(settings.tokenizer, plan.prompts)->size());
}

struct Grid {
  double tensor, data;
};

// Floats of one layer and token that a tensor rank holds: widths that are split, and whole ones.
double split_width(const ModelConfig& c) {
  return 3.0 * c.num_heads * c.head_dim + 3.0 * c.num_kv_heads * c.head_dim +
         3.0 * static_cast<double>(c.intermediate_size);
}

double chunk_floats(const ModelConfig& c, const Grid& grid) {
  const double columns = static_cast<double>(c.vocab_size) / grid.tensor;
  return 3 * static_cast<double>(vocabulary_chunk_rows(static_cast<std::int64_t>(columns))) * columns;
}

double training_floats(const ModelConfig& c, const Settings& settings, const Grid& grid, double parameters) {
  const auto own_lanes = static_cast<std::uint64_t>(std::max(1.0, std::ceil(settings.number("lanes", 1) / grid.data)));
  // The lane in the making, and one sum for each level of the tree over the lanes before it.
  const double gradients = std::bit_width(own_lanes);
  const double tokens = std::min(settings.number("tokens_per_micro_batch", 1), settings.number("tokens_per_lane", 1));
  const double kept = c.num_layers * (split_width(c) / grid.tensor + 6.0 * static_cast<double>(c.hidden_size));
  const double own = parameters / grid.data;
  return parameters * (1 + gradients) + 3 * own + tokens * kept + chunk_floats(c, grid);
}

double sampling_floats(const ModelConfig& c, const Settings& settings, const Grid& grid, double parameters) {
  const auto slots = static_cast<int>(settings.number("slots", 1));
  // Prompts are taken to be as long as attempts; the cache grows by half when it is too short.
  const auto length = static_cast<std::int64_t>(
      std::min(2 * settings.number("max_new_tokens", 1), static_cast<double>(c.max_position)));
  const double cache =
      1.5 * static_cast<double>(KvCache::estimate_bytes(c, slots, length, static_cast<int>(grid.tensor))) / kFloat;
  const double rows = std::max(slots, 64);
  // Logits of three decoding steps are kept while the exact batch sizes are looked for, twice.
  return parameters + cache +
         rows * (split_width(c) / grid.tensor + 6.0 * static_cast<double>(c.hidden_size) +
                 7.0 * static_cast<double>(c.vocab_size));
}

double scoring_floats(const ModelConfig& c, const Settings& settings, const Grid& grid, double parameters) {
  const double tokens = settings.number("tokens_per_micro_batch", 2048);
  return parameters + tokens * (split_width(c) / grid.tensor + 6.0 * static_cast<double>(c.hidden_size)) +
         chunk_floats(c, grid);
}

Footprint footprint_of(const RunPlan& plan, const RunServices& services, const StagePlan& stage, const Grid& grid) {
  Footprint result{.stage = stage.name, .model = model_of(plan, stage)};
  if (result.model.empty()) return result;
  const ModelConfig config = config_of(plan, services, result.model);
  const Settings settings(stage);
  result.parameters = config.num_parameters();
  const double whole = static_cast<double>(result.parameters), own = whole / grid.tensor;
  double floats = 0;
  switch (stage.recipe->output()) {
    case ArtifactKind::model:
      floats = training_floats(config, settings, grid, own);
      result.checkpoint = static_cast<std::int64_t>(3 * kFloat * whole);
      // Those kept, the best, the one being written, and the weights that the stage hands on.
      result.disk = static_cast<std::int64_t>(
          (settings.number("keep", 1) + 2) * static_cast<double>(result.checkpoint) + kFloat * whole);
      break;
    case ArtifactKind::attempts:
      floats = sampling_floats(config, settings, grid, own);
      break;
    default:
      floats = scoring_floats(config, settings, grid, own);
      break;
  }
  result.memory = static_cast<std::int64_t>(kFloat * floats);
  return result;
}

}  // namespace

std::vector<Footprint> footprints(const RunPlan& plan, const RunServices& services, int ranks) {
  const Grid grid{static_cast<double>(plan.parallel.tensor),
                  static_cast<double>(std::max(1, ranks / plan.parallel.tensor))};
  std::vector<Footprint> all;
  for (const StagePlan& stage : plan.stages) all.push_back(footprint_of(plan, services, stage, grid));
  return all;
}

}  // namespace ft
