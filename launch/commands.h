// The subcommands of ftrun, one file each, which add themselves to the command line; and what several of them need.
//
//   void add_verify(CLI::App& app, Subcommand& chosen) {
//     struct Options { std::string path; };
//     auto options = std::make_shared<Options>();       // outlives the parsing
//     CLI::App* command = app.add_subcommand("verify", "check every hash and the chain of parents");
//     command->add_option("PATH", options->path, "a run folder, ...")->required();
//     command->callback([&chosen, options] { chosen.alone = [options] { return verify(options->path); }; });
//   }
//
// A user's mistake is a UserError, a fault an Error: main() turns them into messages and exit codes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/store/end_note.h"

namespace CLI {
class App;
}

namespace ft {

class MpiSession;

// What the command line chose: one of the two.
struct Subcommand {
  std::function<ExitCode()> alone;                // one process, no MPI
  std::function<ExitCode(MpiSession&)> on_ranks;  // on every rank of the launcher; collective, as MpiSession::run says
};

// Keys of that name (or of every name that contains it; empty: all), wherever the run file may hold them.
void add_explain(CLI::App& app, Subcommand& chosen);
// What a run folder, stage, checkpoint or any other sealed folder holds.
void add_inspect(CLI::App& app, Subcommand& chosen);
// Hashes every file of a sealed folder (or of all in a run folder) and walks the chain of parents; exit code 1 when
// something is damaged or broken.
void add_verify(CLI::App& app, Subcommand& chosen);
// Writes a model stage as a Hugging Face folder.
void add_export(CLI::App& app, Subcommand& chosen);
// Looks for what would make a run fail or slow; exit code 1 when there is a problem.
void add_doctor(CLI::App& app, Subcommand& chosen);
// What a run would do and take, without starting it.
void add_plan(CLI::App& app, Subcommand& chosen);
// Compares final answers: one pair, or a file of pairs.
void add_grade(CLI::App& app, Subcommand& chosen);
// Votes and ranks labelled attempts from a file, without a model.
void add_rerank(CLI::App& app, Subcommand& chosen);

// The flag --yes of the run, of `ftrun plan` and `ftrun doctor`, which take the same arguments: stages may begin anew
// whatever run.restart says. `overrides` must outlive the parsing.
void add_yes(CLI::App& app, std::vector<std::string>& overrides);

// A check for an option that counts something: a whole number from `low` to `high`.
[[nodiscard]] std::function<std::string(const std::string&)> count_between(std::int64_t low, std::int64_t high);

// The run itself: `ftrun RUNFILE [key.path=value]...`. Collective over the session's ranks.
// `folder` becomes the run folder, on rank 0, as soon as it is known; `note` is begun once it is this run's.
ExitCode run_file_command(const std::string& run_file, const std::vector<std::string>& overrides, MpiSession& session,
                          std::filesystem::path& folder, EndNote& note);

// The folder with the built-in recipes: beside the library that carries the rooms, in the build tree and installed.
[[nodiscard]] std::filesystem::path recipe_folder();

// The sealed folder that a person means: the folder itself, or <run folder>/<stage>, or a stage's folder. Throws
// UserError that lists what is there.
[[nodiscard]] std::filesystem::path find_artifact(const std::filesystem::path& path);

// Folders of the sealed outputs of a run folder, in the order of their names; empty when it is no run folder.
[[nodiscard]] std::vector<std::filesystem::path> sealed_outputs(const std::filesystem::path& run);

}  // namespace ft
