// A recipe turns input artifacts into one output artifact: fine-tune, sample, rank, report, or what a user adds.
//
// Recipes are plugins: shared libraries that the program loads at start, the built-in ones too. To write one, derive from
// Recipe, describe its keys, and end the file with FT_RECIPE:
//
//   class CountWords final : public ft::Recipe {
//    public:
//     void describe(ft::Binder& binder) override { binder.required_input("attempts", attempts_, "stage", "what to count"); }
//     ft::ArtifactKind output() const override { return ft::ArtifactKind::table; }
//     void run(ft::StageContext& stage) override { ... }
//    private:
//     std::string attempts_;
//   };
//   FT_RECIPE(CountWords, "count_words", "1")
//
// The version is part of every stage's identity: raise it when results change.
#pragma once

#include <string>
#include <string_view>

#include "framework/config/binder.h"
#include "framework/recipe/planned_work.h"
#include "framework/text/prompt.h"

namespace ft {

class StageContext;
class StageCheck;

// What a stage leaves behind, and so what may use it.
enum class ArtifactKind { model, attempts, verdicts, ranking, table, report };
[[nodiscard]] std::string_view to_string(ArtifactKind kind);

// Sorts of inputs that bring verdicts along (graded_attempts.h). Where they name a stage of attempts, the run grades these
// by its section `grading` and the stage's own keys of it; where they name a stage of verdicts, it stays with those.
inline constexpr std::string_view kGradedInput = "graded attempts";
inline constexpr std::string_view kResultsInput = "results";  // any stage; attempts with their verdicts
// Such a stage of verdicts, as an input that nobody wrote: the key and the sort.
inline constexpr std::string_view kVerdictsInput = "verdicts";

// The same for a problem set that is made of attempts (attempt_set.h): the keys of what the stage reads for it.
[[nodiscard]] inline std::string attempts_key(std::string_view set) { return "attempts of " + std::string(set); }
[[nodiscard]] inline std::string verdicts_key(std::string_view set) { return "verdicts of " + std::string(set); }

class Recipe {
 public:
  virtual ~Recipe() = default;

  // Describes the recipe's keys, bound to its members: called for parsing, for help and for the identity.
  virtual void describe(Binder& binder) = 0;

  [[nodiscard]] virtual ArtifactKind output() const = 0;

  // What there is to do, once the keys are read (planned_work.h). Who trains by run_training() or samples by run_sampling()
  // says so: these refuse to do what was not planned.
  [[nodiscard]] virtual PlannedWork work() const { return {}; }

  // True where more problems in the set that the key `problems` names add to the work done instead of making another result.
  [[nodiscard]] virtual bool extends_with_problems() const { return false; }

  // The same for attempts of a stage that samples more of them.
  [[nodiscard]] virtual bool extends_with_attempts() const { return false; }

  // True where verdicts are looked at only when the work is done: another grading makes another output of the same work.
  [[nodiscard]] virtual bool verdicts_extend() const { return false; }

  // True where the tokenised text of the run's prompt templates enters the result.
  [[nodiscard]] virtual bool uses_prompts() const { return true; }
  // Of the run's templates those that this stage tokenises, the others as they are by default: what is read by nobody here
  // changes nothing.
  [[nodiscard]] virtual PromptTemplates read_prompts(const PromptTemplates& templates) const { return templates; }

  // False where the result is the same for every seed of the run, but for what its inputs are: such a stage is done once.
  [[nodiscard]] virtual bool uses_seed() const { return true; }
  // True where one stage tells of what was found with all seeds (run.seeds): there is one of it, and each of its inputs
  // stands for the stages of every seed.
  [[nodiscard]] virtual bool gathers_seeds() const { return false; }

  // Checks that need more than one key or the run file's other parts; throws UserError. Called before anything runs.
  virtual void check() const {}

  // Checks what the stage will read, as far as it can be known before anything runs (stage_check.h): problems, lengths,
  // the vocabulary, counts that cannot work out. Throws UserError, or warns. Called on one rank, after every stage of the
  // run file has been read and check()ed, before any hash.
  virtual void check_inputs(StageCheck& inputs) const { static_cast<void>(inputs); }

  // Collective over stage.groups.world. Returns when the output has been sealed, or throws: StopRequested after a save on
  // request, anything else ends the run. Called again after an interruption, it goes on from what stage.work holds.
  virtual void run(StageContext& stage) = 0;
};

// What a plugin says of itself before anything else of it is touched. Plain C, so that it can be read whatever compiler
// and library made the plugin.
extern "C" struct ft_recipe_tag {
  int interface_version;
  const char* compiler;
  const char* libtorch;
  const char* name;
  const char* version;
};

inline constexpr int kRecipeInterface = 8;

}  // namespace ft

#define FT_STRINGIFY_(x) #x
#define FT_STRINGIFY(x) FT_STRINGIFY_(x)
#define FT_COMPILER_TAG "g++-" FT_STRINGIFY(__GNUC__) "-abi" FT_STRINGIFY(__GXX_ABI_VERSION)

// Makes a shared library a recipe plugin.
#define FT_RECIPE(Type, recipe_name, recipe_version)                                                          \
  extern "C" {                                                                                                \
  extern const ::ft::ft_recipe_tag ft_recipe_tag_v1;                                                          \
  const ::ft::ft_recipe_tag ft_recipe_tag_v1 = {::ft::kRecipeInterface, FT_COMPILER_TAG, FT_LIBTORCH_VERSION, \
                                                recipe_name, recipe_version};                                 \
  ::ft::Recipe* ft_recipe_create_v1() { return new Type(); }                                                  \
  }
