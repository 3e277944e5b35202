#include <CLI/CLI.hpp>

#include "datasets/spec.h"
#include "framework/config/print.h"
#include "framework/recipe/grading.h"
#include "framework/recipe/plugin_loader.h"
#include "framework/recipe/run_plan.h"
#include "framework/train/settings.h"
#include "launch/commands.h"

namespace ft {
namespace {

struct Section {
  std::string where;
  std::vector<KeyInfo> keys;
};

std::vector<Section> all_sections(const std::filesystem::path& recipes) {
  std::vector<Section> sections = {{"run", explain<RunSettings>()},
                                   {"models.NAME", explain<ModelSettings>()},
                                   {"prompts", explain<PromptTemplates>()},
                                   {"parallel", explain<ParallelSettings>()},
                                   {"problems.NAME", explain<ProblemSetSpec>()},
                                   {"training", explain<TrainingSettings>()},
                                   {"grading", explain<GradingSettings>()}};
  PluginLoader plugins;
  plugins.load_built_in(recipes);
  for (const std::string& name : plugins.names()) {
    Explainer explainer;
    plugins.create(name, {})->describe(explainer);
    sections.push_back({fmt::format("stages.NAME, recipe {}", name), explainer.keys()});
  }
  return sections;
}

// Keys of `training` and `grading`, which stages may give, too.
bool is_shared_key(const std::vector<Section>& sections, const std::string& name) {
  for (const Section& section : sections) {
    if (section.where != "training" && section.where != "grading") continue;
    for (const KeyInfo& info : section.keys) {
      if (info.key.name == name) return true;
    }
  }
  return false;
}

std::string indented(const std::string& text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += "  " + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return out;
}

void print_keys(const std::string& key, const std::filesystem::path& recipes) {
  const std::vector<Section> sections = all_sections(recipes);
  const std::string wanted = key.substr(key.rfind('.') + 1);
  std::vector<std::string> names;
  bool found = false;
  const Section* heading = nullptr;
  for (const bool exact : {true, false}) {
    if (found) break;
    for (const Section& section : sections) {
      for (const KeyInfo& info : section.keys) {
        names.push_back(info.key.name);
        const bool matches = exact ? info.key.name == wanted : info.key.name.find(wanted) != std::string::npos;
        // A stage repeats these: shown once, where they are at home.
        if (!matches || (section.where.starts_with("stages") && is_shared_key(sections, info.key.name))) continue;
        if (heading != &section) fmt::print("{}{}\n\n", found ? "\n" : "", section.where);
        heading = &section;
        found = true;
        fmt::print("{}", indented(to_text(info)));
      }
    }
  }
  if (found) return;
  const auto near = nearest(wanted, names);
  fail_user(fmt::format("no section of a run file has a key '{}'{}", wanted,
                        near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

}  // namespace

void add_explain(CLI::App& app, Subcommand& chosen) {
  const auto key = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "what a key of the run file means");
  command->add_option("KEY", *key, "a key or a part of its name");
  command->callback([&chosen, key] {
    chosen.alone = [key] {
      print_keys(*key, recipe_folder());
      return ExitCode::done;
    };
  });
}

}  // namespace ft
