#include <unistd.h>

#include "framework/base/log.h"
#include "framework/recipe/run.h"
#include "launch/commands.h"
#include "launch/services.h"
#include "launch/signals.h"
#include "launch/version.h"
#include "parallel/mpi/bootstrap.h"

namespace ft {

std::filesystem::path recipe_folder() {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "lib" / "ftrun";
}

ExitCode run_file_command(const std::string& run_file, const std::vector<std::string>& overrides, MpiSession& session) {
  Communicator& world = session.world();
  Logger log(world.rank());
  const RunFile file = RunFile::load(run_file, overrides);
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
  return ExitCode::done;
}

}  // namespace ft
