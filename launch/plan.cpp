// `ftrun plan RUNFILE`: what a run would do, stage by stage, and what it would take, before it is started; with
// --compare, what it was expected to take beside what it took.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>

#include "framework/base/units.h"
#include "framework/comm/solo_communicator.h"
#include "framework/config/parser.h"
#include "framework/recipe/plugin_loader.h"
#include "framework/recipe/run_records.h"
#include "framework/recipe/stage_times.h"
#include "framework/recipe/superseded.h"
#include "framework/report/text_table.h"
#include "framework/store/lock.h"
#include "launch/commands.h"
#include "launch/device_request.h"
#include "launch/disk.h"
#include "launch/doctor.h"
#include "launch/footprint.h"
#include "launch/host_memory.h"
#include "launch/known_digests.h"
#include "launch/services.h"
#include "launch/stage_state.h"

namespace ft {
namespace {

constexpr std::int64_t kMostRanks = 1'000'000;

struct Options {
  std::string run_file;
  std::vector<std::string> overrides;
  int ranks = 1;
  int ranks_per_host = 0;  // 0: all
  std::string memory;      // of a host; empty: this machine's
  bool compare = false;
};

// How much there is to do, as far as the run file says it without reading data.
std::string work_of(const RunPlan& plan, const RunServices& services, const StagePlan& stage) {
  if (const auto* training = std::get_if<TrainingWork>(&stage.work)) {
    const TrainingSettings& settings = training->settings;
    const double tokens = settings.lanes * static_cast<double>(settings.tokens_per_lane);
    if (settings.length.unit == Length::Unit::steps)
      return fmt::format("{:.0f} steps, up to {:.0f} tokens", settings.length.value, settings.length.value * tokens);
    return fmt::format("{}, steps of up to {:.0f} tokens", to_string(settings.length), tokens);
  }
  if (stage.recipe->output() != ArtifactKind::attempts) return "";
  const std::string set = input_of(stage, "problems");
  if (!plan.problems.contains(set)) return "";
  const std::vector<Problem> problems = services.load_problems(plan.problems.at(set));
  if (const auto* sampling = std::get_if<SamplingWork>(&stage.work)) {
    const double each = sampling->per_problem + (sampling->greedy ? 1 : 0);
    return fmt::format("{} problems x {} attempts{}, up to {:.0f} tokens", problems.size(), sampling->per_problem,
                       sampling->greedy ? " and a greedy one" : "",
                       static_cast<double>(problems.size()) * each * sampling->max_new_tokens);
  }
  std::size_t given = 0;
  for (const Problem& problem : problems) given += problem.solutions.size();
  return fmt::format("{} attempts at {} problems", given, problems.size());
}

std::string bytes_or_none(std::int64_t bytes) { return bytes > 0 ? bytes_text(static_cast<double>(bytes)) : ""; }

void print_plan(const RunPlan& plan, const RunServices& services, const std::vector<Footprint>& needs,
                const StageTimes& past, const std::vector<Superseded>& superseded,
                const std::vector<StageState>& states) {
  report::TextTable table(
      {"stage", "recipe", "will", "why", "parameters", "memory/rank", "checkpoint", "took", "work"});
  std::int64_t memory = 0, disk = 0;
  double seconds = 0;
  bool all_known = true;
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    const StagePlan& stage = plan.stages[i];
    const StageState& state = states[i];
    const StageTime* known = find_time(past, stage.name, stage.identity);
    if (!state.is_skipped()) {
      memory = std::max(memory, needs[i].memory());
      disk += needs[i].disk;
      all_known = all_known && known != nullptr && known->ended;
      if (known != nullptr) seconds += known->seconds;
    }
    table.add({stage.name, stage.recipe_name, std::string(to_string(state.will)), state.why,
               needs[i].parameters > 0 ? fmt::format("{:.2f}M", static_cast<double>(needs[i].parameters) / 1e6) : "",
               bytes_or_none(needs[i].memory()), bytes_or_none(needs[i].checkpoint),
               known == nullptr ? "" : fmt::format("{}{:.0f} s", known->unknown > 0 ? "> " : "", known->seconds),
               work_of(plan, services, stage)});
  }
  fmt::print("{}", table.to_string());
  fmt::print("\nwhat is left: memory of a rank {} beside the program's own, disk {} in {}",
             bytes_text(static_cast<double>(memory)), bytes_text(static_cast<double>(disk)), plan.run.folder);
  if (seconds > 0) fmt::print(", {}{:.0f} s as measured in this folder", all_known ? "" : "at least ", seconds);
  fmt::print("\n");
  for (const Superseded& work : superseded) fmt::print("{}\n", to_text(work));
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    if (!states[i].details.empty()) fmt::print("stage '{}': {}\n", plan.stages[i].name, states[i].details);
  }
}

// What was expected on the grid that each stage ran on last.
void print_comparison(const RunPlan& plan, Footprints& footprints, const StageTimes& past) {
  report::TextTable table({"stage", "ranks", "tensor", "expected", "measured", "measured/expected", "whole process"});
  bool any = false;
  for (const StagePlan& stage : plan.stages) {
    const StageTime* known = find_time(past, stage.name, stage.identity);
    if (known == nullptr || known->memory == 0) continue;
    const auto expected = static_cast<double>(footprints.of(stage, {known->ranks, known->tensor}).memory());
    if (expected == 0) continue;
    any = true;
    const auto measured = static_cast<double>(known->memory);
    table.add({stage.name, fmt::format("{}", known->ranks), fmt::format("{}", known->tensor), bytes_text(expected),
               bytes_text(measured), fmt::format("{:.2f}", measured / expected),
               bytes_text(static_cast<double>(known->peak))});
  }
  if (!any)
    fail_user(fmt::format("the ledger of {} tells of no stage that came to its end with its memory measured",
                          plan.run.folder));
  fmt::print(
      "expected, measured: the rank that took most, beside what the program held when the run began and pages of its "
      "libraries' files; whole process: with both\n{}",
      table.to_string());
}

// The stage that is still to be done and needs most.
const Footprint* largest_left(const std::vector<StageState>& states, const std::vector<Footprint>& needs) {
  const Footprint* largest = nullptr;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (needs[i].memory() == 0 || states[i].is_skipped()) continue;
    if (largest == nullptr || needs[i].memory() > largest->memory()) largest = &needs[i];
  }
  return largest;
}

// Throws where the ranks of a host need more than it has, whatever else runs there.
void check_fit(const Footprint& largest, const Options& options) {
  const bool here = options.memory.empty();
  const auto has = static_cast<double>(here ? host_memory().total : parse_byte_size(options.memory).bytes);
  const int ranks = options.ranks_per_host > 0 ? std::min(options.ranks_per_host, options.ranks) : options.ranks;
  const std::int64_t own = private_memory();
  const double together = largest.on_host(ranks, own);
  if (together <= has) return;
  fail_user(fmt::format(
      "stage '{}' does not fit: it needs about {} a rank beside the program's {} ({}), {} in all for {}, and {} has "
      "{}. {}raise parallel.tensor, set training.recompute: layers, or lower training.tokens_per_micro_batch or slots",
      largest.stage, bytes_text(static_cast<double>(largest.memory())), bytes_text(static_cast<double>(own)),
      largest.parts_text(), bytes_text(together), ranks == 1 ? "one rank" : fmt::format("{} ranks", ranks),
      here ? "this machine" : "a host", bytes_text(has),
      ranks == 1 ? "Use a larger machine (--memory says how much another one has), "
                 : "Use more hosts (--ranks-per-host says how many ranks one has, --memory how much memory), "));
}

// What is compared was measured on the ranks of a run before, whatever --ranks says now.
int fewest_ranks(const RunFile& file) {
  const Node tensor = file["parallel"]["tensor"];
  return tensor && tensor.is_scalar() ? std::max(1, read<int>(tensor)) : 1;
}

ExitCode plan_command(const Options& options) {
  if (!options.memory.empty()) (void)parse_byte_size(options.memory);  // a mistake is told, whatever is left to do
  SoloCommunicator solo;
  Logger log(0);
  const RunFile file = RunFile::load(options.run_file, options.overrides);
  PluginLoader plugins;
  plugins.load_built_in(recipe_folder());
  KnownDigests digests(parse<RunSettings>({file["run"]}).folder);
  RunServices services = make_services(solo, log, [&digests](const auto& list) { return digests.of(list()); });
  services.ranks = options.compare ? fewest_ranks(file) : options.ranks;
  const RunPlan plan = plan_run(file, plugins, services);
  Footprints footprints(plan, services);
  const StageTimes past = read_stage_times(plan.run.folder);
  for (const std::string& note : plan.notes) log.info("{}", note);
  for (const std::string& warning : plan.warnings) log.warn("{}", warning);
  for (const std::string& text : damage_of_records(plan.run.folder).all()) log.warn("{}", text);
  if (options.compare) {  // each stage on the ranks that it had
    fmt::print("run folder {}\n\n", plan.run.folder);
    print_comparison(plan, footprints, past);
    return ExitCode::done;
  }
  const Topology topology = make_topology(options.ranks, plan.parallel.tensor, file["parallel"]["tensor"].place());
  fmt::print("{}, run folder {}\n\n", topology.describe(), plan.run.folder);
  const std::vector<Footprint> needs = footprints.all({options.ranks, plan.parallel.tensor, options.ranks_per_host});
  const std::vector<Superseded> superseded = find_superseded(plan);
  std::vector<StageState> states;
  for (const StagePlan& stage : plan.stages) states.push_back(state_of(plan, stage, superseded));
  print_plan(plan, services, needs, past, superseded, states);
  if (const std::string shortage = describe_shortage(plan.run.folder, disk_left_to_write(plan, needs));
      !shortage.empty())
    log.warn("{}", shortage);
  if (plan.parallel.device == DeviceKind::cuda) {
    if (const std::string why = why_no_gpu(device_request(DeviceKind::cuda, 0, 1, "here")); !why.empty())
      log.warn("parallel.device is cuda: a start on this machine is refused: {}", why);
  }
  const Footprint* largest = largest_left(states, needs);
  if (largest != nullptr) fmt::print("'{}' needs most: {}\n", largest->stage, largest->parts_text());
  if (const std::string unread = digests.unread_text(); !unread.empty()) fmt::print("{}\n", unread);
  if (const auto holder = RunLock::holder_of(plan.run.folder)) {
    fmt::print("the run folder {} is in use by {}: a start now is refused until that has ended\n", plan.run.folder,
               *holder);
  }
  std::fflush(stdout);
  refuse_restart(plan, superseded);
  if (std::ranges::find(states, Will::refuse, &StageState::will) != states.end()) return ExitCode::user_mistake;
  if (std::ranges::find(states, Will::stop, &StageState::will) != states.end()) return ExitCode::failure;
  if (largest != nullptr) check_fit(*largest, options);
  return ExitCode::done;
}

}  // namespace

void add_plan(CLI::App& app, Subcommand& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plan", "what a run would do, stage by stage, and what it would take; starts nothing");
  command->add_option("RUNFILE", options->run_file, "the run file")->required();
  command->add_option("OVERRIDES", options->overrides, "key.path=value: in place of what the run file says");
  add_yes(*command, options->overrides);
  command->add_option("--ranks", options->ranks, "on how many ranks (1)")->check(count_between(1, kMostRanks));
  command->add_option("--ranks-per-host", options->ranks_per_host, "how many of them share a host (all)")
      ->check(count_between(1, kMostRanks));
  command->add_option("--memory", options->memory, "memory of a host, as 256GB (that of this machine)");
  command->add_flag("--compare", options->compare, "the memory that was expected beside what the run measured");
  command->callback([&chosen, options] { chosen.alone = [options] { return plan_command(*options); }; });
}

}  // namespace ft
