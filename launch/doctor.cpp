#include "launch/doctor.h"
#include "launch/disk.h"

#include <ATen/Parallel.h>
#include <signal.h>

#include <CLI/CLI.hpp>

#include "framework/base/digest.h"
#include "framework/comm/solo_communicator.h"
#include "framework/config/parser.h"
#include "framework/kernels/allocator.h"
#include "framework/recipe/output_check.h"
#include "framework/recipe/plugin_loader.h"
#include "framework/recipe/superseded.h"
#include "framework/store/files.h"
#include "launch/commands.h"
#include "launch/known_digests.h"
#include "launch/services.h"
#include "launch/version.h"
#include "parallel/mpi/binding.h"
#include "parallel/mpi/launcher.h"

namespace ft {

std::string_view to_string(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::warning:
      return "warning";
    case Health::problem:
      return "problem";
  }
  return "";
}

void Examination::ok(std::string name, std::string text) {
  findings_.push_back({Health::ok, std::move(name), std::move(text), ""});
}

void Examination::warning(std::string name, std::string text, std::string advice) {
  findings_.push_back({Health::warning, std::move(name), std::move(text), std::move(advice)});
}

void Examination::problem(std::string name, std::string text, std::string advice) {
  findings_.push_back({Health::problem, std::move(name), std::move(text), std::move(advice)});
}

std::vector<nlohmann::json> Examination::collect(Name name, const nlohmann::json& mine) {
  std::vector<nlohmann::json> all;
  // Bytes that are no UTF-8 (folder names, error texts of the system) are replaced, not refused.
  for (const std::string& text :
       world().all_gather_bytes(name, mine.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))) {
    all.push_back(nlohmann::json::parse(text));
  }
  return all;
}

std::string ranks_text(const std::vector<int>& ranks) {
  return fmt::format("{} {}", ranks.size() == 1 ? "rank" : "ranks", to_text(ranks));
}

namespace {

struct Options {
  std::string run_file;
  std::vector<std::string> overrides;
  std::string folder;
  bool json = false;
};

// Where the run would work, whatever else is wrong with the file; empty where that cannot be told either.
std::string folder_of(const RunFile& file) {
  try {
    const Node run = file["run"];
    return run["folder"] ? read<std::string>(run["folder"], Limits::folder()) : RunSettings().folder;
  } catch (const UserError&) {
    return "";
  }
}

// What rank 0 reads from the run file; a mistake in it is one more finding.
nlohmann::json read_demands(const Options& options, int ranks) {
  nlohmann::json found = {{"folder", options.folder.empty() ? "." : options.folder},
                          {"error", ""},
                          {"mistake", false},
                          {"warnings", nlohmann::json::array()},
                          {"tensor", 1},
                          {"memory", 0},
                          {"memory_each", 0.0},
                          {"memory_once", 0.0},
                          {"disk", 0},
                          {"largest", ""},
                          {"unread", ""},
                          {"device", "cpu"}};
  if (options.run_file.empty()) return found;
  try {
    SoloCommunicator solo;
    Logger log = silent_logger();
    const RunFile file = RunFile::load(options.run_file, options.overrides);
    if (const std::string folder = folder_of(file); options.folder.empty() && !folder.empty()) found["folder"] = folder;
    PluginLoader plugins;
    plugins.load_built_in(recipe_folder());
    KnownDigests digests(parse<RunSettings>({file["run"]}).folder);
    RunServices services = make_services(solo, log, [&digests](const auto& list) { return digests.of(list()); });
    services.ranks = ranks;
    const RunPlan plan = plan_run(file, plugins, services);
    refuse_restart(plan, find_superseded(plan));
    require_own_work(plan);
    if (options.folder.empty()) found["folder"] = plan.run.folder;
    found["tensor"] = plan.parallel.tensor;
    found["device"] = to_string(plan.parallel.device);
    const std::vector<Footprint> needs = Footprints(plan, services).all({ranks, plan.parallel.tensor});
    for (const Footprint& stage : needs) {
      if (stage.memory() <= found["memory"].get<std::int64_t>()) continue;
      found["memory"] = stage.memory();
      found["memory_once"] = stage.on_host(0, 0);
      found["memory_each"] = stage.on_host(1, 0) - stage.on_host(0, 0);
      found["largest"] = stage.stage;
    }
    found["disk"] = disk_left_to_write(plan, needs);
    found["unread"] = digests.unread_text();
    found["warnings"] = plan.warnings;
  } catch (const std::exception& error) {
    found["error"] = error.what();
    found["mistake"] = dynamic_cast<const UserError*>(&error) != nullptr;
  }
  return found;
}

// Every rank opens the run file itself, so every rank must see it, with the same content.
void examine_run_file(Examination& exam, const Options& options, const nlohmann::json& found) {
  const std::string error = found["error"];
  if (options.run_file.empty()) {
    exam.ok("run file", "none given: what a run needs of memory and disk was not looked at");
    return;
  }
  nlohmann::json mine;
  try {
    mine["digest"] = sha256(read_file(options.run_file));
  } catch (const std::exception& failure) {
    mine["digest"] = "";
    mine["why"] = failure.what();
  }
  const auto all = exam.collect("run files", mine);
  std::vector<int> differ;
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r]["digest"] != all[0]["digest"]) differ.push_back(static_cast<int>(r));
  }
  if (!error.empty()) {
    exam.problem("run file", error, "correct the run file; `ftrun explain KEY` says what a key means");
  } else if (!differ.empty()) {
    const nlohmann::json& first = all[static_cast<std::size_t>(differ.front())];
    exam.problem(
        "run file",
        fmt::format("{} {} another {} than rank 0{}", ranks_text(differ), differ.size() == 1 ? "sees" : "see",
                    options.run_file, first.contains("why") ? ": " + first["why"].get<std::string>() : std::string()),
        "start all ranks in one folder, or give the absolute path of a shared file system");
  } else {
    const std::string unread = found["unread"];
    exam.ok("run file", unread.empty() ? options.run_file : fmt::format("{}; {}", options.run_file, unread));
  }
  for (const auto& warning : found["warnings"]) {
    exam.warning("run file", warning, "the run goes on all the same; `ftrun explain KEY` says what a key means");
  }
}

// `mistake`: what is wrong with the run file is the user's to mend.
ExitCode print_findings(const std::vector<Finding>& findings, int ranks, bool as_json, bool mistake) {
  std::array<int, 3> count = {};
  for (const Finding& finding : findings) ++count[static_cast<std::size_t>(finding.health)];
  const bool healthy = count[2] == 0;
  if (as_json) {
    nlohmann::ordered_json out = {{"version", version_text()},
                                  {"ranks", ranks},
                                  {"healthy", healthy},
                                  {"findings", nlohmann::ordered_json::array()}};
    for (const Finding& f : findings) {
      out["findings"].push_back(
          {{"health", to_string(f.health)}, {"name", f.name}, {"text", f.text}, {"advice", f.advice}});
    }
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    for (const Finding& f : findings) {
      fmt::print("{:<8} {:<11} {}{}{}\n", to_string(f.health), f.name, f.text, f.advice.empty() ? "" : "; ", f.advice);
    }
    fmt::print("{}: {} ok, {} {}, {} {}\n", healthy ? "healthy" : "NOT HEALTHY", count[0], count[1],
               count[1] == 1 ? "warning" : "warnings", count[2], count[2] == 1 ? "problem" : "problems");
  }
  std::fflush(stdout);
  if (healthy) return ExitCode::done;
  return mistake ? ExitCode::user_mistake : ExitCode::failure;
}

ExitCode examine(const Options& options, MpiSession& session) {
  Communicator& world = session.world();
  const std::string text =
      world.rank() == 0
          ? read_demands(options, world.size()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
          : "";
  const nlohmann::json found = nlohmann::json::parse(world.broadcast_bytes("demands of the run file", text, 0));
  Demands demands{.folder = found["folder"].get<std::string>(),
                  .has_run_file = !options.run_file.empty(),
                  .tensor = found["tensor"],
                  .memory = found["memory"],
                  .memory_each = found["memory_each"],
                  .memory_once = found["memory_once"],
                  .disk = found["disk"],
                  .largest = found["largest"],
                  .device = named<DeviceKind>(found["device"].get<std::string>()).value()};
  Examination exam(session, std::move(demands));
  examine_ranks(exam);
  examine_run_file(exam, options, found);
  examine_cores(exam);
  examine_memory(exam);
  examine_processor(exam);
  examine_limits(exam);
  examine_folder(exam);
  examine_exchange(exam);
  ExitCode code = ExitCode::done;
  if (world.rank() == 0) code = print_findings(exam.findings(), world.size(), options.json, found["mistake"]);
  return static_cast<ExitCode>(std::stoi(world.broadcast_bytes("health", std::to_string(static_cast<int>(code)), 0)));
}

// A launcher that does not belong to this MPI is a finding too: but then no rank knows the others, and only the first
// task of the launcher speaks.
ExitCode report_launch(const UserError& error, const Options& options) {
  const Environment environment = process_environment();
  for (const char* number : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"}) {
    const std::optional<std::string> rank = environment(number);
    if (rank && *rank != "0") return ExitCode::failure;
    if (rank) break;
  }
  return print_findings(
      {{Health::problem, "launcher", error.what(), "use the launcher of the MPI that ftrun was built with"}}, 1,
      options.json, false);
}

ExitCode doctor(const Options& options) {
  keep_freed_memory_mapped();
  at::set_num_threads(1);
  signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of file sizes shall fail, not kill
  std::optional<MpiSession> session;
  try {
    session.emplace();
  } catch (const UserError& error) {
    return report_launch(error, options);
  }
  return session->run([&](MpiSession& s) { return examine(options, s); });
}

}  // namespace

void add_doctor(CLI::App& app, Subcommand& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "doctor", "look for what would make a run fail or slow, here and now; also under mpirun and srun");
  command->add_option("RUNFILE", options->run_file, "the run file whose folder, memory and disk are looked at");
  command->add_option("OVERRIDES", options->overrides, "key.path=value: in place of what the run file says");
  add_yes(*command, options->overrides);
  command->add_option("--folder", options->folder, "the folder to look at, in place of the run file's");
  command->add_flag("--json", options->json, "the findings as JSON");
  command->callback([&chosen, options] { chosen.alone = [options] { return doctor(*options); }; });
}

}  // namespace ft
