// ftrun: the program. Parses the command line and turns errors into exit codes.

#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "framework/base/failure.h"
#include "framework/base/process_end.h"
#include "framework/base/results.h"
#include "framework/base/user_path.h"
#include "framework/kernels/allocator.h"
#include "framework/store/end_note.h"
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

void complain(const std::string& what) { say_plainly(fmt::format("ftrun: {}\n", what)); }

// Commands whose only result is what they print.
int run_alone(const std::function<ExitCode()>& command) {
  end_as_others_do();
  try {
    const ExitCode code = command();
    const int error = flush_results();
    if (error == 0) return static_cast<int>(code);
    complain(fmt::format("standard output cannot be written: {}", std::strerror(error)));
  } catch (const UserError& error) {
    std::fflush(stdout);
    complain(error.what());
    return static_cast<int>(ExitCode::user_mistake);
  } catch (const std::system_error& error) {  // fmt's, where what it prints does not fit a buffer
    const bool output = std::ferror(stdout) != 0;
    complain(output ? fmt::format("standard output cannot be written: {}", error.code().message())
                    : failure_text(error));
  } catch (const std::exception& error) {
    std::fflush(stdout);
    complain(failure_text(error));
  }
  return static_cast<int>(ExitCode::failure);
}

int run_on_ranks(const std::function<ExitCode(MpiSession&)>& command,
                 const std::function<void(ExitCode)>& before_mpi_ends = {}) {
  install_stop_signals();
  keep_freed_memory_mapped();
  at::set_num_threads(1);  // one rank a core, one thread a rank
  const int code = run_mpi_session(command, {}, before_mpi_ends);
  if (const int error = flush_results(); error != 0) {  // the report lies in the run folder, too: the code stays
    complain(fmt::format("warning: standard output cannot be written: {}", std::strerror(error)));
  }
  return code;
}

// mpirun has an exit code of its own where it was told to end itself, so the run's stands in its folder, too.
int run_run_file(const std::string& run_file, const std::vector<std::string>& overrides) {
  std::filesystem::path folder;  // set on rank 0
  EndNote note;
  return run_on_ranks([&](MpiSession& session) { return run_file_command(run_file, overrides, session, folder, note); },
                      [&](ExitCode code) {
                        if (folder.empty()) return;
                        try {
                          note.end(folder, code);
                        } catch (const std::exception& error) {
                          if (code != ExitCode::failure) complain(fmt::format("warning: {}", failure_text(error)));
                        }
                      });
}

// `--json=~/x`: shells expand a tilde at a word's begin only. CLI11 takes arguments from the last to the first.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  for (std::string& argument : arguments) {
    const std::size_t value = argument.find("=~");
    if (value == std::string::npos || !argument.starts_with("--") || argument.find('=') != value) continue;
    argument = argument.substr(0, value + 1) + user_path(argument.substr(value + 1));
  }
  std::ranges::reverse(arguments);
  return arguments;
}

// "plan" for "pln", where no file is called so; empty for what looks like a file.
std::string command_meant(const CLI::App& app, const std::string& word) {
  std::error_code ignored;
  if (word.find_first_of("./") != std::string::npos || std::filesystem::exists(word, ignored)) return "";
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command->get_name());
  return nearest(word, commands).value_or("");
}

int run_command_line(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of file sizes fails, with words, in every command
  CLI::App app{
      "ftrun fine-tunes language models to solve maths problems and to judge solutions, as one restartable job."};
  app.name("ftrun");
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
    app.parse(arguments_of(argc, argv));
  } catch (const CLI::ParseError& error) {
    end_as_others_do();
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::user_mistake);
  } catch (const UserError& error) {
    complain(error.what());
    return static_cast<int>(ExitCode::user_mistake);
  }
  if (chosen.alone) return run_alone(chosen.alone);
  if (chosen.on_ranks) return run_on_ranks(chosen.on_ranks);
  std::error_code ignored;
  if (run_file == "help" && !std::filesystem::exists(run_file, ignored)) {
    print_results("{}", app.help());
    return flush_results() == 0 ? 0 : static_cast<int>(ExitCode::failure);
  }
  if (run_file.empty()) {
    say_plainly(app.help());
    return static_cast<int>(ExitCode::user_mistake);
  }
  if (const std::string meant = command_meant(app, run_file); !meant.empty()) {
    complain(fmt::format("there is no command and no run file '{}'; did you mean 'ftrun {}'?", run_file, meant));
    return static_cast<int>(ExitCode::user_mistake);
  }
  return run_run_file(run_file, overrides);
}

void prepare() {
  hear_stop_signals();
  prepare_process();
}

}  // namespace

// Before main() the libraries build their own statics, and may find too little memory for it, or take so long that a
// request to stop comes meanwhile: the loader calls what stands in this section before them. (A sanitizer's own start has
// to come first.)
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPrepared = false;
#else
constexpr bool kPrepared = true;
[[gnu::section(".preinit_array"), gnu::used]] void (*const prepare_first)() = &prepare;
#endif

int main(int argc, char** argv) {
  if (!kPrepared) prepare();
  forbid_exit();
  int code = static_cast<int>(ExitCode::failure);
  try {
    code = run_command_line(argc, argv);
  } catch (const std::exception&) {  // while another error was being told
    say_plainly(
        "ftrun: out of memory, and none is left to say for what: the limit (`ulimit -v`, the control group's) is too "
        "small for the program itself\n");
  }
  end_process(code);
}
