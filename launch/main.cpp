// ftrun: the program. Parses the command line, starts the ranks' communicators, and turns errors into exit codes.

#include <ATen/Parallel.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "framework/base/log.h"
#include "framework/kernels/allocator.h"
#include "framework/recipe/run.h"
#include "launch/commands.h"
#include "launch/services.h"
#include "launch/signals.h"
#include "launch/version.h"
#include "parallel/mpi/bootstrap.h"

namespace {

using namespace ft;
namespace fs = std::filesystem;

constexpr std::string_view kExamples = R"(
examples:
  ftrun recipes/multitask.yaml                     the whole method on one core, on problems that need no download
  mpirun -np 64 ftrun recipes/multitask.yaml       the same on 64 ranks; the same command continues an interrupted run
  ftrun recipes/multitask.yaml stages.answers.per_problem=256     what is missing is added
  ftrun explain learning_rate                      what a key means, its unit and default
  ftrun inspect runs/multitask                     what a run has made
  ftrun verify runs/multitask/solver_again         every hash, and the chain of parents to the base model
  ftrun export runs/multitask/solver_again out/    a Hugging Face folder

exit codes: 0 done, 2 the user's mistake, 75 stopped on request and resumable, 1 anything else)";

struct Arguments {
  std::string run_file;
  std::vector<std::string> overrides;
  std::string key, path, target;
};

// The folder with the built-in recipes: beside the library that carries the rooms, in the build tree and installed.
fs::path recipe_folder() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "lib" / "ftrun";
}

void run_command(const Arguments& arguments, Communicator& world) {
  Logger log(world.rank());
  const RunFile file = RunFile::load(arguments.run_file, arguments.overrides);
  PluginLoader plugins;
  plugins.load_built_in(recipe_folder());
  const RunServices services = make_services(world, log);
  const RunPlan plan = plan_run(file, plugins, services);
  check_same(world, "the run's plan", plan.resolved);
  const Topology topology = make_topology(world.size(), plan.parallel.tensor, file["parallel"]["tensor"].place());
  const GroupSet groups(world, topology);
  log.info("{}: {}, run folder {}", version_text(), topology.describe(), plan.run.folder);
  ProgressLine progress(log, isatty(STDERR_FILENO) == 1);
  run_stages(plan, services, groups.view(), log, progress, make_stop_flag(plan.run.time_limit.seconds));
}

// The commands that need no ranks.
int run_alone(const std::function<void()>& command) {
  try {
    command();
    return static_cast<int>(ExitCode::done);
  } catch (const UserError& error) {
    fmt::print(stderr, "ftrun: {}\n", error.what());
    return static_cast<int>(ExitCode::user_mistake);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ftrun: {}\n", error.what());
    return static_cast<int>(ExitCode::failure);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"ftrun fine-tunes language models to solve maths problems and to judge solutions, as one restartable job."};
  app.footer(std::string(kExamples));
  app.set_version_flag("--version", version_text());
  app.option_defaults()->always_capture_default(false);
  app.add_option("RUNFILE", arguments.run_file, "the run file (YAML)");
  app.add_option("OVERRIDES", arguments.overrides, "key.path=value: in place of what the run file says");
  bool sound = true;
  std::function<void()> command;
  CLI::App* explain = app.add_subcommand("explain", "what a key of the run file means");
  explain->add_option("KEY", arguments.key, "a key or a part of its name");
  explain->callback([&] { command = [&] { explain_command(arguments.key, recipe_folder()); }; });
  CLI::App* inspect = app.add_subcommand("inspect", "what a run folder, stage or checkpoint holds");
  inspect->add_option("PATH", arguments.path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  inspect->callback([&] { command = [&] { inspect_command(arguments.path); }; });
  CLI::App* verify = app.add_subcommand("verify", "check every hash and the chain of parents");
  verify->add_option("PATH", arguments.path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  verify->callback([&] { command = [&] { sound = verify_command(arguments.path); }; });
  CLI::App* exporting = app.add_subcommand("export", "write a model as a Hugging Face folder");
  exporting->add_option("STAGE", arguments.path, "<run folder>/<stage>, or a sealed model folder")->required();
  exporting->add_option("DIR", arguments.target, "the folder to write")->required();
  exporting->callback([&] { command = [&] { export_command(arguments.path, arguments.target); }; });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::user_mistake);
  }
  if (command) {
    const int code = run_alone(command);
    return code == 0 && !sound ? static_cast<int>(ExitCode::failure) : code;
  }
  if (arguments.run_file.empty()) {
    fmt::print(stderr, "{}", app.help());
    return static_cast<int>(ExitCode::user_mistake);
  }
  install_stop_signals();
  keep_freed_memory_mapped();
  at::set_num_threads(1);  // one rank a core, one thread a rank
  return run_mpi_session([&](MpiSession& session) {
    run_command(arguments, session.world());
    return ExitCode::done;
  });
}
