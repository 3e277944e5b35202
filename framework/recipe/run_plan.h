// What a run will do, known before anything runs: its stages with their settings, inputs and identities.
//
// A stage's identity is the SHA-256 of a text that lists everything its result depends on: recipe and version, seed,
// identity keys, prompts, a user's plugin by its bytes, and the identities of its inputs: of files those that are read,
// by content, wherever they lie. Its extent says how much of it is wanted
// (`extends` keys). The same command therefore finds what is done already, in folders named by identity and extent.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/units.h"
#include "framework/comm/groups.h"
#include "framework/comm/rank_place.h"
#include "framework/config/print.h"
#include "framework/config/run_file.h"
#include "framework/problem/problem.h"
#include "framework/recipe/attempt_set.h"
#include "framework/recipe/input_content.h"
#include "framework/recipe/model_identity.h"
#include "framework/recipe/plugin_loader.h"
#include "framework/recipe/recipe.h"
#include "framework/text/prompt.h"
#include "framework/text/tokenizer.h"

namespace ft {

class LayerFactory;

// May a stage begin anew beside older work?
enum class Restart { allowed, refuse };
constexpr auto names_of(Restart) { return std::to_array<std::string_view>({"allowed", "refuse"}); }

struct RunSettings {
  std::string folder = "runs/run";
  std::int64_t seed = 1;       // the first of `seeds`, where these are given
  std::vector<int> seeds;      // empty: `seed` alone
  Duration time_limit;         // 0 = none
  Duration hang_timeout{600};  // 0 = off
  Restart restart = Restart::allowed;
};
void describe(RunSettings& settings, Binder& binder);

struct ParallelSettings {
  int tensor = 1;
  DeviceKind device = DeviceKind::cpu;
  Binding bind = Binding::by_us;
};
void describe(ParallelSettings& settings, Binder& binder);
void describe(PromptTemplates& templates, Binder& binder);

// Exactly one of preset and path.
struct ModelSettings {
  std::optional<std::string> preset;
  std::optional<std::string> path;
  std::string tokenizer = "arithmetic";  // of a preset: "arithmetic" or a folder with a tokenizer
};
void describe(ModelSettings& settings, Binder& binder);

// What identifies a problem set: everything but how many of it (identity), and how many (extent).
struct ProblemSetIdentity {
  std::string identity;
  std::string extent;
  std::string settings;           // what `identity` is a digest of: lines "key: value"
  std::vector<FileDigest> files;  // that the set is read from
};

// How far a problem set is looked at: its keys in the run file; the beginning of its files where they are large (a second
// or less); its files to their ends.
enum class Reach { keys, beginning, end };

struct SeenProblems {
  std::vector<Problem> problems;
  bool whole = true;
};

// What the rooms outside the framework give to a run.
struct RunServices {
  // Checks a problem set's description (UserError at its place) and tells its identity; reads files.
  std::function<ProblemSetIdentity(const Node& spec)> identify_problems;
  std::function<std::vector<Problem>(const Node& spec)> load_problems;
  // The same for a look before the run: without a word, and no further than asked. May be empty: nothing is looked at.
  std::function<SeenProblems(const Node& spec, Reach reach)> look_at_problems;
  // Vocabulary of a preset model by name; throws UserError for unknown names.
  std::function<std::unique_ptr<Tokenizer>(const std::string& name, const PromptTemplates& prompts)> preset_tokenizer;
  // Dense layers, or split over the tensor axis.
  std::function<std::unique_ptr<LayerFactory>(Groups groups)> make_factory;
  // Text that is computed by one rank and given to all (digests of large files). Collective.
  std::function<std::string(const std::function<std::string()>&)> on_one_rank;
  // Throws StopRequested on a rank that has been asked to stop; called during long work of on_one_rank. May be empty.
  std::function<void()> check_stop;
  int ranks = 1;  // that the run is started on, or would be
  // Where the ranks compute, for manifests: "cpu" or "cuda".
  std::string device = "cpu";
  // Told when a stage begins, for the hang report; may be empty.
  std::function<void(const std::string& name)> stage_begins;
  // The digests of input files: by all ranks side by side (recipe/shared_digests.h), or on one. Who must not read large
  // files gives kNotRead for them.
  SharedDigester digest_files;
  // Local: the files that a problem set is read from. May be empty where digest_again is.
  std::function<std::vector<std::filesystem::path>(const Node& spec)> problem_files;
  // Local: the digest of an input file as it is now, for who has read it after it was planned with; without a second hash
  // where nobody has touched it. Empty: nobody asks.
  FileDigester digest_again;
  // Told on rank 0 when the run folder is this run's; may be empty.
  std::function<void()> folder_taken;
};

struct StagePlan {
  std::string name;
  std::string recipe_name;
  std::string recipe_version;
  bool written = true;   // in the run file; false: the run needs it, and makes it of its own accord
  std::string made_for;  // then: the stage whose keys of `grading` it has; empty: the section's
  std::int64_t seed = 1;
  std::string copy_of;  // of another seed than the first: the stage of the first seed that it repeats
  Place place;
  std::shared_ptr<Recipe> recipe;
  std::vector<Input> inputs;
  std::vector<InputContent> contents;            // what the inputs are: for saying why the identity is another
  std::map<std::string, std::string> key_paths;  // "lanes": "training.lanes", or where the stage has its own
  std::string identity_text;
  std::string identity;  // 64 hexadecimal digits
  std::string extent_text;
  std::string extent;            // 64 hexadecimal digits
  PlannedWork work;              // what there is to do
  std::string settings;          // resolved, as YAML: for people, and to compare with those of another start
  std::filesystem::path folder;  // <run>/stages/<name>-<identity>
  std::filesystem::path output;  // <folder>/output-<extent>

  // What it is called with the first seed.
  [[nodiscard]] const std::string& first_name() const { return copy_of.empty() ? name : copy_of; }
  // The stage of the run file whose keys it has.
  [[nodiscard]] const std::string& home() const { return made_for.empty() ? first_name() : made_for; }
};

// The names that the stage gives to that input; empty where it has none.
[[nodiscard]] std::string input_of(const StagePlan& stage, std::string_view key);

struct RunPlan {
  RunSettings run;
  ParallelSettings parallel;
  PromptTemplates prompts;
  std::map<std::string, ModelSettings> models;
  std::map<std::string, ModelIdentity> model_identities;
  std::map<std::string, Node> problems;
  std::map<std::string, AttemptSet> attempt_sets;  // problem sets that the run makes itself
  std::vector<StagePlan> stages;
  std::vector<std::string> warnings;  // lines for the log: what is legal, but hardly meant
  std::vector<std::string> notes;     // what could only be looked at in part
  std::string resolved;               // the whole run file with every default written out

  [[nodiscard]] const StagePlan* find_stage(std::string_view name) const;  // nullptr: none
};

// Whether a stage's identity is what a run would find: false where a file that it depends on, itself or by a stage before
// it, was not read (kNotRead).
[[nodiscard]] bool is_known(const RunPlan& plan, const StagePlan& stage);

// Reads and checks the whole run file, the cheap and certain things first: every key, every reference, every recipe's own
// checks and the run folder; then, on one rank, what lies in files: models' shapes and tokenizers, problems, lengths; then
// large problem files to their ends; only then are inputs hashed. Throws UserError with file:line:column. Loads the plugins
// that the file names. Collective through services.on_one_rank. The run, `ftrun plan` and `ftrun doctor` all come here.
[[nodiscard]] RunPlan plan_run(const RunFile& file, PluginLoader& plugins, const RunServices& services);

}  // namespace ft
