// Which launcher started this process, as its environment says, before MPI is touched: a plain `ftrun FILE` shall not
// wait for MPI_Init, and ranks started by the wrong launcher shall not each believe that they are alone.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace ft {

// What the launcher promises.
struct Launch {
  std::string launcher;  // "mpirun", "PMI", "PMIx": for messages
  int ranks = 0;         // 0: unknown (PMIx tells it to MPI_Init only)
};

// Looks up one environment variable.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// The environment of this process.
[[nodiscard]] Environment process_environment();

// Empty: started by hand, one rank. Throws UserError when srun started several tasks without the interface that Open
// MPI needs: each would run alone and all would write to the same run folder.
[[nodiscard]] std::optional<Launch> find_launch(const Environment& environment);

}  // namespace ft
