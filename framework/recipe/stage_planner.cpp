#include "framework/recipe/stage_planner.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/recipe/grading.h"
#include "framework/recipe/stage_inputs.h"

namespace ft {
namespace {

void list_inputs(StagePlan& stage) {
  InputLister lister;
  stage.recipe->describe(lister);
  stage.inputs = lister.inputs();
}

bool looks_at_verdicts(const StagePlan& stage) {
  InputLister lister;
  stage.recipe->describe(lister);
  return std::ranges::any_of(
      lister.inputs(), [](const Input& input) { return input.what == kGradedInput || input.what == kResultsInput; });
}

std::string name_with_seed(const std::string& stage, std::int64_t seed) {
  return fmt::format("{}.seed{}", stage, seed);
}

}  // namespace

StagePlanner::StagePlanner(RunPlan& plan, const RunFile& file, const PluginLoader& plugins, Names& names)
    : plan_(plan), file_(file), plugins_(plugins), names_(names) {
  for (const KeyInfo& info : explain<GradingSettings>()) grading_keys_.insert(info.key.name);
}

void StagePlanner::add_all(const Node& stages) {
  const std::vector<std::int64_t> seeds = other_seeds();
  std::vector<std::string> last;
  for (const std::string& name : stages.keys()) {
    if (!seeds.empty() && gathers(stages[name])) {
      last.push_back(name);
    } else {
      add(name, stages[name]);
    }
  }
  std::vector<StagePlan> originals;
  for (const StagePlan& stage : plan_.stages) {
    if (stage.written) originals.push_back(stage);
  }
  for (const std::int64_t seed : seeds) {
    for (const StagePlan& original : originals) {
      if (depends_on_seed(original, seed)) add_copy(original, stages[original.name], seed);
    }
  }
  for (const std::string& name : last) add(name, stages[name]);
}

void StagePlanner::add(const std::string& name, const Node& node) {
  StagePlan stage;
  stage.name = name;
  stage.place = node.place();
  stage.seed = plan_.run.seed;
  const Node recipe_node = node.at("recipe");
  read(stage, recipe_node.text(), recipe_node.place());
  auto parser = parse(stage, {node});
  for (const Input& input : stage.inputs) {
    for (const std::string& target : input.names)
      check_input(plan_, file_, stage, parser->place(input.key), input, target);
  }
  if (stage.recipe->gathers_seeds()) {
    read(stage, stage.recipe_name, recipe_node.place());
    parser = parse(stage, {node, inputs_of_all_seeds(stage)});
  }
  bring_verdicts(stage, node);
  bring_sets(stage);
  insert(plan_.stages.size(), std::move(stage), std::move(parser));
}

void StagePlanner::add_copy(const StagePlan& original, const Node& node, std::int64_t seed) {
  StagePlan stage;
  stage.name = name_with_seed(original.name, seed);
  stage.copy_of = original.name;
  stage.seed = seed;
  stage.place = original.place;
  names_.add(stage.name, "stage", stage.place);
  read(stage, original.recipe_name, stage.place);
  auto parser = parse(stage, {node, inputs_of_seed(original, seed)});
  bring_verdicts(stage, node);
  bring_sets(stage);
  insert(plan_.stages.size(), std::move(stage), std::move(parser));
}

std::unique_ptr<Parser> StagePlanner::parse(StagePlan& stage, std::vector<Node> layers) const {
  const Node grading = stage.recipe->output() == ArtifactKind::verdicts ? file_["grading"] : Node();
  layers.insert(layers.begin(), {file_["training"], grading});
  auto parser = std::make_unique<Parser>(std::move(layers));
  parser->accept("recipe");
  stage.recipe->describe(*parser);
  if (looks_at_verdicts(stage)) {
    for (const std::string& key : grading_keys_) parser->accept(key);
  }
  parser->finish();
  try {
    stage.recipe->check();
  } catch (const UserError& error) {
    fail_user(stage.place, fmt::format("stage '{}': {}", stage.name, error.what()));
  }
  list_inputs(stage);
  return parser;
}

bool StagePlanner::gathers(const Node& node) const {
  const Node recipe = node.at("recipe");
  return plugins_.create(recipe.text(), recipe.place())->gathers_seeds();
}

std::vector<std::int64_t> StagePlanner::other_seeds() const {
  if (plan_.run.seeds.empty()) return {};
  return {plan_.run.seeds.begin() + 1, plan_.run.seeds.end()};
}

bool StagePlanner::depends_on_seed(const StagePlan& stage, std::int64_t seed) const {
  if (stage.recipe->uses_seed()) return true;
  return std::ranges::any_of(stage.inputs, [&](const Input& input) {
    return std::ranges::any_of(input.names, [&](const std::string& name) {
      const auto model = plan_.models.find(name);
      if (input.what == "model" && model != plan_.models.end()) return model->second.preset.has_value();
      return plan_.find_stage(name_with_seed(name, seed)) != nullptr;
    });
  });
}

Node StagePlanner::inputs_of_seed(const StagePlan& original, std::int64_t seed) const {
  InputLister written;
  original.recipe->describe(written);
  nlohmann::json layer = nlohmann::json::object();
  for (const Input& input : written.inputs()) {
    if (input.what == "problems" || input.what == "file") continue;
    std::vector<std::string> names = input.names;
    for (std::string& name : names) {
      if (plan_.find_stage(name_with_seed(name, seed)) != nullptr) name = name_with_seed(name, seed);
    }
    if (names == input.names) continue;
    layer[input.key] = names.size() == 1 ? nlohmann::json(names.front()) : nlohmann::json(names);
  }
  return parse_yaml(layer.dump(), original.place.file);
}

Node StagePlanner::inputs_of_all_seeds(const StagePlan& stage) const {
  nlohmann::json layer = nlohmann::json::object();
  for (const Input& input : stage.inputs) {
    if (input.what == "problems" || input.what == "file") continue;
    std::vector<std::string> names = input.names;
    for (const std::int64_t seed : other_seeds()) {
      for (const std::string& name : input.names) {
        if (plan_.find_stage(name_with_seed(name, seed)) != nullptr) names.push_back(name_with_seed(name, seed));
      }
    }
    if (names.size() > input.names.size()) layer[input.key] = names;
  }
  return parse_yaml(layer.dump(), stage.place.file);
}

void StagePlanner::check_inputs(CheckedInputs& inputs, std::vector<std::string>& warnings) const {
  for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
    const StagePlan& stage = plan_.stages[i];
    if (!stage.copy_of.empty()) continue;  // what its original was asked is answered
    StageCheck check(stage, file_["stages"][stage.home()], *parsers_[i], inputs, warnings);
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

void StagePlanner::check_use(std::vector<std::string>& warnings) const {
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

std::string StagePlanner::why_unread(const std::string& key) const {
  std::string why;
  for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
    if (!parsers_[i]->describes(key)) continue;
    const auto idle = parsers_[i]->idle_keys().find(key);
    const bool own = static_cast<bool>(file_["stages"][plan_.stages[i].home()][key]);
    if (!own && idle == parsers_[i]->idle_keys().end()) return "";
    if (idle != parsers_[i]->idle_keys().end()) {
      why = idle->second;
    } else if (why.empty()) {
      why = "every stage that reads it sets its own";
    }
  }
  return why.empty() ? "no stage reads it" : why;
}

bool StagePlanner::is_named(std::string_view what, const std::string& name) const {
  return std::ranges::any_of(plan_.stages,
                             [&](const StagePlan& stage) {
                               return std::ranges::any_of(stage.inputs, [&](const Input& input) {
                                 return input.what == what && std::ranges::find(input.names, name) != input.names.end();
                               });
                             }) ||
         (what == "problems" &&
          std::ranges::any_of(plan_.attempt_sets, [&](const auto& set) { return set.second.with == name; }));
}

void StagePlanner::read(StagePlan& stage, const std::string& recipe, const Place& place) const {
  stage.recipe_name = recipe;
  stage.recipe = plugins_.create(recipe, place);
  stage.recipe_version = plugins_.version(recipe, place);
}

void StagePlanner::insert(std::size_t at, StagePlan stage, std::unique_ptr<Parser> parser) {
  Printer printer(4);
  stage.recipe->describe(printer);
  stage.settings = printer.text();
  stage.work = stage.recipe->work();
  plan_.stages.insert(plan_.stages.begin() + static_cast<std::ptrdiff_t>(at), std::move(stage));
  parsers_.insert(parsers_.begin() + static_cast<std::ptrdiff_t>(at), std::move(parser));
}

bool StagePlanner::is_of_kind(const std::string& stage, ArtifactKind kind) const {
  const StagePlan* found = plan_.find_stage(stage);
  return found != nullptr && found->recipe->output() == kind;
}

void StagePlanner::bring_sets(StagePlan& stage) {
  std::vector<Input> brought;
  for (const Input& input : stage.inputs) {
    if (input.what != "problems") continue;
    for (const std::string& name : input.names) {
      const auto set = plan_.attempt_sets.find(name);
      const bool twice = std::ranges::any_of(brought, [&](const Input& one) { return one.key == attempts_key(name); });
      if (set == plan_.attempt_sets.end() || twice) continue;
      std::string attempts = of_seed(set->second.attempts, stage), verdicts = attempts;
      if (is_of_kind(attempts, ArtifactKind::verdicts)) {
        attempts = input_of(*plan_.find_stage(verdicts), "attempts");
      } else {
        verdicts = verdicts_of(attempts, stage, Node());
      }
      brought.push_back({attempts_key(name), "attempts", {attempts}});
      brought.push_back({verdicts_key(name), std::string(kVerdictsInput), {verdicts}});
    }
  }
  stage.inputs.insert(stage.inputs.end(), brought.begin(), brought.end());
}

std::string StagePlanner::of_seed(const std::string& name, const StagePlan& reader) const {
  const std::string copy = name_with_seed(name, reader.seed);
  return reader.copy_of.empty() || plan_.find_stage(copy) == nullptr ? name : copy;
}

void StagePlanner::bring_verdicts(StagePlan& stage, const Node& node) {
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
      verdicts.names, [&](const std::string& name) { return plan_.find_stage(name)->made_for == stage.first_name(); });
  if (own_keys && looks_at_verdicts(stage) && !made) {
    const auto key =
        std::ranges::find_if(grading_keys_, [&](const std::string& one) { return static_cast<bool>(node[one]); });
    fail_user(node.key_place(*key), fmt::format("'{}' has no effect here: what stage '{}' names is graded already; "
                                                "give the key to the stage that grades it",
                                                *key, stage.name));
  }
  if (!verdicts.names.empty()) stage.inputs.push_back(std::move(verdicts));
}

std::string StagePlanner::verdicts_of(const std::string& attempts, const StagePlan& reader, const Node& node) {
  const bool own =
      std::ranges::any_of(grading_keys_, [&](const std::string& key) { return static_cast<bool>(node[key]); });
  const auto name_of = [&](const std::string& texts, const std::string& by) {
    return own ? fmt::format("{}.verdicts.{}", texts, by) : texts + ".verdicts";
  };
  StagePlan stage;
  stage.name = name_of(attempts, reader.name);
  if (const StagePlan* known = plan_.find_stage(stage.name); known != nullptr && !known->written) return stage.name;
  stage.written = false;
  const auto source = std::ranges::find(plan_.stages, attempts, &StagePlan::name);
  stage.place = own ? reader.place : source->place;
  if (own) stage.made_for = reader.first_name();
  stage.seed = source->seed;
  if (const std::string first = name_of(source->first_name(), reader.first_name()); first != stage.name)
    stage.copy_of = first;
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

}  // namespace ft
