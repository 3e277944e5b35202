#include "parallel/mpi/bootstrap.h"

#include <mpi.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>
#include <thread>

#include "framework/base/failure.h"
#include "framework/base/process_end.h"
#include "framework/comm/solo_communicator.h"
#include "framework/comm/transport_communicator.h"
#include "parallel/mpi/binding.h"
#include "parallel/mpi/job_end.h"
#include "parallel/mpi/launcher.h"

namespace ft {
namespace {

// From the moment when an end has begun until the process is gone, whatever MPI or another library waits for then:
// longer than ranks wait for each other (job_end.cpp).
constexpr unsigned kEndSeconds = 30;
// Of a job that ended well: many ranks of one core may take long over MPI_Finalize.
constexpr unsigned kFinalizeSeconds = 300;

void print_error(const std::string& why) {
  std::fflush(stdout);
  say_plainly(fmt::format("ftrun: {}\n", why));
}

// PMIx servers may let each host's ranks wait for one another alone in MPI_Init (PMIx 4.2.2 under Slurm 22.05: seen). A rank
// that waits there for a late one of its host takes in messages of other hosts' ranks, which are through, and dies: it has
// nothing yet to take them with. So nobody sends before late ranks have had some time.
void wait_for_late_hosts() {
  constexpr std::chrono::seconds kLate(2);
  const char* hosts = std::getenv("SLURM_STEP_NUM_NODES");
  if (hosts == nullptr || std::string_view(hosts) != "1") std::this_thread::sleep_for(kLate);
}

// MPI is called from one thread at a time; other threads (loaders, the watchdog) exist.
void start_mpi(const Launch& launch) {
  int provided = 0, size = 0, rank = 0;
  // The few calls that block inside MPI (the start, groups) shall not hold a core that another rank needs.
  setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  watch_for_crashes();  // MPI_Init has installed handlers of its own
  if (launch.launcher == "PMIx") wait_for_late_hosts();
  FT_CHECK(provided >= MPI_THREAD_SERIALIZED, "this MPI grants thread level {} only, MPI_THREAD_SERIALIZED is needed",
           provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (launch.ranks > 0 && launch.ranks != size) {
    fail_user(
        fmt::format("{} started {} ranks, but MPI sees {}: the launcher belongs to another MPI than the one ftrun "
                    "was built with; use the mpirun of that one, or `srun --mpi=pmix`",
                    launch.launcher, launch.ranks, size));
  }
}

// Where one rank gets no memory for its part of MPI's start, Open MPI may let it and the others wait for each other.
void expect_start() {
  rlimit space{};
  const bool limited = getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY;
  if (limited) {
    expect_within(60,
                  "ftrun: MPI has not come up within 60 s, and memory is limited (`ulimit -v`): a rank that gets too "
                  "little is waited for in vain; raise it, and start the same command again\n");
  } else {
    expect_within(900,
                  "ftrun: MPI has not come up within 15 minutes: a rank or a host does not answer; start the same "
                  "command again, `ftrun doctor` looks at the hosts\n");
  }
}

// How often waiting ranks of this host may look before they give their core away: not at all when the processors that
// any of them may run on are fewer than they. Collective.
int spins_on_host() {
  std::array<unsigned char, 1024> processors{};
  for (const int cpu : own_cpus()) processors[static_cast<std::size_t>(cpu) / 8] |= 1U << (cpu % 8);
  MPI_Comm host = MPI_COMM_NULL;
  int ranks = 0, count = 0;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_size(host, &ranks);
  MPI_Allreduce(MPI_IN_PLACE, processors.data(), processors.size(), MPI_UNSIGNED_CHAR, MPI_BOR, host);
  MPI_Comm_free(&host);
  for (const unsigned char eight : processors) count += std::popcount(eight);
  return ranks <= count ? kSpins : 0;
}

}  // namespace

MpiSession::MpiSession(MpiSettings settings) {
  const Environment environment = process_environment();
  const std::optional<Launch> launch = find_launch(environment);
  if (!launch || (launch->ranks == 1 && settings.solo_without_mpi)) {
    world_ = std::make_unique<SoloCommunicator>();
    return;
  }
  const std::string sharing = environment("FTRUN_SHARED_MEMORY").value_or("");
  if (sharing == "off") settings.shared_memory = false;
  std::from_chars(sharing.data(), sharing.data() + sharing.size(), settings.share_among);
  expect_start();
  start_mpi(*launch);
  spins_ = spins_on_host();
  MPI_Comm world = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &world);
  job_ = std::make_unique<JobEnd>(MpiHandle{static_cast<int>(MPI_Comm_c2f(world))});
  world_ = duplicate(settings);
  has_come();
}

MpiSession::~MpiSession() {
  if (!job_) return;
  end_within(agreed_ ? kFinalizeSeconds : kEndSeconds, static_cast<int>(ended_with_));
  if (!agreed_) return;
  world_.reset();
  job_.reset();
  MPI_Finalize();
}

int MpiSession::local_rank() const { return job_ ? job_->local_rank() : 0; }

int MpiSession::local_size() const { return job_ ? job_->local_size() : 1; }

std::string MpiSession::host() const {
  if (job_) return job_->host();
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string MpiSession::describe() {
  if (!job_) return fmt::format("1 rank on {}, without MPI", host());
  const std::vector<std::string> all = world_->all_gather_bytes("hosts", host());
  const std::size_t hosts = std::set<std::string>(all.begin(), all.end()).size();
  return fmt::format("{} ranks on {} {}, {}", world_->size(), hosts, hosts == 1 ? "host" : "hosts", way_of(*world_));
}

std::string MpiSession::way_of(const Communicator& comm) {
  const int hosts = std::ranges::max(comm.hosts()) + 1;
  return hosts == 1 ? "shared memory" : hosts == comm.size() ? "MPI" : "shared memory and MPI";
}

std::unique_ptr<Communicator> MpiSession::duplicate(const MpiSettings& settings) {
  if (!job_) return std::make_unique<SoloCommunicator>();
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  MpiSettings own = settings;
  own.spins = std::min(own.spins, spins_);
  return std::make_unique<TransportCommunicator>(
      std::make_unique<MpiTransport>(MpiHandle{static_cast<int>(MPI_Comm_c2f(copy))}, *job_, own));
}

ExitCode MpiSession::end_failed(ExitCode code, const std::string& why) {
  end_within(kEndSeconds, static_cast<int>(code));
  if (!job_) {
    print_error(why);
    return code;
  }
  code = job_->agree(JobEnd::Outcome::failed, code, why);
  agreed_ = true;
  return code;
}

ExitCode MpiSession::run(const std::function<ExitCode(MpiSession&)>& body) {
  try {
    ExitCode code = body(*this);
    if (job_) code = job_->agree(JobEnd::Outcome::done, code, "");
    agreed_ = true;
    ended_with_ = code;
    return code;
  } catch (const PeerFailure& error) {
    end_within(kEndSeconds, static_cast<int>(ExitCode::failure));
    const ExitCode code = job_->agree(JobEnd::Outcome::peer_failed, ExitCode::failure, error.what());
    agreed_ = true;
    return code;
  } catch (const UserError& error) {
    return end_failed(ExitCode::user_mistake, error.what());
  } catch (const StopRequested& error) {
    return end_failed(ExitCode::stopped, error.what());
  } catch (const std::exception& error) {
    return end_failed(ExitCode::failure, failure_text(error));
  }
}

std::string mpi_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data(), static_cast<std::size_t>(length));
  return whole.substr(0, whole.find_first_of(",\n"));
}

int run_mpi_session(const std::function<ExitCode(MpiSession&)>& body, MpiSettings settings,
                    const std::function<void(ExitCode)>& before_mpi_ends) {
  try {
    MpiSession session(settings);
    const ExitCode code = session.run(body);
    if (before_mpi_ends) before_mpi_ends(code);
    return static_cast<int>(code);
  } catch (const UserError& error) {  // of the start: every rank has it, and cannot know of the others
    print_error(error.what());
    return static_cast<int>(ExitCode::user_mistake);
  } catch (const std::exception& error) {
    print_error(failure_text(error));
    return static_cast<int>(ExitCode::failure);
  }
}

}  // namespace ft
