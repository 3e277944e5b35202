#include <unistd.h>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdlib>

#include "framework/base/log.h"
#include "framework/base/reading.h"
#include "framework/config/parser.h"
#include "framework/model/finite_weights.h"
#include "framework/recipe/run.h"
#include "framework/recipe/shared_digests.h"
#include "framework/store/digest_notes.h"
#include "framework/watch/traced_communicator.h"
#include "launch/commands.h"
#include "launch/device_request.h"
#include "launch/hangs.h"
#include "launch/services.h"
#include "launch/shortage_warning.h"
#include "launch/signals.h"
#include "launch/version.h"
#include "parallel/cuda/device.h"
#include "parallel/mpi/binding.h"
#include "parallel/mpi/bootstrap.h"

namespace ft {

std::filesystem::path recipe_folder() {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "lib" / "ftrun";
}

void add_yes(CLI::App& app, std::vector<std::string>& overrides) {
  const auto allow =
      [&overrides] {  // options are looked at in the order in which they were added: the overrides are there
        std::erase_if(overrides, [](const std::string& argument) { return argument.starts_with("run.restart="); });
        overrides.emplace_back("run.restart=allowed");
      };
  app.add_flag_callback("--yes", allow,
                        "let stages begin anew whose settings or files have changed, whatever run.restart says");
}

std::function<std::string(const std::string&)> count_between(std::int64_t low, std::int64_t high) {
  return [low, high](const std::string& text) -> std::string {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool fits = error == std::errc() && end == text.data() + text.size() && number >= low && number <= high;
    return fits ? "" : fmt::format("must be a whole number from {} to {}, but is '{}'", low, high, text);
  };
}

ExitCode run_file_command(const std::string& run_file, const std::vector<std::string>& overrides, MpiSession& session,
                          std::filesystem::path& folder, EndNote& note) {
  const RunFile file = RunFile::load(run_file, overrides);
  const auto early = parse<RunSettings>({file["run"]});  // what the plan will say too: ranks may hang while it is made
  if (session.world().rank() == 0) {
    folder = early.folder;
    EndNote::planning(folder);
  }
  const Device device = open_device(device_request(parse<ParallelSettings>({file["parallel"]}).device,
                                                   session.local_rank(), session.local_size(), session.host()),
                                    session.world());  // before ATen is used
  // A rank whose device waits looks busy to the watch for hangs; the link to the others knows better.
  const auto nccl = device.connect(session.world(), early.hang_timeout.seconds);
  const auto trace = std::make_shared<ExchangeTrace>();
  TracedCommunicator world(nccl ? *nccl : session.world(), trace, "world");
  Logger log(world.rank());
  const auto hang_watch = watch_for_hangs(world, trace, early.folder, early.hang_timeout.seconds, session.host());
  PluginLoader plugins;
  plugins.load_built_in(recipe_folder());
  StopLead lead(early.folder);
  const auto stop_flag = make_stop_flag(early.time_limit.seconds, [&lead] { return lead.seconds(); });
  const StopFlag stop = [&lead, stop_flag] {
    lead.polled();
    return stop_flag();
  };
  const auto check_stop = [stop] {
    if (stop()) throw StopRequested("stopped on request while the run was being planned");
  };
  DigestNotes digests = world.rank() == 0 ? DigestNotes::read_if_readable(early.folder) : DigestNotes();
  const auto digest_files = [&](const auto& list) {
    return digests_by_all(world, list, check_stop, digests, [](const std::filesystem::path& file) {
      if (file.extension() == ".safetensors") require_finite_weights(file);
    });
  };
  RunServices services = make_services(world, log, digest_files, check_stop, device.device);
  services.folder_taken = [&] { digests.write(early.folder); };
  services.digest_again = [&digests](const auto& file) { return digests.hash_if_touched(file); };
  services.stage_begins = [&trace](const std::string& name) { trace->set_stage(name); };
  const RunPlan plan = plan_run(file, plugins, services);
  check_same(world, "the run's plan", plan.resolved);
  const Topology topology = make_topology(world.size(), plan.parallel.tensor, file["parallel"]["tensor"].place());
  const GroupSet groups(world, topology);
  log.info("{}: {}, run folder {}", version_text(), topology.describe(), plan.run.folder);
  log.info("computing on {}", device.description);
  for (const std::string& note : plan.notes) log.info("{}", note);
  if (log.informs()) {
    for (const std::string& warning : plan.warnings) log.warn("{}", warning);
  }
  settle_ranks(world, session.host(), plan.parallel.bind, std::getenv("OMP_NUM_THREADS"), log);
  warn_of_shortage(plan, services, groups.view(), session.host(), log);
  ProgressLine progress(log, isatty(STDERR_FILENO) == 1);
  try {
    run_stages(plan, services, groups.view(), log, progress, stop, lead, note);
  } catch (const StopRequested&) {
    if (const double seconds = seconds_since_stop_signal(); seconds > 0)
      log.info("stopped {:.1f} s after the signal ({})", seconds, stop_signal_name());
    throw;
  }
  return ExitCode::done;
}

}  // namespace ft
