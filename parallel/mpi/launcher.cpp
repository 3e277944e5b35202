#include "parallel/mpi/launcher.h"

#include <charconv>
#include <cstdlib>

#include "framework/base/error.h"

namespace ft {
namespace {

int number_in(const Environment& environment, const char* name) {
  const std::optional<std::string> text = environment(name);
  int number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::optional<Launch> find_launch(const Environment& environment) {
  if (const int ranks = number_in(environment, "OMPI_COMM_WORLD_SIZE"); ranks > 0) return Launch{"mpirun", ranks};
  if (const int ranks = number_in(environment, "PMI_SIZE"); ranks > 0) return Launch{"PMI", ranks};
  if (environment("PMIX_RANK")) return Launch{"PMIx", number_in(environment, "SLURM_STEP_NUM_TASKS")};
  // Set by srun for the tasks of a step, not in the batch script itself, where ftrun may well run alone.
  const int tasks = number_in(environment, "SLURM_STEP_NUM_TASKS");
  if (tasks > 1) {
    fail_user(
        fmt::format("srun started {} tasks, but without MPI each of them would run alone; start them with "
                    "`srun --mpi=pmix` or with mpirun",
                    tasks));
  }
  return std::nullopt;
}

}  // namespace ft
