// What a stage is: the texts that its identity and its extent are digests of, and the folders that are named by them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/config/parser.h"
#include "framework/recipe/run_plan.h"

namespace ft {

class StageIdentifier {
 public:
  // Models have their identities. References must outlive this.
  StageIdentifier(const RunPlan& plan, const RunFile& file, const PluginLoader& plugins, const RunServices& services);

  // A stage of the plan, after those that it reads. Reads files; collective through services.on_one_rank.
  void identify(StagePlan& stage, const Parser& parser);

 private:
  [[nodiscard]] std::map<std::string, std::string> defaults_of(const StagePlan& stage) const;
  // Where the key stands in the run file, or would.
  [[nodiscard]] std::string path_of(const StagePlan& stage, const std::string& key) const;
  void add_plugin(StagePlan& stage);
  void add_input(StagePlan& stage, const Input& input, const std::string& target);
  [[nodiscard]] std::string conventions_of(const StagePlan& verdicts) const;
  const ProblemSetIdentity& identity_of_set(const std::string& name);
  void add_attempt_set(StagePlan& stage, const Input& input, const std::string& target);
  void add_problems(StagePlan& stage, const Input& input, const std::string& target);

  const RunPlan& plan_;
  const RunFile& file_;
  const PluginLoader& plugins_;
  const RunServices& services_;
  std::set<std::string> training_keys_, grading_keys_;
  std::map<std::string, ProblemSetIdentity> identities_;
  std::map<std::string, std::vector<FileDigest>> plugin_digests_;  // by recipe
};

}  // namespace ft
