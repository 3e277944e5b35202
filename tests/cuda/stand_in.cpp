#include "tests/cuda/stand_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "tests/cuda/stand_in_launch.h"

namespace ft::testing {

using Machine = StandIn::State;

namespace {

constexpr int kSystemError = 2, kInvalidUsage = 5;

struct World {
  std::vector<ncclComm*> members;  // by rank; null until it has come
};

class StandInStream;

}  // namespace

}  // namespace ft::testing

// NCCL's handle: global, as nccl.h has it.
struct ncclComm {
  std::shared_ptr<ft::testing::World> world;
  int rank = 0, size = 0;
  int machine_rank = -1;
  std::deque<std::shared_ptr<ft::testing::Launch>> posted;  // not matched yet
  int error = ft::kNcclSuccess;
  bool in_progress = false;  // answers so once more
  bool ended = false;
};

namespace ft::testing {

struct StandIn::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::shared_ptr<World>> worlds;  // by id
  std::vector<std::unique_ptr<ncclComm>> comms;
  std::vector<std::string> faults;
  std::map<int, std::vector<std::string>> journals;
  std::map<int, int> launches;  // of each rank
  std::map<std::pair<int, int>, std::int64_t> sent;
  struct Injected {
    Trouble trouble;
    int rank, launch;
  };
  std::optional<Injected> injected;
  int num_ids = 0, num_aborted = 0, num_ended = 0;

  void match(World& world);
  void count_messages(const World& world, const std::vector<std::shared_ptr<Launch>>& launches);
};

namespace {

// The one machine of the present test, and what the calling rank's thread is about to launch.
Machine* the_machine = nullptr;
thread_local int my_rank = -1;
thread_local int group_depth = 0;
thread_local std::vector<Operation> group;
thread_local ncclComm* group_comm = nullptr;
thread_local StandInStream* group_stream = nullptr;

class StandInMark final : public StreamMark {
 public:
  StandInMark(Machine& machine, int rank, std::vector<std::shared_ptr<Launch>> before)
      : machine_(machine), rank_(rank), before_(std::move(before)) {}

  bool reached() override {
    const std::lock_guard lock(machine_.mutex);
    return over();
  }
  void hold_current() override {
    std::unique_lock lock(machine_.mutex);
    machine_.journals[rank_].push_back("hold");
    machine_.changed.wait(lock, [&] { return over(); });
  }

 private:
  [[nodiscard]] bool over() const {
    return std::ranges::all_of(before_, [](const auto& launch) { return launch->over; });
  }
  Machine& machine_;
  int rank_;
  std::vector<std::shared_ptr<Launch>> before_;
};

class StandInStream final : public SideStream {
 public:
  StandInStream(Machine& machine, int rank) : machine_(machine), rank_(rank) { my_rank = rank; }

  void* handle() override { return this; }
  void follow_current() override { note("follow"); }
  void run(const std::function<void()>& work) override {
    {
      std::unique_lock lock(machine_.mutex);
      machine_.journals[rank_].push_back("run");
      machine_.changed.wait(lock, [&] { return launched_.empty() || std::ranges::all_of(launched_, &Launch::over); });
      launched_.clear();
    }
    work();
  }
  std::shared_ptr<StreamMark> mark() override {
    note("mark");
    std::erase_if(launched_, [](const auto& launch) { return launch->over; });
    return std::make_shared<StandInMark>(machine_, rank_, launched_);
  }
  // The caller holds the mutex.
  void add(std::shared_ptr<Launch> launch) { launched_.push_back(std::move(launch)); }
  [[nodiscard]] int rank() const { return rank_; }

 private:
  void note(const char* what) {
    const std::lock_guard lock(machine_.mutex);
    machine_.journals[rank_].push_back(what);
  }
  Machine& machine_;
  int rank_;
  std::vector<std::shared_ptr<Launch>> launched_;
};

int get_unique_id(char* id) {
  const std::lock_guard lock(the_machine->mutex);
  const std::string text = fmt::format("world {}", ++the_machine->num_ids);
  std::memset(id, 0, kNcclIdBytes);
  std::memcpy(id, text.data(), text.size());
  return kNcclSuccess;
}

int init_rank(ncclComm** comm, int size, const char* id, int rank) {
  const std::lock_guard lock(the_machine->mutex);
  if (the_machine->injected && the_machine->injected->trouble == StandIn::Trouble::start &&
      the_machine->injected->rank == my_rank) {
    return kSystemError;
  }
  auto& world = the_machine->worlds[std::string(id, kNcclIdBytes)];
  if (!world) world = std::make_shared<World>(World{std::vector<ncclComm*>(static_cast<std::size_t>(size), nullptr)});
  ncclComm* fresh = the_machine->comms.emplace_back(std::make_unique<ncclComm>()).get();
  fresh->world = world;
  fresh->rank = rank;
  fresh->size = size;
  fresh->machine_rank = my_rank;
  if (world->members.size() != static_cast<std::size_t>(size) || world->members[static_cast<std::size_t>(rank)]) {
    the_machine->faults.push_back(fmt::format("rank {} of {} does not fit its world", rank, size));
  }
  world->members[static_cast<std::size_t>(rank)] = fresh;
  *comm = fresh;
  return kNcclInProgress;
}

// The caller holds the mutex.
bool usable(ncclComm* comm, const char* what) {
  if (comm != nullptr && !comm->ended) return true;
  the_machine->faults.push_back(fmt::format("{} of a communicator that has ended", what));
  return false;
}

int async_error(ncclComm* comm, int* result) {
  const std::lock_guard lock(the_machine->mutex);
  if (!usable(comm, "async_error")) return kInvalidUsage;
  const auto& members = comm->world->members;
  const bool all_here = std::ranges::none_of(members, [](ncclComm* member) { return member == nullptr; });
  *result = comm->error != kNcclSuccess ? comm->error : all_here && !comm->in_progress ? kNcclSuccess : kNcclInProgress;
  comm->in_progress = false;
  return kNcclSuccess;
}

int finalize(ncclComm* comm) {
  const std::lock_guard lock(the_machine->mutex);
  if (!usable(comm, "finalize")) return kInvalidUsage;
  if (!comm->posted.empty()) the_machine->faults.emplace_back("finalize of a communicator with work on it");
  comm->in_progress = true;
  return kNcclInProgress;
}

int destroy(ncclComm* comm) {
  const std::lock_guard lock(the_machine->mutex);
  if (!usable(comm, "destroy")) return kInvalidUsage;
  comm->ended = true;
  ++the_machine->num_ended;
  return kNcclSuccess;
}

int abort_comm(ncclComm* comm) {
  const std::lock_guard lock(the_machine->mutex);
  if (!usable(comm, "abort")) return kInvalidUsage;
  comm->ended = true;
  for (const auto& launch : comm->posted) launch->over = true;  // its kernels return
  comm->posted.clear();
  ++the_machine->num_aborted;
  the_machine->changed.notify_all();
  return kNcclSuccess;
}

const char* error_string(int result) {
  return result == kSystemError ? "stand-in system error" : "stand-in usage error";
}
const char* last_error(ncclComm*) { return ""; }

int group_start() {
  ++group_depth;
  return kNcclSuccess;
}

// Posts what the group has gathered.
int post() {
  const std::lock_guard lock(the_machine->mutex);
  ncclComm* comm = std::exchange(group_comm, nullptr);
  StandInStream* stream = std::exchange(group_stream, nullptr);
  auto launch = std::make_shared<Launch>(Launch{std::exchange(group, {})});
  if (comm == nullptr) return kNcclSuccess;  // an empty group
  if (!usable(comm, "launch")) return kInvalidUsage;
  the_machine->journals[comm->machine_rank].push_back("launch");
  const int number = ++the_machine->launches[comm->machine_rank];
  stream->add(launch);
  const auto& injected = the_machine->injected;
  if (injected && injected->rank == comm->machine_rank && injected->launch == number) {
    comm->posted.push_back(launch);
    if (injected->trouble == StandIn::Trouble::refuse) return kSystemError;
    if (injected->trouble == StandIn::Trouble::async_error) comm->error = kSystemError;
    comm->world->members[static_cast<std::size_t>(comm->rank)] = comm;
    comm->posted.back()->operations = {Operation{.what = "never"}};
    return kNcclSuccess;
  }
  comm->posted.push_back(launch);
  the_machine->match(*comm->world);
  comm->in_progress = number % 3 == 0;  // now and then NCCL takes its time
  return comm->in_progress ? kNcclInProgress : kNcclSuccess;
}

int group_end() {
  if (group_depth == 0) {
    const std::lock_guard lock(the_machine->mutex);
    the_machine->faults.emplace_back("a group ends that has not begun");
    return kInvalidUsage;
  }
  return --group_depth > 0 ? kNcclSuccess : post();
}

int add(Operation operation, ncclComm* comm, void* stream) {
  auto* const on = static_cast<StandInStream*>(stream);
  if ((group_comm != nullptr && group_comm != comm) || (group_stream != nullptr && group_stream != on)) {
    const std::lock_guard lock(the_machine->mutex);
    the_machine->faults.emplace_back("a group over two communicators or streams");
  }
  group.push_back(std::move(operation));
  group_comm = comm;
  group_stream = on;
  return group_depth > 0 ? kNcclSuccess : post();
}

int all_gather(const void* send, void* receive, std::size_t count, int type, ncclComm* comm, void* stream) {
  return add({.what = "all_gather", .from = send, .to = receive, .count = count, .type = type}, comm, stream);
}
int broadcast(const void* send, void* receive, std::size_t count, int type, int root, ncclComm* comm, void* stream) {
  return add({.what = "broadcast", .from = send, .to = receive, .count = count, .type = type, .root = root}, comm,
             stream);
}
int send(const void* data, std::size_t count, int type, int peer, ncclComm* comm, void* stream) {
  return add({.what = "send", .from = data, .count = count, .type = type, .peer = peer}, comm, stream);
}
int receive(void* data, std::size_t count, int type, int peer, ncclComm* comm, void* stream) {
  return add({.what = "receive", .to = data, .count = count, .type = type, .peer = peer}, comm, stream);
}

constexpr NcclApi kApi = {.version = 0,
                          .get_unique_id = get_unique_id,
                          .init_rank = init_rank,
                          .async_error = async_error,
                          .finalize = finalize,
                          .destroy = destroy,
                          .abort = abort_comm,
                          .error_string = error_string,
                          .last_error = last_error,
                          .group_start = group_start,
                          .group_end = group_end,
                          .all_gather = all_gather,
                          .broadcast = broadcast,
                          .send = send,
                          .receive = receive};

}  // namespace

namespace {

// The ranks without which the next launch of rank `first` cannot be done: those that it exchanges messages with, and
// theirs in turn; all of them, where it is collective. Empty: not all of these have come, or some are still at an
// earlier launch, which has nothing for the rank that waits for them.
std::set<std::size_t> needed_by(const World& world, std::size_t first) {
  const auto next_of = [&](std::size_t rank) -> const Launch* {
    const ncclComm* comm = world.members[rank];
    if (comm == nullptr || comm->posted.empty() || comm->posted.front()->operations.front().what == "never")
      return nullptr;
    return comm->posted.front().get();
  };
  std::set<std::size_t> found = {first};
  std::vector<std::size_t> unseen = {first};
  while (!unseen.empty()) {
    const std::size_t rank = unseen.back();
    unseen.pop_back();
    const Launch* launch = next_of(rank);
    if (launch == nullptr) return {};
    for (const Operation& operation : launch->operations) {
      for (std::size_t r = 0; r < world.members.size(); ++r) {
        if (operation.is_message() && operation.peer != static_cast<int>(r)) continue;
        const Launch* other = next_of(r);
        if (other == nullptr) return {};
        const auto concerns = [&](const Operation& o) {
          return !o.is_message() || (operation.is_message() && o.peer == static_cast<int>(rank));
        };
        if (r != rank && std::ranges::none_of(other->operations, concerns)) return {};
        if (found.insert(r).second) unseen.push_back(r);
      }
    }
  }
  return found;
}

}  // namespace

// Executes the launches for which all ranks that they need have come.
void StandIn::State::match(World& world) {
  for (std::size_t first = 0; first < world.members.size();) {
    std::vector<std::shared_ptr<Launch>> launches(world.members.size());
    for (const std::size_t r : needed_by(world, first)) {
      launches[r] = world.members[r]->posted.front();
      world.members[r]->posted.pop_front();
    }
    if (launches[first] == nullptr) {
      ++first;
      continue;
    }
    count_messages(world, launches);
    if (const std::string fault = move_data(launches); !fault.empty()) {
      faults.push_back(fault);
      for (ncclComm* comm : world.members) {
        if (comm != nullptr) comm->error = kInvalidUsage;
      }
    }
    for (const auto& launch : launches) {
      if (launch != nullptr) launch->over = true;
    }
    first = 0;  // what waited behind these may go on
  }
  changed.notify_all();
}

void StandIn::State::count_messages(const World& world, const std::vector<std::shared_ptr<Launch>>& launches) {
  for (std::size_t r = 0; r < launches.size(); ++r) {
    if (launches[r] == nullptr) continue;
    for (const Operation& o : launches[r]->operations) {
      if (o.what != "send") continue;
      const ncclComm* to = world.members[static_cast<std::size_t>(o.peer)];
      sent[{world.members[r]->machine_rank, to->machine_rank}] += static_cast<std::int64_t>(o.count);
    }
  }
}

StandIn::StandIn() : state_(std::make_shared<State>()) { the_machine = state_.get(); }
StandIn::~StandIn() { the_machine = nullptr; }

std::shared_ptr<const NcclBackend> StandIn::backend(int rank) {
  return std::make_shared<NcclBackend>(NcclBackend{
      .device = at::kCPU, .api = kApi, .make_stream = [state = state_, rank]() -> std::unique_ptr<SideStream> {
        return std::make_unique<StandInStream>(*state, rank);
      }});
}

void StandIn::inject(Trouble trouble, int rank, int launch) { state_->injected = {trouble, rank, launch}; }

std::vector<std::string> StandIn::faults() const {
  const std::lock_guard lock(state_->mutex);
  return state_->faults;
}
std::vector<std::string> StandIn::journal(int rank) const {
  const std::lock_guard lock(state_->mutex);
  return state_->journals[rank];
}
std::int64_t StandIn::sent(int from, int to) const {
  const std::lock_guard lock(state_->mutex);
  return state_->sent[{from, to}];
}
int StandIn::num_aborted() const { return state_->num_aborted; }
int StandIn::num_ended_in_order() const { return state_->num_ended; }

}  // namespace ft::testing
