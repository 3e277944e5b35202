#include "framework/recipe/run_plan.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "framework/base/user_path.h"
#include "framework/comm/topology.h"
#include "framework/config/parser.h"
#include "framework/model/model_check.h"
#include "framework/model/stored_files.h"
#include "framework/model/tensor_sizes.h"
#include "framework/recipe/grading.h"
#include "framework/recipe/model_identity.h"
#include "framework/recipe/names.h"
#include "framework/recipe/path_kinds.h"
#include "framework/recipe/run_folder.h"
#include "framework/recipe/stage_check.h"
#include "framework/recipe/stage_identity.h"
#include "framework/recipe/stage_planner.h"
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

// Files and folders that the run file names: they may lie in the run folder.
std::vector<std::filesystem::path> named_paths(const RunPlan& plan, const RunFile& file) {
  std::vector<std::filesystem::path> paths;
  const auto add = [&](const std::filesystem::path& base, const Node& node) {
    try {
      if (node.is_scalar()) paths.push_back(base / user_path(node.text()));
    } catch (const UserError&) {  // told with its place by who reads it
    }
  };
  for (const auto& [name, model] : plan.models) paths.emplace_back(model.path ? *model.path : model.tokenizer);
  for (const auto& [name, problems] : plan.problems) {
    for (const Node& set : problems.is_list() ? problems.items() : std::vector<Node>{problems}) {
      if (set.is_map()) add({}, set["path"]);
    }
  }
  for (const Node& library : file["plugins"].items()) add(file.folder(), library);
  return paths;
}

// What lies in files, looked at by one rank for all. Gives lines: "warning ..." and "note ...".
std::string check_files(const RunPlan& plan, const RunFile& file, const StagePlanner& planner,
                        const RunServices& services) {
  if (const std::string misfit = why_not_writable(plan.run.folder); !misfit.empty()) {
    fail_user(file["run"]["folder"].place(), fmt::format("run.folder '{}': {}", plan.run.folder, misfit));
  }
  if (const std::string wrong = wrong_kind_in_run(plan.run.folder); !wrong.empty())
    fail_user(file["run"]["folder"].place(), wrong);
  if (const std::string other = why_not_a_runs(plan.run.folder, file.name(), named_paths(plan, file)); !other.empty()) {
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

// What only shows when the identities are known: that the folder of a stage which was begun before may be written, and
// holds nothing that stands in the way.
std::string check_stage_folders(const RunPlan& plan, const Place& place) {
  for (const StagePlan& stage : plan.stages) {
    if (const std::string wrong = wrong_kind_in_stage(stage.folder); !wrong.empty())
      fail_user(place, fmt::format("stage '{}': {}", stage.name, wrong));
    const std::string misfit = why_not_writable(stage.folder);
    if (!misfit.empty())
      fail_user(place, fmt::format("the folder of stage '{}', {}: {}", stage.name, stage.folder.string(), misfit));
  }
  at_place(place, "run.folder", [&] { require_own_files(plan); });
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

// One seed or several, each once.
void check_seeds(RunSettings& run, const Node& node) {
  if (!node["seeds"] || node["seeds"].is_null()) return;
  if (run.seeds.empty()) fail_user(node["seeds"].place(), "run.seeds is empty: name the seeds, as in seeds: [1, 2, 3]");
  if (node["seed"] && run.seed != run.seeds.front()) {
    fail_user(node["seeds"].place(),
              fmt::format("run.seeds begins with {}, but run.seed is {}: leave seed out, or name "
                          "it first among the seeds",
                          run.seeds.front(), run.seed));
  }
  for (std::size_t i = 0; i < run.seeds.size(); ++i) {
    if (std::find(run.seeds.begin(), run.seeds.begin() + static_cast<std::ptrdiff_t>(i), run.seeds[i]) !=
        run.seeds.begin() + static_cast<std::ptrdiff_t>(i))
      fail_user(node["seeds"].place(), fmt::format("run.seeds names {} twice", run.seeds[i]));
  }
  run.seed = run.seeds.front();
}

std::string resolved_text(const RunPlan& plan) {
  std::string text = std::string(kRunMark);
  text +=
      "run:\n" + print(plan.run, 2) + "parallel:\n" + print(plan.parallel, 2) + "prompts:\n" + print(plan.prompts, 2);
  text += "stages:\n";
  for (const StagePlan& stage : plan.stages) {
    if (!stage.copy_of.empty()) {
      text += fmt::format("  # {} with seed {}, called {}: identity {}\n", stage.copy_of, stage.seed, stage.name,
                          stage.identity);
      continue;
    }
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
  b.identity(
      "seeds", s.seeds,
      "in place of `seed`: everything that depends on it is done once with each of these, and the report tells what "
      "holds for all; the stages of the first seed keep their names, those of another are called NAME.seedN",
      Range::at_least(0));
  b.execution("time_limit", s.time_limit, "stop with a sealed checkpoint and exit code 75 after this time; 0s = never");
  b.execution(
      "hang_timeout", s.hang_timeout,
      "when no rank has moved for this long (all wait, or do not answer), say which one is missing and end the run; "
      "ranks that compute or read and write are waited for, ten times as long; 0s = wait for ever");
  b.choice(
      "restart", s.restart, KeyKind::execution,
      "where a changed key or file makes a stage begin anew and older work of it is set aside: say so, or end with "
      "exit code 2 before anything is touched; --yes on the command line allows it");
}

void describe(ParallelSettings& s, Binder& b) {
  b.execution("tensor", s.tensor, "ranks that share one copy of the model; the data size is ranks / tensor",
              Range::at_least(1));
  b.choice("device", s.device, KeyKind::execution,
           "where ranks compute: on the processor, each on a GPU of its own, or on GPUs where every rank can have one; "
           "results differ by rounding, as between kinds of processors");
  b.choice("bind", s.bind, KeyKind::execution,
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

std::string input_of(const StagePlan& stage, std::string_view key) {
  for (const Input& input : stage.inputs)
    if (input.key == key) return fmt::format("{}", fmt::join(input.names, ", "));
  return {};
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
  check_seeds(plan.run, file["run"]);
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
    const Node spec = file["problems"][name];
    if (is_attempt_set(spec)) {
      plan.attempt_sets[name] = parse<AttemptSet>({spec});
    } else {
      plan.problems[name] = spec;
    }
  }
  // Unknown keys are reported here: stages look at their own only.
  (void)parse<TrainingSettings>({file["training"]});
  (void)parse<GradingSettings>({file["grading"]});
  const Node stages = file["stages"];
  if (stages.keys().empty()) fail_user({file.name()}, "the run file has no stages: there is nothing to do");
  StagePlanner planner(plan, file, plugins, names);
  for (const std::string& name : stages.keys()) names.add(name, "stage", stages.key_place(name));
  planner.add_all(stages);
  plan.warnings = file.warnings();
  for (const std::string& line :
       lines_of(services.on_one_rank([&] { return check_files(plan, file, planner, services); }))) {
    const std::size_t kind = line.find(' ');
    (line.starts_with("warning") ? plan.warnings : plan.notes).push_back(line.substr(kind + 1));
  }
  for (const auto& [name, model] : plan.models) {
    at_place(file["models"][name].place(), fmt::format("model '{}'", name),
             [&] { plan.model_identities[name] = model_identity(model, plan.prompts, services); });
  }
  StageIdentifier identifier(plan, file, plugins, services);
  planner.for_each([&](StagePlan& stage, const Parser& parser) { identifier.identify(stage, parser); });
  (void)services.on_one_rank([&] { return check_stage_folders(plan, file["run"]["folder"].place()); });
  plan.resolved = resolved_text(plan);
  return plan;
}

}  // namespace ft
