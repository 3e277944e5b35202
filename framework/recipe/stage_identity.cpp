#include "framework/recipe/stage_identity.h"

#include <optional>

#include "framework/base/digest.h"
#include "framework/recipe/grading.h"
#include "framework/recipe/names.h"
#include "framework/store/stage_folder.h"
#include "framework/train/settings.h"

namespace ft {

namespace {

// More of these may be more of the same; of another set, as of demonstrations, they make another result.
constexpr std::string_view kProblemsKey = "problems";

}  // namespace

StageIdentifier::StageIdentifier(const RunPlan& plan, const RunFile& file, const PluginLoader& plugins,
                                 const RunServices& services)
    : plan_(plan), file_(file), plugins_(plugins), services_(services) {
  for (const KeyInfo& info : explain<TrainingSettings>()) training_keys_.insert(info.key.name);
  for (const KeyInfo& info : explain<GradingSettings>()) grading_keys_.insert(info.key.name);
}

void StageIdentifier::identify(StagePlan& stage, const Parser& parser) {
  Digester digester(defaults_of(stage));
  stage.recipe->describe(digester);
  stage.identity_text = fmt::format("recipe: {} {}\n", stage.recipe_name, stage.recipe_version);
  add_plugin(stage);
  stage.identity_text += fmt::format("seed: {}\n", stage.seed);
  if (stage.recipe->uses_prompts()) {
    Digester prompts;
    PromptTemplates templates = stage.recipe->read_prompts(plan_.prompts);
    describe(templates, prompts);
    stage.identity_text += prompts.identity_text();
  }
  stage.identity_text += digester.identity_text();
  stage.extent_text = digester.extends_text();
  for (const KeyKind kind : {KeyKind::identity, KeyKind::extends}) {
    for (const auto& [key, value] : digester.values(kind)) stage.key_paths[key] = path_of(stage, key);
  }
  for (const Input& input : stage.inputs) {
    if (parser.idle_keys().contains(input.key)) continue;
    for (const std::string& target : input.names) add_input(stage, input, target);
  }
  if (stage.recipe->output() ==
      ArtifactKind::report) {  // it is headed by that name: in a copied folder it is another page
    stage.extent_text += fmt::format("run folder: {}\n", run_name(plan_.run.folder));
  }
  stage.identity = sha256(stage.identity_text);
  stage.extent = sha256(stage.extent_text);
  stage.folder = std::filesystem::path(plan_.run.folder) / "stages" / stage_folder_name(stage.name, stage.identity);
  stage.output = stage.folder / output_folder_name(stage.extent);
}

std::map<std::string, std::string> StageIdentifier::defaults_of(const StagePlan& stage) const {
  Explainer fresh;
  plugins_.create(stage.recipe_name, stage.place)->describe(fresh);
  return default_texts(fresh.keys());
}

std::string StageIdentifier::path_of(const StagePlan& stage, const std::string& key) const {
  const std::string& home = stage.home();
  if (!file_["stages"][home][key]) {
    if (training_keys_.contains(key)) return "training." + key;
    if (grading_keys_.contains(key)) return "grading." + key;
  }
  return fmt::format("stages.{}.{}", home, key);
}

// A user's own recipe: its bytes count, because nobody raises a version while trying things. The built-in ones go by
// their version, or each build of the program would begin everything anew.
void StageIdentifier::add_plugin(StagePlan& stage) {
  const std::optional<std::filesystem::path> library = plugins_.user_library(stage.recipe_name);
  if (!library) return;
  const auto [known, inserted] = plugin_digests_.try_emplace(stage.recipe_name);
  if (inserted) known->second = services_.digest_files([&] { return std::vector{*library}; });
  stage.identity_text += fmt::format("plugin: {}\n", known->second.front().sha256);
  stage.contents.push_back({"plugin", "file", library->string(), "", known->second});
}

void StageIdentifier::add_input(StagePlan& stage, const Input& input, const std::string& target) {
  if (input.what == "file") {
    const std::vector<FileDigest> file =
        services_.digest_files([&] { return std::vector<std::filesystem::path>{target}; });
    stage.identity_text += fmt::format("input {}: {}\n", input.key, file.front().sha256);
    stage.contents.push_back({input.key, "file", target, "", file});
  } else if (input.what == "problems") {
    add_problems(stage, input, target);
  } else if (input.what == "model" && plan_.models.contains(target)) {
    const ModelIdentity& model = plan_.model_identities.at(target);
    stage.identity_text += fmt::format("input {}: {}\n", input.key, model.with(stage.seed));
    stage.contents.push_back({input.key, "model", target, model.settings, model.files});
  } else {
    const StagePlan& source = *plan_.find_stage(target);
    const bool verdicts = input.what == kVerdictsInput;
    const bool extends = source.recipe->output() == ArtifactKind::attempts && stage.recipe->extends_with_attempts();
    std::string& text = verdicts && stage.recipe->verdicts_extend() ? stage.extent_text : stage.identity_text;
    text += fmt::format("input {}: {}{}\n", input.key, source.identity, extends ? "" : " " + source.extent);
    if (extends) stage.extent_text += fmt::format("extent of {}: {}\n", input.key, source.extent);
    // What is another about verdicts is how they were made: of the attempts another input tells.
    const std::string said = verdicts  ? conventions_of(source)
                             : extends ? fmt::format("identity: {}\n", source.identity)
                                       : fmt::format("identity: {}\n{}", source.identity, source.extent_text);
    stage.contents.push_back({input.key, "stage", target, said, {}});
  }
}

std::string StageIdentifier::conventions_of(const StagePlan& verdicts) const {
  Digester digester(defaults_of(verdicts));
  verdicts.recipe->describe(digester);
  return fmt::format("recipe: {} {}\n{}", verdicts.recipe_name, verdicts.recipe_version, digester.identity_text());
}

const ProblemSetIdentity& StageIdentifier::identity_of_set(const std::string& name) {
  const auto [known, inserted] = identities_.try_emplace(name);
  if (inserted) known->second = services_.identify_problems(plan_.problems.at(name));
  return known->second;
}

// One line, of which who shares examples makes a digest, too: it must say all.
void StageIdentifier::add_attempt_set(StagePlan& stage, const Input& input, const std::string& target) {
  const AttemptSet& set = plan_.attempt_sets.at(target);
  const std::string settings = ft::identity_text(set);
  std::string line = fmt::format("attempts {}", sha256(settings));
  for (const Input& source : stage.inputs) {
    if (source.key != attempts_key(target) && source.key != verdicts_key(target)) continue;
    const StagePlan& made = *plan_.find_stage(source.names.front());
    line += fmt::format(" {} {}", made.identity, made.extent);
  }
  stage.contents.push_back({input.key, "problem set", target, settings, {}});
  if (!set.with.empty()) {
    const ProblemSetIdentity& with = identity_of_set(set.with);
    line += fmt::format(" with {} {}", with.identity, with.extent);
    const std::string key = input.key + " with";  // said apart, so that a change can be told
    stage.contents.push_back({key, "problem set", set.with, with.settings, with.files});
    stage.identity_text += fmt::format("input {}: {}\nextent of {}: {}\n", key, with.identity, key, with.extent);
  }
  stage.identity_text += fmt::format("input {}: {}\nextent of {}: all\n", input.key, line, input.key);
}

void StageIdentifier::add_problems(StagePlan& stage, const Input& input, const std::string& target) {
  if (plan_.attempt_sets.contains(target)) return add_attempt_set(stage, input, target);
  const ProblemSetIdentity& known = identity_of_set(target);
  stage.identity_text += fmt::format("input {}: {}\n", input.key, known.identity);
  stage.contents.push_back({input.key, "problem set", target, known.settings, known.files});
  const bool extends = stage.recipe->extends_with_problems() && input.key == kProblemsKey;
  std::string& extent = extends ? stage.extent_text : stage.identity_text;
  extent += fmt::format("extent of {}: {}\n", input.key, known.extent);
}

}  // namespace ft
