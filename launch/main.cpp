// ftrun: the program. Parses the command line and turns errors into exit codes.

#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>

#include "framework/kernels/allocator.h"
#include "launch/commands.h"
#include "launch/signals.h"
#include "launch/version.h"
#include "parallel/mpi/bootstrap.h"

namespace {

using namespace ft;

constexpr std::string_view kExamples = R"(
examples:
  ftrun recipes/multitask.yaml                     the whole method on one core, on problems that need no download
  mpirun -np 4 ftrun recipes/multitask.yaml        the same on 4 ranks; the same command continues an interrupted run
  ftrun recipes/multitask.yaml stages.answers.per_problem=256     what is missing is added
  ftrun explain learning_rate                      what a key means, its unit and default
  ftrun inspect runs/multitask                     what a run has made
  ftrun verify runs/multitask/solver_again         every hash, and the chain of parents to the base model
  ftrun export runs/multitask/solver_again out/    a Hugging Face folder
  ftrun grade '\frac{1}{2}' 0.5                     are two answers equal? Also whole files

exit codes: 0 done, 2 the user's mistake, 75 stopped on request and resumable, 1 anything else)";

// The commands that need no ranks.
int run_alone(const std::function<ExitCode()>& command) {
  try {
    return static_cast<int>(command());
  } catch (const UserError& error) {
    fmt::print(stderr, "ftrun: {}\n", error.what());
    return static_cast<int>(ExitCode::user_mistake);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ftrun: {}\n", error.what());
    return static_cast<int>(ExitCode::failure);
  }
}

int run_on_ranks(const std::function<ExitCode(MpiSession&)>& command) {
  install_stop_signals();
  keep_freed_memory_mapped();
  at::set_num_threads(1);  // one rank a core, one thread a rank
  return run_mpi_session(command);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"ftrun fine-tunes language models to solve maths problems and to judge solutions, as one restartable job."};
  app.footer(std::string(kExamples));
  app.set_version_flag("--version", version_text());
  app.option_defaults()->always_capture_default(false);
  std::string run_file;
  std::vector<std::string> overrides;
  app.add_option("RUNFILE", run_file, "the run file (YAML)");
  app.add_option("OVERRIDES", overrides, "key.path=value: in place of what the run file says");
  add_yes(app, overrides);
  Subcommand chosen;
  add_explain(app, chosen);
  add_inspect(app, chosen);
  add_verify(app, chosen);
  add_export(app, chosen);
  add_doctor(app, chosen);
  add_plan(app, chosen);
  add_grade(app, chosen);
  add_rerank(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::user_mistake);
  }
  if (chosen.alone) return run_alone(chosen.alone);
  if (chosen.on_ranks) return run_on_ranks(chosen.on_ranks);
  if (run_file.empty()) {
    fmt::print(stderr, "{}", app.help());
    return static_cast<int>(ExitCode::user_mistake);
  }
  return run_on_ranks([&](MpiSession& session) { return run_file_command(run_file, overrides, session); });
}
