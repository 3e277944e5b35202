#include "framework/recipe/stage_context.h"

#include <ATen/Version.h>

#include <optional>

#include "framework/base/clock.h"
#include "framework/base/digest.h"
#include "framework/checkpoint/checkpoint.h"
#include "framework/checkpoint/layout.h"
#include "framework/comm/one_rank.h"
#include "framework/recipe/graded_attempts.h"
#include "framework/recipe/report_sources.h"
#include "framework/recipe/unchanged_inputs.h"
#include "framework/store/folder_writer.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"

namespace ft {
namespace {

constexpr std::string_view kArtifactFormat = "ftrun-";

}  // namespace

StageContext::StageContext(const RunPlan& plan, const StagePlan& stage, const RunServices& services, Groups groups,
                           Logger& log, ProgressLine& progress, StopFlag stop, StopLead& lead)
    : plan_(plan),
      stage_(stage),
      services_(services),
      groups_(groups),
      log_(log),
      progress_(progress),
      stop_(std::move(stop)),
      lead_(lead) {}

// Reading weights cannot be interrupted, but it is not begun, and what follows is not.
LoadedModel StageContext::load_model(const std::string& name) {
  together("stop before loading a model", [this] { check_stop(); });
  LoadedModel model;
  model.factory = services_.make_factory(groups_);
  model.tokenizer = read_tokenizer(name);
  const auto given = plan_.models.find(name);
  if (given == plan_.models.end()) {
    load_sealed(name, model);
  } else if (given->second.preset) {
    model.decoder =
        std::make_unique<Decoder>(preset_config(*given->second.preset, model.tokenizer->size()), *model.factory);
    initialise(*model.decoder, seed());
  } else {
    model.decoder = std::make_unique<Decoder>(read_model_config(*given->second.path), *model.factory);
    model.companions = read_companions(*given->second.path);
    load_hugging_face(*model.decoder, *given->second.path);
  }
  if (model.tokenizer->size() > model.decoder->config().vocab_size) {
    fail_user(stage_.place,
              fmt::format(
                  "model '{}' has {} rows in its vocabulary, but its tokenizer {} tokens: they do not belong together",
                  name, model.decoder->config().vocab_size, model.tokenizer->size()));
  }
  require_unchanged_model(plan_, name, services_);
  together("stop after loading a model", [this] { check_stop(); });
  return model;
}

// Of an earlier stage: each byte is one that was sealed.
void StageContext::load_sealed(const std::string& name, LoadedModel& model) {
  std::optional<ModelConfig> config;
  together("files of the model", [&] {
    const SealedFolder folder = sealed_input(name);
    config = parse_model_config(folder.read("config.json"), folder.path("config.json").string());
    model.companions = read_companions([&](const std::string& file) { return folder.read_if_there(file); });
  });
  model.decoder = std::make_unique<Decoder>(*config, *model.factory);
  read_checkpoint(input(name), model.decoder->parameters(), nullptr, groups_);
}

std::unique_ptr<Tokenizer> StageContext::read_tokenizer(const std::string& name) {
  const auto given = plan_.models.find(name);
  if (given == plan_.models.end()) {
    std::unique_ptr<Tokenizer> tokenizer;
    together("files of the tokenizer", [&] {
      const SealedFolder folder = sealed_input(name);
      tokenizer = load_tokenizer(folder.folder(), [&](const std::string& file) { return folder.read_if_there(file); });
    });
    return tokenizer;
  }
  if (given->second.preset) return services_.preset_tokenizer(given->second.tokenizer, plan_.prompts);
  return load_tokenizer(*given->second.path);
}

std::vector<Problem> StageContext::load_problems(const std::string& name) {
  if (const auto set = plan_.attempt_sets.find(name); set != plan_.attempt_sets.end()) {
    const std::string attempts = input_of(stage_, attempts_key(name));
    std::vector<Problem> problems =
        problems_of(set->second, graded_attempts(plan_, stage_, attempts).open(),
                    set->second.with.empty() ? std::vector<Problem>() : load_problems(set->second.with));
    if (problems.empty())
      fail_user(fmt::format("problem set '{}' is empty: no attempt of '{}' is {}finished{}", name, attempts,
                            set->second.only == AttemptsTaken::right ? "right and " : "",
                            set->second.with.empty() ? "; 'with' names a set that is in it all the same" : ""));
    return problems;
  }
  std::vector<Problem> problems = services_.load_problems(plan_.problems.at(name));
  require_unchanged_problems(plan_, name, services_);
  return problems;
}

const StagePlan& StageContext::input_plan(const std::string& stage) const {
  const StagePlan* found = plan_.find_stage(stage);
  FT_CHECK(found != nullptr, "stage '{}' asks for '{}', which is no stage of this run", stage_.name, stage);
  return *found;
}

std::filesystem::path StageContext::input(const std::string& stage) const { return input_plan(stage).output; }

bool StageContext::stop_requested() { return any_rank(groups_.world, "stop requested", stop_()); }

void StageContext::check_stop() const {
  if (stop_()) throw StopRequested(fmt::format("stopped on request in stage '{}'", stage_.name));
}

// Rank 0 must know of damage that another one has met: it is the one that has the folders looked at again.
void StageContext::together(Name name, const std::function<void()>& work) {
  std::string damage;
  stop_together(groups_.world, name, [&] {
    try {
      work();
    } catch (const BrokenFolder& broken) {
      damage = broken.what();
    }
  });
  for (const std::string& of_rank : groups_.world.all_gather_bytes(name, damage)) {
    if (!of_rank.empty()) throw BrokenFolder(of_rank);
  }
}

void StageContext::note_save(double seconds) {
  lead_.saved(seconds);
  if (groups_.world.rank() != 0) return;
  require_place();
  if (!lead_.write()) return;
  const int needed = static_cast<int>(lead_.seconds());
  log_.info("this run needs about {} s from the request to stop until its end; in a batch script: --signal=B:USR1@{}",
            needed, needed);
}

nlohmann::ordered_json StageContext::provenance() const {
  return {{"kind", to_string(stage_.recipe->output())},
          {"stage", stage_.name},
          {"recipe", stage_.recipe_name},
          {"recipe_version", stage_.recipe_version},
          {"identity", stage_.identity},
          {"identity_text", stage_.identity_text},
          {"extent", stage_.extent_text},
          // The same work has the same bits on the same kind of processor and library: so these are said.
          {"made_with",
           {{"libtorch", FT_LIBTORCH_VERSION},
            {"compiler", FT_COMPILER_TAG},
            {"instructions", at::get_cpu_capability()},
            {"tensor", groups_.tensor.size()},
            {"device", services_.device}}}};
}

std::vector<Parent> StageContext::parents() const {
  std::vector<Parent> parents;
  if (groups_.world.rank() != 0) return parents;
  for (const Input& input : stage_.inputs) {
    for (const std::string& name : input.names) {
      if (const StagePlan* source = plan_.find_stage(name); source != nullptr) {
        parents.push_back(parent(input.key, SealedFolder::open(source->output)));
      } else if (plan_.models.contains(name)) {
        const ModelSettings& model = plan_.models.at(name);
        parents.push_back(
            {.role = input.key,
             .path = model.path ? std::filesystem::absolute(*model.path).string() : "preset " + *model.preset});
      }
    }
  }
  return parents;
}

Manifest StageContext::manifest_of(const nlohmann::ordered_json& body) const {
  Manifest manifest{.format = std::string(kArtifactFormat) + std::string(to_string(stage_.recipe->output()))};
  manifest.parents = parents();
  manifest.body = provenance();
  if (!body.is_null()) manifest.body.update(body);
  return manifest;
}

void StageContext::seal(const nlohmann::ordered_json& body,
                        const std::vector<std::pair<std::string, std::string>>& files) {
  all_or_none(groups_.world, "sealed " + stage_.name, [&] {
    if (groups_.world.rank() != 0) return;
    require_place();
    require_unchanged_files(stage_, services_);
    FolderWriter writer = FolderWriter::create(stage_.output);
    for (const auto& [name, content] : files) writer.write(name, content);
    writer.seal(manifest_of(body));
  });
}

void StageContext::seal_pieces(const std::function<nlohmann::ordered_json()>& body,
                               const std::function<void(FolderWriter&)>& write) {
  Communicator& world = groups_.world;
  std::optional<FolderWriter> folder;
  all_or_none(world, "making the output's folder", [&] {
    if (world.rank() != 0) return;
    require_place();
    require_unchanged_files(stage_, services_);
    folder.emplace(FolderWriter::create(stage_.output));
  });
  all_or_none(world, "writing the output's pieces", [&] {
    if (world.rank() != 0) folder.emplace(FolderWriter::join(stage_.output));
    write(*folder);
  });
  const auto records = world.all_gather_bytes("files of the output", to_text(folder->records()));
  const nlohmann::ordered_json said = body();
  all_or_none(world, "sealing the output", [&] {
    if (world.rank() != 0) return;
    for (std::size_t rank = 1; rank < records.size(); ++rank) folder->add(read_file_records(records[rank]));
    folder->seal(manifest_of(said));
  });
}

void StageContext::seal_model(LoadedModel& model, const nlohmann::ordered_json& body) {
  nlohmann::ordered_json metadata = provenance();
  metadata.update(body);
  CheckpointContent content;
  content.parameters = &model.decoder->parameters();
  content.metadata = metadata.dump();
  content.files = model.files();
  content.parents = parents();
  together("place of the run folder", [this] {
    if (groups_.world.rank() != 0) return;
    require_place();
    require_unchanged_files(stage_, services_);
  });
  const Stopwatch watch;
  write_checkpoint(stage_.output, content, groups_);
  note_save(watch.seconds());
}

}  // namespace ft
