// `ftrun doctor`: looks at the machine, the launcher and the run folder before hours are spent, and says in one line a
// finding what is well, what will be slow, and what will fail, with what to do about it.
//
// Each group of findings is one file, doctor_<group>.cpp, with one function that all ranks call. What single ranks know
// is collected by collect(); rank 0 judges, the others' findings are not looked at.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/comm/communicator.h"
#include "launch/footprint.h"
#include "parallel/mpi/bootstrap.h"

namespace ft {

enum class Health { ok, warning, problem };
[[nodiscard]] std::string_view to_string(Health health);

struct Finding {
  Health health = Health::ok;
  std::string name;    // what was looked at: "cores", "locks"
  std::string text;    // what was found, with numbers
  std::string advice;  // what to do; empty where all is well
};

// What the run file asks of the machine, the same on every rank; without a run file all is unknown.
struct Demands {
  std::filesystem::path folder = ".";
  bool has_run_file = false;
  int tensor = 1;
  std::int64_t memory = 0;                  // bytes of the largest stage on one rank, beside the program's own
  double memory_each = 0, memory_once = 0;  // of it: what every rank adds to its host, and what the host has once
  std::int64_t disk = 0;                    // bytes that the run will have written
  std::string largest;                      // the stage that needs `memory`
  DeviceKind device = DeviceKind::cpu;      // parallel.device
};

// One look at one job.
class Examination {
 public:
  Examination(MpiSession& session, Demands demands) : session_(session), demands_(std::move(demands)) {}

  [[nodiscard]] MpiSession& session() { return session_; }
  [[nodiscard]] Communicator& world() { return session_.world(); }
  [[nodiscard]] bool speaks() { return world().rank() == 0; }
  [[nodiscard]] const Demands& demands() const { return demands_; }

  void ok(std::string name, std::string text);
  void warning(std::string name, std::string text, std::string advice);
  void problem(std::string name, std::string text, std::string advice);
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }

  // Collective: what every rank has to say, by rank.
  [[nodiscard]] std::vector<nlohmann::json> collect(Name name, const nlohmann::json& mine);

 private:
  MpiSession& session_;
  Demands demands_;
  std::vector<Finding> findings_;
};

// "rank 3", "ranks 0, 2, 5", "ranks 0-63".
[[nodiscard]] std::string ranks_text(const std::vector<int>& ranks);

// Collective, all of them; each adds one or more findings.
void examine_ranks(Examination& exam);      // launcher, MPI, hosts, libraries, clocks
void examine_cores(Examination& exam);      // where ranks sit, crowding, other load
void examine_memory(Examination& exam);     // what there is against what the run file needs
void examine_processor(Examination& exam);  // instruction sets, exactness, GPUs
void examine_limits(Examination& exam);     // open files, file size, core dumps, locale
void examine_folder(Examination& exam);     // one folder for all, rights, space, locks, speed
void examine_exchange(Examination& exam);   // all-reduce bandwidth

}  // namespace ft
