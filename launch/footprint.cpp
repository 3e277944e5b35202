#include "launch/footprint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "framework/base/units.h"
#include "framework/config/parser.h"
#include "framework/kernels/vocabulary_log_probs.h"
#include "framework/recipe/validation_measures.h"
#include "framework/sample/kv_cache.h"
#include "framework/train/settings.h"

namespace ft {
namespace {

constexpr double kFloat = 4, kBfloat16 = 2;

// One stage's settings with every default written out, as the plan keeps them.
class Settings {
 public:
  explicit Settings(const StagePlan& stage) : file_(RunFile::parse(stage.settings, stage.name)) {}
  [[nodiscard]] double number(std::string_view key, double otherwise) const {
    const Node node = file_[key];
    return node && node.is_scalar() ? read<double>(node) : otherwise;
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    const Node node = file_[key];
    return node && node.is_scalar() ? read<std::string>(node) : "";
  }

 private:
  RunFile file_;
};

std::string input_name(const StagePlan& stage, std::string_view what) {
  for (const Input& input : stage.inputs) {
    if (input.what == what && !input.names.empty()) return input.names.front();
  }
  return "";
}

// The name under `models` whose shape the model `name` has: stages hand on the shape that they were given.
std::string origin_of(const RunPlan& plan, const std::string& name) {
  if (name.empty() || plan.models.contains(name)) return name;
  const StagePlan* stage = plan.find_stage(name);
  return stage == nullptr ? "" : origin_of(plan, input_name(*stage, "model"));
}

ModelConfig config_of(const ModelSettings& model, const Tokenizer& tokenizer) {
  return model.path ? read_model_config(*model.path) : preset_config(*model.preset, tokenizer.size());
}

// What one rank of a tensor group has of a model: widths in elements.
struct LocalShape {
  LocalShape(const ModelConfig& c, int tensor)
      : layers(c.num_layers), hidden(static_cast<double>(c.hidden_size)), head_dim(c.head_dim) {
    heads = static_cast<double>(c.num_heads) / tensor;
    query = heads * head_dim;
    key = std::max(1.0, static_cast<double>(c.num_kv_heads) / tensor) * head_dim;
    inner = static_cast<double>(c.intermediate_size) / tensor;
    vocabulary = std::ceil(static_cast<double>(c.vocab_size) / tensor);
    head_norms = c.qk_norm ? query + key : 0;
    double layer = hidden * (2 * query + 2 * key + 3 * inner + 2);
    if (c.qkv_bias) layer += query + 2 * key;
    if (c.output_bias) layer += hidden;
    if (c.mlp_bias) layer += 2 * inner + hidden;
    if (c.qk_norm) layer += 2 * head_dim;
    parameters = layers * layer + vocabulary * hidden * (c.tied_embeddings ? 1 : 2) + hidden;
    products = layers * hidden * (2 * query + 2 * key + 3 * inner) + vocabulary * hidden;
    gathered = tensor == 1 ? 0 : hidden * static_cast<double>(std::max(c.vocab_size, 2 * c.intermediate_size));
    largest_own = hidden * std::max(vocabulary, inner);
    chunk_rows = static_cast<double>(vocabulary_chunk_rows(static_cast<std::int64_t>(vocabulary)));
  }

  double layers, hidden, head_dim, heads, query, key, inner, vocabulary, head_norms, parameters;
  double products;     // elements of the matrices that hidden states are multiplied with
  double gathered;     // of the largest parameter, while tensor ranks put it together (checkpoint/collective.cpp)
  double largest_own;  // this rank's part of it
  double chunk_rows;   // of logits that are computed at a time
};

double tokens_per_micro_batch(const Settings& settings) {
  return std::min(settings.number("tokens_per_micro_batch", 1), settings.number("tokens_per_lane", 1));
}

// Elements that the forward of a micro-batch keeps for its backward, by what each function saves: both norms their
// input, attention its query, key, value and sums, the projection behind it the mixed values, SwiGLU gate and up. What
// norms and SwiGLU give is made again (kernels/remade.h). Under recomputation one stretch is there at a time, and the inputs
// of the others.
double saved_elements(const LocalShape& s, double tokens, Recompute recompute) {
  const double layer = 2 * s.hidden + 2 * s.query + 2 * s.key + 2 * s.inner + s.heads + s.head_norms + 2;
  const double stretch = recompute.layers == 0 ? s.layers : std::min<double>(s.layers, recompute.layers);
  const double others = std::ceil(s.layers / stretch) - 1;
  return tokens * (stretch * layer + others * s.hidden + 3 * s.hidden + s.head_dim);
}

// Bytes beside, while the loss goes back: at the vocabulary, or in the last layer's feed-forward.
double backward_bytes(const LocalShape& s, double tokens, bool rounded) {
  const double rows = std::min(tokens, s.chunk_rows);
  const double kept = tokens <= s.chunk_rows ? 2 : 1;  // logits that fit one chunk are kept, and copied
  double head = kFloat * (kept * rows * s.vocabulary + 3 * tokens * s.hidden);
  double feed_forward = kFloat * tokens * (3 * s.inner + 2 * s.hidden);
  if (rounded) {  // operands, the weight twice (the library orders it anew), and what comes out before it is float32
    const double weight = 2 * std::min(s.inner * s.hidden, std::exp2(23));
    head += kBfloat16 * (rows * s.vocabulary + 2 * std::exp2(23)) + kFloat * rows * s.vocabulary;
    feed_forward += kBfloat16 * (tokens * (2 * s.inner + s.hidden) + weight);
  }
  return std::max(head, feed_forward);
}

// Examples lie in files that ranks map (batching/example_list.h): of their pages a rank keeps no more than 32 MiB, and
// the column of their lengths; the host has them once. What a rank holds of its own is the order of two epochs.
void add_examples(std::vector<MemoryPart>& parts, const TextSizes& sizes) {
  constexpr double kTouched = 32 << 20, kLength = 4, kOrder = 8;
  const double pages = std::min(sizes.stored, kTouched + kLength * sizes.examples);
  parts.emplace_back("examples", pages + kOrder * sizes.examples, kOrder * sizes.examples, pages);
}

// While examples are made there are weights, but nothing else of a training yet.
void add_tokenising(std::vector<MemoryPart>& parts, const TextSizes& sizes) {
  double training = 0;
  for (const MemoryPart& part : parts) training += part.what == "weights" ? 0 : part.bytes;
  parts.emplace_back("problems", std::max(0.0, sizes.collected - training));
}

bool is_narrow(const Settings& settings) { return named<Compute>(settings.text("compute")) == Compute::bfloat16; }

Recompute recompute_of(const Settings& settings) {
  const std::string text = settings.text("recompute");
  return text.empty() ? Recompute() : parse_recompute(text);
}

std::vector<MemoryPart> training_parts(const LocalShape& s, const Settings& settings, const Grid& grid) {
  const auto own_lanes =
      static_cast<std::uint64_t>(std::max(1.0, std::ceil(settings.number("lanes", 1) / grid.data())));
  const double weights = kFloat * s.parameters, own = weights / grid.data();
  const double tokens = tokens_per_micro_batch(settings);
  std::vector<MemoryPart> parts = {{"weights", weights},
                                   // The lane in the making, and one sum for each level of the tree over those before.
                                   {"gradients", weights * std::bit_width(own_lanes)},
                                   {"moments", 2 * own}};
  if (named<SaveMode>(settings.text("save")) == SaveMode::background)
    parts.push_back({"copy for checkpoints", 3 * own});
  if (grid.tensor > 1) parts.push_back({"gathered parameter", kFloat * s.gathered});
  parts.push_back({"activations", kFloat * saved_elements(s, tokens, recompute_of(settings)) +
                                      backward_bytes(s, tokens, is_narrow(settings))});
  return parts;
}

// Beside the weights while they are read from a stage's output: its largest piece, and then for the digest of what was
// read. Data ranks read what each owns.
double reading_bytes(const LocalShape& s, const Grid& grid) {
  return kFloat * std::max(std::min(s.largest_own, s.parameters / grid.data()), s.gathered);
}

// What sampling and scoring multiply by (model/packed_products.h).
MemoryPart packed_part(const LocalShape& s, const Settings& settings) {
  return {"weights laid out for products", (is_narrow(settings) ? kBfloat16 : kFloat) * s.products};
}

// Attempts at problems, as they are decoded.
struct Decoding {
  double attempts = 1;  // at each problem
  double slots = 1, max_new_tokens = 1;
};

double decoding_bytes(const ModelConfig& config, const LocalShape& s, const Decoding& decoding, const Grid& grid,
                      const TextSizes& sizes) {
  const double attempts = decoding.attempts;
  const double requests = std::ceil(static_cast<double>(sizes.problems) / grid.data()) * attempts;
  const auto slots = static_cast<int>(std::min(decoding.slots, std::max(1.0, requests)));
  const auto prompt = static_cast<double>(sizes.longest_prompt);
  double own = decoding.max_new_tokens;
  if (config.max_position > 0) own = std::min(own, std::max(0.0, config.max_position - prompt));
  // Attempts of so many problems are decoded at once; the next one's prompt waits for places.
  const double prompts = std::min(std::ceil(requests / attempts), std::ceil(slots / attempts) + 1);
  const auto cache = static_cast<double>(KvCache::estimate_bytes(config, slots + 1, static_cast<std::int64_t>(own),
                                                                 static_cast<std::int64_t>(prompts),
                                                                 static_cast<std::int64_t>(prompt), grid.tensor));
  const auto vocabulary = static_cast<double>(config.vocab_size);
  const double trial = kFloat * 8 * 16 * vocabulary;  // logits of three steps of 16 rows, twice (sample/exactness.cpp)
  // Rows of a forward: prompts that begin together go together (sample/generator.cpp).
  const double rows = std::max<double>(slots, std::min(256 + prompt, prompts * prompt));
  return std::max(trial, cache + kFloat * (2 * slots * vocabulary + rows * (3 * s.inner + 2 * s.query + 4 * s.hidden)));
}

std::vector<MemoryPart> sampling_parts(const ModelConfig& config, const LocalShape& s, const Settings& settings,
                                       const Grid& grid, const TextSizes& sizes) {
  const Decoding decoding{.attempts = settings.number("per_problem", 1) + (settings.text("greedy") != "false" ? 1 : 0),
                          .slots = settings.number("slots", 1),
                          .max_new_tokens = settings.number("max_new_tokens", 1)};
  const double sampling = std::max(decoding_bytes(config, s, decoding, grid, sizes), reading_bytes(s, grid));
  return {{"weights", kFloat * s.parameters},
          packed_part(s, settings),
          {"keys, values and logits", sampling},
          {"attempts", std::max(0.0, sizes.collected - sampling)}};  // once there are no keys and values any more
}

// Tokens of the largest micro-batch that scores attempts: no rank has more than its share of them.
double scored_tokens(const Settings& settings, const Grid& grid, const TextSizes& sizes) {
  const double share = std::ceil(sizes.attempts / grid.data()) * sizes.longest_attempt;
  return std::min(settings.number("tokens_per_micro_batch", 4096), share);
}

// A training that looks at sampled or scored attempts in the middle: what that takes beyond the activations, which are not
// there then.
MemoryPart measuring_part(const ModelConfig& config, const LocalShape& s, const Settings& settings, const Grid& grid,
                          const TextSizes& sizes, double activations) {
  const double attempts = settings.text("validation").empty() ? 0 : settings.number("accuracy_attempts", 0);
  double bytes = 0;
  if (attempts > 0) {
    const Decoding decoding{.attempts = attempts,
                            .slots = AccuracySettings().slots,
                            .max_new_tokens = settings.number("accuracy_max_new_tokens", 1)};
    bytes = packed_part(s, settings).bytes + decoding_bytes(config, s, decoding, grid, sizes);
  } else if (settings.text("validation_auc") == "true") {
    const double tokens = settings.number("tokens_per_micro_batch", 1);
    bytes = packed_part(s, settings).bytes +
            kFloat * (tokens * (3 * s.inner + 2 * s.query + 4 * s.key + 4 * s.hidden) + 64 * s.vocabulary);
  }
  return {"looking at attempts", std::max(0.0, bytes - activations)};
}

std::vector<MemoryPart> scoring_parts(const LocalShape& s, const Settings& settings, const Grid& grid, double tokens) {
  const double activations =
      kFloat * (tokens * (3 * s.inner + 2 * s.query + 4 * s.key + 4 * s.hidden) + 64 * s.vocabulary);
  // Weights are laid out when all have been read.
  const MemoryPart packed = packed_part(s, settings);
  return {{"weights", kFloat * s.parameters},
          packed,
          {"activations", std::max(activations, reading_bytes(s, grid) - packed.bytes)}};
}

// Two buffers a rank in each group that one host holds (parallel/mpi/shared_window.h), as far as messages reach into
// them: the gradients among data ranks, a micro-batch's hidden states among tensor ranks. Those of the world are short.
// A rank touches its own buffers and, of the others', its slice of a sum or the shard that they gather; the host has
// each buffer once.
MemoryPart exchange_part(const LocalShape& s, double tokens, const Grid& grid) {
  constexpr double kBuffer = 1048576, kPage = 4096;
  const int here = grid.per_host > 0 ? grid.per_host : grid.ranks;
  MemoryPart part("exchange", 0, 0, 0);
  const auto add = [&](int size, int spans, double message) {
    if (size <= 1 || spans > here) return;
    const double own = 2 * std::min(kBuffer, message), of_another = 2 * std::min(kBuffer, message / size + kPage);
    part.bytes += own + of_another * (size - 1);
    part.each += own;
  };
  add(grid.data(), grid.ranks, kFloat * s.parameters);
  add(grid.tensor, grid.tensor, kFloat * tokens * s.hidden);
  add(grid.ranks, grid.ranks, kPage);
  return part;
}

// Of a ranking, on rank 0: which problems each resample draws (rerank/metrics.h).
MemoryPart intervals_part(const Settings& settings, const TextSizes& sizes) {
  const double bytes = sizeof(std::uint32_t) * static_cast<double>(sizes.problems) * settings.number("bootstrap", 1000);
  return {"intervals", bytes, 0, bytes};
}

// Measured, with models of 0.6 M parameters (the main run file's, on 1 and 2 ranks) and 19 M: what libtorch and its
// mathematics write and keep once they compute, their files' pages left out (base/memory.h).
double libraries_bytes(ArtifactKind kind) {
  return kind == ArtifactKind::attempts ? 4e6 : kind == ArtifactKind::model ? 8e6 : 7e6;
}

}  // namespace

std::int64_t Footprint::memory() const {
  return static_cast<std::int64_t>(std::accumulate(
      parts.begin(), parts.end(), 0.0, [](double sum, const MemoryPart& part) { return sum + part.bytes; }));
}

double Footprint::on_host(int ranks, std::int64_t own) const {
  double sum = static_cast<double>(own) * ranks;
  for (const MemoryPart& part : parts) sum += part.each * ranks + part.once;
  return sum;
}

std::string Footprint::parts_text() const {
  std::string text;
  for (const MemoryPart& part : parts) {
    if (part.bytes > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", part.what, bytes_text(part.bytes));
  }
  return text;
}

const Tokenizer& Footprints::tokenizer_of(const std::string& name) {
  std::unique_ptr<Tokenizer>& known = tokenizers_[name];
  if (known == nullptr) {
    const ModelSettings& model = plan_.models.at(name);
    known = model.path ? load_tokenizer(*model.path) : services_.preset_tokenizer(model.tokenizer, plan_.prompts);
  }
  return *known;
}

const TextSizes& Footprints::sizes_of(const StagePlan& stage, const Tokenizer& tokenizer) {
  const auto [place, fresh] = sizes_.try_emplace(stage.name);
  if (fresh) place->second = text_sizes(plan_, services_, stage, tokenizer, problems_);
  return place->second;
}

Footprint Footprints::of(const StagePlan& stage, const Grid& grid) {
  Footprint result{.stage = stage.name};
  const Settings settings(stage);
  const ArtifactKind kind = stage.recipe->output();
  const std::string verifier = settings.text("verifier");
  result.model =
      origin_of(plan_, kind == ArtifactKind::ranking && !verifier.empty() ? verifier : input_name(stage, "model"));
  if (result.model.empty()) return result;
  const Tokenizer& tokenizer = tokenizer_of(result.model);
  const ModelConfig config = config_of(plan_.models.at(result.model), tokenizer);
  const LocalShape shape(config, grid.tensor);
  const TextSizes sizes = sizes_of(stage, tokenizer);
  result.parameters = config.num_parameters();
  const double whole = kFloat * static_cast<double>(result.parameters);
  double tokens = 0;  // that are computed at a time
  if (kind == ArtifactKind::model) {
    tokens = tokens_per_micro_batch(settings);
    result.parts = training_parts(shape, settings, grid);
    result.parts.push_back(measuring_part(config, shape, settings, grid, sizes, result.parts.back().bytes));
    add_examples(result.parts, sizes);
    add_tokenising(result.parts, sizes);
    result.checkpoint = static_cast<std::int64_t>(3 * whole);
    // Those kept, the best, the one being written, the weights that the stage hands on, and the examples.
    result.disk = static_cast<std::int64_t>((settings.number("keep", 1) + 2) * 3 * whole + whole + sizes.stored);
  } else if (kind == ArtifactKind::attempts) {
    tokens = settings.number("slots", 1) * static_cast<double>(std::max<std::int64_t>(1, sizes.longest_prompt));
    result.parts = sampling_parts(config, shape, settings, grid, sizes);
  } else {
    tokens = scored_tokens(settings, grid, sizes);
    result.parts = scoring_parts(shape, settings, grid, tokens);
  }
  if (kind == ArtifactKind::ranking) result.parts.push_back(intervals_part(settings, sizes));
  result.parts.emplace_back("data", sizes.bytes);
  result.parts.push_back(exchange_part(shape, tokens, grid));
  result.parts.emplace_back("libraries", libraries_bytes(kind));
  return result;
}

std::vector<Footprint> Footprints::all(const Grid& grid) {
  std::vector<Footprint> all;
  for (const StagePlan& stage : plan_.stages) all.push_back(of(stage, grid));
  return all;
}

}  // namespace ft
