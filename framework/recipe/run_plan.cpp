#include "framework/recipe/run_plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "framework/base/digest.h"
#include "framework/comm/topology.h"
#include "framework/config/parser.h"
#include "framework/model/model_check.h"
#include "framework/model/stored_files.h"
#include "framework/model/tensor_sizes.h"
#include "framework/recipe/grading.h"
#include "framework/recipe/model_identity.h"
#include "framework/recipe/names.h"
#include "framework/recipe/report_sources.h"
#include "framework/recipe/stage_check.h"
#include "framework/store/rights.h"
#include "framework/store/run_marks.h"
#include "framework/train/settings.h"

namespace ft {
namespace {

const std::vector<std::string> kSections = {"run",      "models",  "prompts", "parallel", "problems",
                                            "training", "grading", "stages",  "plugins"};

void check_sections(const Node& root) {
  for (const std::string& key : root.keys()) {
    if (std::find(kSections.begin(), kSections.end(), key) != kSections.end()) continue;
    const auto near = nearest(key, kSections);
    fail_user(root.key_place(key),
              fmt::format("unknown section '{}'{}; sections: {}", key,
                          near ? fmt::format("; did you mean '{}'?", *near) : "", fmt::join(kSections, ", ")));
  }
}

void check_model_keys(const ModelSettings& model, const Node& node) {
  if (model.preset.has_value() == model.path.has_value()) {
    fail_user(node.place(), "a model needs exactly one of 'preset' and 'path'");
  }
  if (model.path && node["tokenizer"]) {
    fail_user(node["tokenizer"].place(), "'tokenizer' is for a preset: a model with a 'path' brings its own");
  }
}

// Whatever a check complains of, where the run file asked for it.
template <class Check>
void at_place(const Place& place, const std::string& what, Check check) {
  try {
    check();
  } catch (const UserError& error) {
    fail_user(place, fmt::format("{}: {}", what, error.what()));
  }
}

// What can be said of a model without its weights: said before the stages above the one that uses it have run for hours.
ModelConfig check_model(const ModelSettings& model, const PromptTemplates& prompts, const RunServices& services) {
  if (model.preset) return preset_config(*model.preset, services.preset_tokenizer(model.tokenizer, prompts)->size());
  ModelConfig config = check_model_folder(*model.path);
  const auto tokenizer = load_tokenizer(*model.path);
  (void)end_tokens(*tokenizer, config, read_companions(*model.path));
  const TokenId tokens = tokenizer->size();
  if (tokens > config.vocab_size) {
    fail_user(
        fmt::format("its vocabulary has {} rows (vocab_size), but its tokenizer {} tokens: they do not belong together",
                    config.vocab_size, tokens));
  }
  return config;
}

void check_tensor_size(const std::string& name, const ModelConfig& config, int tensor, const Place& place) {
  const std::string misfit = tensor_misfit(config, tensor);
  if (misfit.empty()) return;
  fail_user(place, fmt::format("{} ranks cannot share one copy of model '{}': it has {}; sizes that fit it: {}", tensor,
                               name, misfit, fmt::join(tensor_sizes(config), ", ")));
}

// The stages in the making: what has been planned so far is what the next stage may refer to. First all are read
// (add), then what they will read is looked at (check_inputs), and only then hashed (identify).
class StagePlanner {
 public:
  StagePlanner(RunPlan& plan, const RunFile& file, const PluginLoader& plugins, const RunServices& services,
               Names& names)
      : plan_(plan), file_(file), plugins_(plugins), services_(services), names_(names) {
    for (const KeyInfo& info : explain<TrainingSettings>()) training_keys_.insert(info.key.name);
    for (const KeyInfo& info : explain<GradingSettings>()) grading_keys_.insert(info.key.name);
  }

  void add(const std::string& name, const Node& node) {
    StagePlan stage;
    stage.name = name;
    stage.place = node.place();
    const Node recipe_node = node.at("recipe");
    read(stage, recipe_node.text(), recipe_node.place());
    const Node grading = stage.recipe->output() == ArtifactKind::verdicts ? file_["grading"] : Node();
    auto parser = std::make_unique<Parser>(std::vector<Node>{file_["training"], grading, node});
    parser->accept("recipe");
    stage.recipe->describe(*parser);
    if (looks_at_verdicts(stage)) {
      for (const std::string& key : grading_keys_) parser->accept(key);
    }
    parser->finish();
    try {
      stage.recipe->check();
    } catch (const UserError& error) {
      fail_user(stage.place, fmt::format("stage '{}': {}", name, error.what()));
    }
    list_inputs(stage);
    for (const Input& input : stage.inputs) {
      for (const std::string& target : input.names) check_input(parser->place(input.key), input, target);
    }
    bring_verdicts(stage, node);
    insert(plan_.stages.size(), std::move(stage), std::move(parser));
  }

  // On one rank. A complaint that has no place in the run file gets the stage's.
  void check_inputs(CheckedInputs& inputs, std::vector<std::string>& warnings) const {
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
      const StagePlan& stage = plan_.stages[i];
      StageCheck check(stage, file_["stages"][home_of(stage)], *parsers_[i], inputs, warnings);
      for (const auto& [key, why] : parsers_[i]->idle_keys()) {
        if (check.given(key)) check.warn(key, "has no effect: " + why);
      }
      try {
        for (const Input& input : stage.inputs) {
          if (input.what != "problems") continue;
          for (const std::string& set : input.names) (void)check.problems(set);
        }
        stage.recipe->check_inputs(check);
      } catch (const UserError& error) {
        const std::string_view what = error.what();
        if (what.starts_with(stage.place.file + ":") || what.starts_with("argument '")) throw;
        throw UserError(fmt::format("{} (in stage '{}', {})", error.what(), stage.name, to_string(stage.place)));
      }
    }
  }

  // What the run file says and no stage reads: keys of `training` and `grading`, models, problem sets.
  void check_use(std::vector<std::string>& warnings) const {
    for (const std::string section : {"training", "grading"}) {
      for (const std::string& key : file_[section].keys()) {
        if (const std::string why = why_unread(key); !why.empty()) {
          warnings.push_back(
              fmt::format("{}: {}.{} has no effect: {}", to_string(file_[section][key].place()), section, key, why));
        }
      }
    }
    for (const std::string section : {"models", "problems"}) {
      for (const std::string& name : file_[section].keys()) {
        if (is_named(section == "models" ? "model" : "problems", name)) continue;
        warnings.push_back(fmt::format("{}: {} '{}' is used by no stage", to_string(file_[section].key_place(name)),
                                       section == "models" ? "model" : "problem set", name));
      }
    }
  }

  void identify() {
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) identify(plan_.stages[i], *parsers_[i]);
  }

 private:
  // The stage of the run file whose keys it has.
  static const std::string& home_of(const StagePlan& stage) {
    return stage.made_for.empty() ? stage.name : stage.made_for;
  }

  // Empty where some stage reads the key from `training` or `grading`.
  std::string why_unread(const std::string& key) const {
    std::string why;
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
      if (!parsers_[i]->describes(key)) continue;
      const auto idle = parsers_[i]->idle_keys().find(key);
      const bool own = static_cast<bool>(file_["stages"][home_of(plan_.stages[i])][key]);
      if (!own && idle == parsers_[i]->idle_keys().end()) return "";
      if (idle != parsers_[i]->idle_keys().end()) {
        why = idle->second;
      } else if (why.empty()) {
        why = "every stage that reads it sets its own";
      }
    }
    return why.empty() ? "no stage reads it" : why;
  }

  bool is_named(std::string_view what, const std::string& name) const {
    return std::ranges::any_of(plan_.stages, [&](const StagePlan& stage) {
      return std::ranges::any_of(stage.inputs, [&](const Input& input) {
        return input.what == what && std::ranges::find(input.names, name) != input.names.end();
      });
    });
  }

  void read(StagePlan& stage, const std::string& recipe, const Place& place) const {
    stage.recipe_name = recipe;
    stage.recipe = plugins_.create(recipe, place);
    stage.recipe_version = plugins_.version(recipe, place);
  }

  static void list_inputs(StagePlan& stage) {
    InputLister lister;
    stage.recipe->describe(lister);
    stage.inputs = lister.inputs();
  }

  void insert(std::size_t at, StagePlan stage, std::unique_ptr<Parser> parser) {
    Printer printer(4);
    stage.recipe->describe(printer);
    stage.settings = printer.text();
    plan_.stages.insert(plan_.stages.begin() + static_cast<std::ptrdiff_t>(at), std::move(stage));
    parsers_.insert(parsers_.begin() + static_cast<std::ptrdiff_t>(at), std::move(parser));
  }

  static bool looks_at_verdicts(const StagePlan& stage) {
    InputLister lister;
    stage.recipe->describe(lister);
    return std::ranges::any_of(
        lister.inputs(), [](const Input& input) { return input.what == kGradedInput || input.what == kResultsInput; });
  }

  bool is_of_kind(const std::string& stage, ArtifactKind kind) const {
    const StagePlan* found = plan_.find_stage(stage);
    return found != nullptr && found->recipe->output() == kind;
  }

  // Attempts that the stage wants verdicts of get a stage that makes them; a stage of verdicts that is named in their place
  // brings its texts along.
  void bring_verdicts(StagePlan& stage, const Node& node) {
    Input verdicts{std::string(kVerdictsInput), std::string(kVerdictsInput), {}};
    for (Input& input : stage.inputs) {
      if (input.what != kGradedInput && input.what != kResultsInput) continue;
      for (std::string& name : input.names) {
        if (is_of_kind(name, ArtifactKind::attempts)) {
          verdicts.names.push_back(verdicts_of(name, stage, node));
        } else if (input.what == kGradedInput) {
          verdicts.names.push_back(name);
          name = input_of(*plan_.find_stage(name), "attempts");
        }
      }
    }
    const bool own_keys =
        std::ranges::any_of(grading_keys_, [&](const std::string& key) { return static_cast<bool>(node[key]); });
    const bool made = std::ranges::any_of(
        verdicts.names, [&](const std::string& name) { return plan_.find_stage(name)->made_for == stage.name; });
    if (own_keys && looks_at_verdicts(stage) && !made) {
      const auto key =
          std::ranges::find_if(grading_keys_, [&](const std::string& one) { return static_cast<bool>(node[one]); });
      fail_user(node.key_place(*key), fmt::format("'{}' has no effect here: what stage '{}' names is graded already; "
                                                  "give the key to the stage that grades it",
                                                  *key, stage.name));
    }
    if (!verdicts.names.empty()) stage.inputs.push_back(std::move(verdicts));
  }

  // The name of the stage that grades `attempts` as `reader` wants it: behind the attempts where that is by the section
  // `grading`, and before the reader where it has keys of its own.
  std::string verdicts_of(const std::string& attempts, const StagePlan& reader, const Node& node) {
    const bool own =
        std::ranges::any_of(grading_keys_, [&](const std::string& key) { return static_cast<bool>(node[key]); });
    StagePlan stage;
    stage.name = own ? fmt::format("{}.verdicts.{}", attempts, reader.name) : attempts + ".verdicts";
    if (const StagePlan* known = plan_.find_stage(stage.name); known != nullptr && !known->written) return stage.name;
    stage.written = false;
    const auto source = std::ranges::find(plan_.stages, attempts, &StagePlan::name);
    stage.place = own ? reader.place : source->place;
    if (own) stage.made_for = reader.name;
    names_.add(stage.name, "stage", stage.place);
    read(stage, "grade", stage.place);
    const Node given = parse_yaml(nlohmann::json{{"attempts", attempts}}.dump(), stage.place.file);
    auto parser = std::make_unique<Parser>(std::vector<Node>{file_["grading"], own ? node : Node(), given});
    stage.recipe->describe(*parser);
    list_inputs(stage);
    const std::size_t at = own ? plan_.stages.size() : static_cast<std::size_t>(source - plan_.stages.begin()) + 1;
    const std::string name = stage.name;
    insert(at, std::move(stage), std::move(parser));
    return name;
  }

  std::map<std::string, std::string> defaults_of(const StagePlan& stage) const {
    Explainer fresh;
    plugins_.create(stage.recipe_name, stage.place)->describe(fresh);
    return default_texts(fresh.keys());
  }

  void identify(StagePlan& stage, const Parser& parser) {
    Digester digester(defaults_of(stage));
    stage.recipe->describe(digester);
    stage.identity_text = fmt::format("recipe: {} {}\n", stage.recipe_name, stage.recipe_version);
    add_plugin(stage);
    stage.identity_text += fmt::format("seed: {}\n", plan_.run.seed);
    if (stage.recipe->uses_prompts()) {
      Digester prompts;
      describe(plan_.prompts, prompts);
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
    stage.folder = std::filesystem::path(plan_.run.folder) / "stages" /
                   fmt::format("{}-{}", stage.name, stage.identity.substr(0, 12));
    stage.output = stage.folder / fmt::format("output-{}", stage.extent.substr(0, 12));
  }

  // Where the key stands in the run file, or would.
  std::string path_of(const StagePlan& stage, const std::string& key) const {
    const std::string& home = home_of(stage);
    if (!file_["stages"][home][key]) {
      if (training_keys_.contains(key)) return "training." + key;
      if (grading_keys_.contains(key)) return "grading." + key;
    }
    return fmt::format("stages.{}.{}", home, key);
  }

  // A user's own recipe: its bytes count, because nobody raises a version while trying things. The built-in ones go by
  // their version, or each build of the program would begin everything anew.
  void add_plugin(StagePlan& stage) {
    const std::optional<std::filesystem::path> library = plugins_.user_library(stage.recipe_name);
    if (!library) return;
    const auto [known, inserted] = plugin_digests_.try_emplace(stage.recipe_name);
    if (inserted) known->second = digests_on_one_rank({*library}, services_);
    stage.identity_text += fmt::format("plugin: {}\n", known->second.front().sha256);
    stage.contents.push_back({"plugin", "file", library->string(), "", known->second});
  }

  void check_input(const Place& place, const Input& input, const std::string& target) const {
    if (input.what == "file") {
      if (std::filesystem::is_directory(target))
        fail_user(place, fmt::format("'{}' must name a file, but {} is a folder", input.key, target));
      if (!std::filesystem::is_regular_file(target)) fail_user(place, fmt::format("there is no file '{}'", target));
      return;
    }
    if (input.what == "problems") {
      if (!plan_.problems.contains(target)) refuse(place, input, target);
      return;
    }
    if (input.what == "model" && plan_.models.contains(target)) return;
    const StagePlan* source = plan_.find_stage(target);
    if (source == nullptr) refuse(place, input, target);
    const auto kind = to_string(source->recipe->output());
    if (input.what == "stage" || input.what == kResultsInput) return;
    const std::string_view wanted = input.what == kGradedInput ? "attempts" : std::string_view(input.what);
    // Verdicts stand for the attempts that they are of.
    if (wanted != kind && !(input.what == kGradedInput && source->recipe->output() == ArtifactKind::verdicts)) {
      fail_user(place, fmt::format("'{}' wants {}, but stage '{}' gives {}", input.key, with_article(wanted), target,
                                   with_article(kind)));
    }
  }

  void add_input(StagePlan& stage, const Input& input, const std::string& target) {
    if (input.what == "file") {
      const std::vector<FileDigest> file = digests_on_one_rank({target}, services_);
      stage.identity_text += fmt::format("input {}: {}\n", input.key, file.front().sha256);
      stage.contents.push_back({input.key, "file", target, "", file});
    } else if (input.what == "problems") {
      add_problems(stage, input, target);
    } else if (input.what == "model" && plan_.models.contains(target)) {
      const ModelIdentity& model = plan_.model_identities.at(target);
      stage.identity_text += fmt::format("input {}: {}\n", input.key, model.identity);
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

  std::string conventions_of(const StagePlan& verdicts) const {
    Digester digester(defaults_of(verdicts));
    verdicts.recipe->describe(digester);
    return fmt::format("recipe: {} {}\n{}", verdicts.recipe_name, verdicts.recipe_version, digester.identity_text());
  }

  void add_problems(StagePlan& stage, const Input& input, const std::string& target) {
    const auto [known, inserted] = identities_.try_emplace(target);
    if (inserted) known->second = services_.identify_problems(plan_.problems.at(target));
    stage.identity_text += fmt::format("input {}: {}\n", input.key, known->second.identity);
    stage.contents.push_back({input.key, "problem set", target, known->second.settings, known->second.files});
    std::string& extent = stage.recipe->extends_with_problems() ? stage.extent_text : stage.identity_text;
    extent += fmt::format("extent of {}: {}\n", input.key, known->second.extent);
  }

  static std::string with_article(std::string_view what) {
    if (what == "attempts" || what == "problems" || what == "verdicts") return std::string(what);
    return fmt::format("a {}", what);
  }

  [[noreturn]] void refuse(const Place& place, const Input& input, const std::string& target) const {
    std::vector<std::string> names;
    if (input.what == "problems") {
      for (const auto& [name, node] : plan_.problems) names.push_back(name);
    } else {
      if (input.what == "model") {
        for (const auto& [name, model] : plan_.models) names.push_back(name);
      }
      for (const StagePlan& stage : plan_.stages) names.push_back(stage.name);
    }
    const auto later = file_["stages"].keys();
    if (input.what != "problems" && std::find(later.begin(), later.end(), target) != later.end()) {
      fail_user(place,
                fmt::format(
                    "'{}' is used before it is made: stages run from top to bottom, so move stage '{}' above this one",
                    target, target));
    }
    const auto near = nearest(target, names);
    const std::string noun = input.what == "problems"      ? "problem set"
                             : input.what == kResultsInput ? "stage"
                             : input.what == kGradedInput  ? "attempts"
                                                           : input.what;
    fail_user(place,
              fmt::format("there {} no {} '{}'{}; there {} {}", noun == "attempts" ? "are" : "is", noun, target,
                          near ? fmt::format("; did you mean '{}'?", *near) : "", names.size() == 1 ? "is" : "are",
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  }

  RunPlan& plan_;
  const RunFile& file_;
  const PluginLoader& plugins_;
  const RunServices& services_;
  Names& names_;
  std::vector<std::unique_ptr<Parser>> parsers_;  // of each stage: where its keys were written
  std::set<std::string> training_keys_, grading_keys_;
  std::map<std::string, ProblemSetIdentity> identities_;
  std::map<std::string, std::vector<FileDigest>> plugin_digests_;  // by recipe
};

// What lies in files, looked at by one rank for all. Gives lines: "warning ..." and "note ...".
std::string check_files(const RunPlan& plan, const RunFile& file, const StagePlanner& planner,
                        const RunServices& services) {
  if (const std::string misfit = why_not_writable(plan.run.folder); !misfit.empty()) {
    fail_user(file["run"]["folder"].place(), fmt::format("run.folder '{}': {}", plan.run.folder, misfit));
  }
  if (const std::string other = why_not_a_runs(plan.run.folder, file.name()); !other.empty()) {
    fail_user(file["run"]["folder"].place(), fmt::format("run.folder '{}': {}", plan.run.folder, other));
  }
  CheckedInputs inputs(plan, services);
  for (const auto& [name, model] : plan.models) {
    const Place place = file["models"][name].place();
    at_place(place, fmt::format("model '{}'", name),
             [&] { inputs.keep(name, check_model(model, plan.prompts, services)); });
    check_tensor_size(name, inputs.config(name), plan.parallel.tensor, file["parallel"]["tensor"].place());
  }
  (void)make_topology(services.ranks, plan.parallel.tensor, file["parallel"]["tensor"].place());
  std::vector<std::string> warnings;
  planner.check_inputs(inputs, warnings);
  planner.check_use(warnings);
  inputs.look_at_the_rest();
  std::string lines;
  for (const std::string& line : warnings) lines += "warning " + line + "\n";
  for (const std::string& line : inputs.notes()) lines += "note " + line + "\n";
  return lines;
}

// What only shows when the identities are known: that the folder of a stage which was begun before may be written.
std::string check_stage_folders(const RunPlan& plan, const Place& place) {
  for (const StagePlan& stage : plan.stages) {
    const std::string misfit = why_not_writable(stage.folder);
    if (!misfit.empty())
      fail_user(place, fmt::format("the folder of stage '{}', {}: {}", stage.name, stage.folder.string(), misfit));
  }
  return {};
}

std::string indented(const std::string& text, int indent) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += std::string(static_cast<std::size_t>(indent), ' ') + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string resolved_text(const RunPlan& plan) {
  std::string text = std::string(kRunMark);
  text +=
      "run:\n" + print(plan.run, 2) + "parallel:\n" + print(plan.parallel, 2) + "prompts:\n" + print(plan.prompts, 2);
  text += "stages:\n";
  for (const StagePlan& stage : plan.stages) {
    text += fmt::format("  {}:\n    recipe: {}\n{}", stage.name, stage.recipe_name, stage.settings);
    text += fmt::format("    # identity {}\n{}", stage.identity,
                        indented("# " + stage.extent_text.substr(0, stage.extent_text.find('\n')), 4));
  }
  return text;
}

}  // namespace

void describe(RunSettings& s, Binder& b) {
  b.execution("folder", s.folder, "where everything of this run is kept; the same folder continues the run",
              Limits::folder());
  b.identity("seed", s.seed, "what all random numbers of the run are a function of", Range::at_least(0));
  b.execution("time_limit", s.time_limit, "stop with a sealed checkpoint and exit code 75 after this time; 0s = never");
  b.execution(
      "hang_timeout", s.hang_timeout,
      "when no rank has moved for this long (all wait, or do not answer), say which one is missing and end the run; "
      "ranks that compute or read and write are waited for, ten times as long; 0s = wait for ever");
  b.choice(
      "restart", s.restart, {"allowed", "refuse"}, KeyKind::execution,
      "where a changed key or file makes a stage begin anew and older work of it is set aside: say so, or end with "
      "exit code 2 before anything is touched; --yes on the command line allows it");
}

void describe(ParallelSettings& s, Binder& b) {
  b.execution("tensor", s.tensor, "ranks that share one copy of the model; the data size is ranks / tensor",
              Range::at_least(1));
  b.choice("device", s.device, {"cpu", "cuda", "auto"}, KeyKind::execution,
           "where ranks compute: on the processor, each on a GPU of its own, or on GPUs where every rank can have one; "
           "results differ by rounding, as between kinds of processors");
  b.choice("bind", s.bind, {"auto", "none"}, KeyKind::execution,
           "auto: ranks that the launcher lets float are bound to cores of their own");
}

void describe(PromptTemplates& t, Binder& b) {
  b.identity("solver", t.solver, "what the solver reads before it writes a solution; {problem} is filled in");
  b.identity("verifier", t.verifier, "what the verifier reads; {problem} and {solution} are filled in");
  b.identity("correct", t.correct, "the verifier's continuation for a right solution");
  b.identity("incorrect", t.incorrect, "the verifier's continuation for a wrong solution");
}

void describe(ModelSettings& s, Binder& b) {
  b.identity("preset", s.preset, "a small model trained from scratch");
  b.identity("path", s.path, "a Hugging Face folder: config.json, safetensors files, tokenizer.json", Limits::path());
  b.identity("tokenizer", s.tokenizer, "vocabulary of a preset: 'arithmetic' or a folder with tokenizer.json",
             Limits::path());
}

const StagePlan* RunPlan::find_stage(std::string_view name) const {
  const auto found =
      std::find_if(stages.begin(), stages.end(), [&](const StagePlan& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

bool is_known(const RunPlan& plan, const StagePlan& stage) {
  return std::ranges::all_of(stage.contents, [&](const InputContent& content) {
    if (std::ranges::find(content.files, kNotRead, &FileDigest::sha256) != content.files.end()) return false;
    const StagePlan* source = content.what == "stage" ? plan.find_stage(content.name) : nullptr;
    return source == nullptr || is_known(plan, *source);
  });
}

RunPlan plan_run(const RunFile& file, PluginLoader& plugins, const RunServices& services) {
  check_sections(file.root());
  RunPlan plan;
  plan.run = parse<RunSettings>({file["run"]});
  plan.parallel = parse<ParallelSettings>({file["parallel"]});
  plan.prompts = parse<PromptTemplates>({file["prompts"]});
  // The filled-in prompts are not kept: this only reports templates without their placeholders now, not after hours.
  at_place(file["prompts"]["solver"].place(), "prompts.solver", [&] { (void)solver_prompt(plan.prompts, ""); });
  at_place(file["prompts"]["verifier"].place(), "prompts.verifier",
           [&] { (void)verifier_prompt(plan.prompts, "", ""); });

  for (const Node& library : file["plugins"].items()) {
    std::filesystem::path path = read<std::string>(library, Limits::path());
    if (path.is_relative()) path = (file.folder() / path).lexically_normal();
    plugins.load_user(path, library.place());
  }
  Names names;
  for (const std::string& name : file["models"].keys()) {
    names.add(name, "model", file["models"].key_place(name));
    plan.models[name] = parse<ModelSettings>({file["models"][name]});
    check_model_keys(plan.models[name], file["models"][name]);
  }
  for (const std::string& name : file["problems"].keys()) {
    names.add(name, "problem set", file["problems"].key_place(name));
    plan.problems[name] = file["problems"][name];
  }
  // Unknown keys are reported here: stages look at their own only.
  (void)parse<TrainingSettings>({file["training"]});
  (void)parse<GradingSettings>({file["grading"]});
  const Node stages = file["stages"];
  if (stages.keys().empty()) fail_user({file.name()}, "the run file has no stages: there is nothing to do");
  StagePlanner planner(plan, file, plugins, services, names);
  for (const std::string& name : stages.keys()) {
    names.add(name, "stage", stages.key_place(name));
    planner.add(name, stages[name]);
  }
  plan.warnings = file.warnings();
  for (const std::string& line :
       lines_of(services.on_one_rank([&] { return check_files(plan, file, planner, services); }))) {
    const std::size_t kind = line.find(' ');
    (line.starts_with("warning") ? plan.warnings : plan.notes).push_back(line.substr(kind + 1));
  }
  for (const auto& [name, model] : plan.models)
    plan.model_identities[name] = model_identity(model, plan.prompts, plan.run.seed, services);
  planner.identify();
  (void)services.on_one_rank([&] { return check_stage_folders(plan, file["run"]["folder"].place()); });
  plan.resolved = resolved_text(plan);
  return plan;
}

}  // namespace ft
