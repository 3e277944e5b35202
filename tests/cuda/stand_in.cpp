#include "tests/cuda/stand_in.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "framework/comm/tree_sum.h"

namespace ft::testing {

using Machine = StandIn::State;

namespace {

constexpr int kSystemError = 2, kInvalidUsage = 5;

struct Operation {
  std::string what;  // "all_reduce", ...
  const void* from = nullptr;
  void* to = nullptr;
  std::size_t count = 0;
  int type = 0, op = 0, root = 0, peer = -1;

  // What must be the same on all ranks of a collective operation.
  [[nodiscard]] std::string text() const { return fmt::format("{} of {} x type {}, op {}, root {}", what, count, type, op, root); }
  [[nodiscard]] bool is_message() const { return what == "send" || what == "receive"; }
};

struct Launch {
  std::vector<Operation> operations;
  bool over = false;  // its data has moved, or its communicator was aborted
};

struct World {
  std::vector<ncclComm*> members;  // by rank; null until it has come
};

std::size_t width_of(int type) {
  switch (type) {
    case kNcclUint8:
      return 1;
    case kNcclBfloat16:
      return 2;
    case kNcclInt32:
    case kNcclFloat32:
      return 4;
    default:
      return 8;
  }
}

at::ScalarType dtype_of(int type) {
  static const std::map<int, at::ScalarType> kTypes = {{kNcclInt32, at::kInt},     {kNcclInt64, at::kLong},
                                                       {kNcclFloat32, at::kFloat}, {kNcclFloat64, at::kDouble},
                                                       {kNcclBfloat16, at::kBFloat16}};
  return kTypes.at(type);
}

ReduceOp op_of(int op) { return op == kNcclMax ? ReduceOp::max : op == kNcclMin ? ReduceOp::min : ReduceOp::sum; }

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
  struct Injected {
    Trouble trouble;
    int rank, launch;
  };
  std::optional<Injected> injected;
  int num_ids = 0, num_aborted = 0, num_ended = 0;

  void match(World& world);
  void execute(World& world, const std::vector<std::shared_ptr<Launch>>& launches);
  void move(World& world, const std::vector<const Operation*>& of_rank);
};

namespace {

// The one machine of the present test, and what the calling rank's thread is about to launch.
Machine* the_machine = nullptr;
thread_local int my_rank = -1;
thread_local int group_depth = 0;
thread_local std::vector<Operation> group;
thread_local ncclComm* group_comm = nullptr;
thread_local StandInStream* group_stream = nullptr;

void reduce_ranks(const std::vector<const Operation*>& of_rank, std::size_t offset, std::size_t count, void* to) {
  std::vector<const void*> parts;
  for (const Operation* operation : of_rank) {
    parts.push_back(static_cast<const std::byte*>(operation->from) + offset * width_of(operation->type));
  }
  std::vector<std::byte> sum(count * width_of(of_rank[0]->type));
  reduce_tree(dtype_of(of_rank[0]->type), op_of(of_rank[0]->op), parts, sum.data(), static_cast<std::int64_t>(count));
  std::memcpy(to, sum.data(), sum.size());
}

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
  if (!comm->posted.empty()) the_machine->faults.push_back("finalize of a communicator with work on it");
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

const char* error_string(int result) { return result == kSystemError ? "stand-in system error" : "stand-in usage error"; }
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
    the_machine->faults.push_back("a group ends that has not begun");
    return kInvalidUsage;
  }
  return --group_depth > 0 ? kNcclSuccess : post();
}

int add(Operation operation, ncclComm* comm, void* stream) {
  auto* const on = static_cast<StandInStream*>(stream);
  if ((group_comm != nullptr && group_comm != comm) || (group_stream != nullptr && group_stream != on)) {
    const std::lock_guard lock(the_machine->mutex);
    the_machine->faults.push_back("a group over two communicators or streams");
  }
  group.push_back(std::move(operation));
  group_comm = comm;
  group_stream = on;
  return group_depth > 0 ? kNcclSuccess : post();
}

int all_reduce(const void* send, void* receive, std::size_t count, int type, int op, ncclComm* comm, void* stream) {
  return add({.what = "all_reduce", .from = send, .to = receive, .count = count, .type = type, .op = op}, comm, stream);
}
int reduce_scatter(const void* send, void* receive, std::size_t count, int type, int op, ncclComm* comm, void* stream) {
  return add({.what = "reduce_scatter", .from = send, .to = receive, .count = count, .type = type, .op = op}, comm,
             stream);
}
int reduce(const void* send, void* receive, std::size_t count, int type, int op, int root, ncclComm* comm,
           void* stream) {
  return add({.what = "reduce", .from = send, .to = receive, .count = count, .type = type, .op = op, .root = root},
             comm, stream);
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
                          .all_reduce = all_reduce,
                          .reduce_scatter = reduce_scatter,
                          .reduce = reduce,
                          .all_gather = all_gather,
                          .broadcast = broadcast,
                          .send = send,
                          .receive = receive};

}  // namespace

// Executes the launches that all ranks have posted.
void StandIn::State::match(World& world) {
  while (std::ranges::all_of(world.members, [](ncclComm* comm) {
    return comm != nullptr && !comm->posted.empty() && comm->posted.front()->operations.front().what != "never";
  })) {
    std::vector<std::shared_ptr<Launch>> launches;
    for (ncclComm* comm : world.members) {
      launches.push_back(comm->posted.front());
      comm->posted.pop_front();
    }
    execute(world, launches);
    for (const auto& launch : launches) launch->over = true;
  }
  changed.notify_all();
}

void StandIn::State::execute(World& world, const std::vector<std::shared_ptr<Launch>>& launches) {
  const auto wrong = [&](const std::string& what) {
    faults.push_back(what);
    for (ncclComm* comm : world.members) comm->error = kInvalidUsage;
  };
  // Messages: the sends from a to b, in order, are b's receives from a.
  for (std::size_t a = 0; a < launches.size(); ++a) {
    for (std::size_t b = 0; b < launches.size(); ++b) {
      std::vector<const Operation*> sends, receives;
      for (const Operation& o : launches[a]->operations) {
        if (o.what == "send" && o.peer == static_cast<int>(b)) sends.push_back(&o);
      }
      for (const Operation& o : launches[b]->operations) {
        if (o.what == "receive" && o.peer == static_cast<int>(a)) receives.push_back(&o);
      }
      if (sends.size() != receives.size()) return wrong(fmt::format("{} sends from {} to {}, but {} receives", sends.size(), a, b, receives.size()));
      for (std::size_t i = 0; i < sends.size(); ++i) {
        if (sends[i]->count != receives[i]->count || sends[i]->type != receives[i]->type) return wrong("a message is received with another size than it is sent");
        std::memcpy(receives[i]->to, sends[i]->from, sends[i]->count * width_of(sends[i]->type));
      }
    }
  }
  std::vector<std::vector<const Operation*>> collective(launches.size());
  for (std::size_t r = 0; r < launches.size(); ++r) {
    for (const Operation& o : launches[r]->operations) {
      if (!o.is_message()) collective[r].push_back(&o);
    }
    if (collective[r].size() != collective[0].size()) return wrong("ranks launch different numbers of operations");
  }
  for (std::size_t i = 0; i < collective[0].size(); ++i) {
    std::vector<const Operation*> of_rank;
    for (const auto& of_one : collective) of_rank.push_back(of_one[i]);
    for (const Operation* o : of_rank) {
      if (o->text() != of_rank[0]->text()) return wrong(fmt::format("{} on one rank, {} on another", of_rank[0]->text(), o->text()));
    }
    move(world, of_rank);
  }
}

void StandIn::State::move(World&, const std::vector<const Operation*>& of_rank) {
  const Operation& first = *of_rank[0];
  const std::size_t bytes = first.count * width_of(first.type);
  if (first.what == "broadcast") {
    for (const Operation* o : of_rank) std::memmove(o->to, of_rank[static_cast<std::size_t>(first.root)]->from, bytes);
  } else if (first.what == "all_gather") {
    for (const Operation* o : of_rank) {
      for (std::size_t r = 0; r < of_rank.size(); ++r) std::memmove(static_cast<std::byte*>(o->to) + r * bytes, of_rank[r]->from, bytes);
    }
  } else if (first.what == "reduce") {
    reduce_ranks(of_rank, 0, first.count, of_rank[static_cast<std::size_t>(first.root)]->to);
  } else {  // results aside first: an operation in place reads what another rank's result replaces
    std::vector<std::vector<std::byte>> results;
    for (std::size_t r = 0; r < of_rank.size(); ++r) {
      results.emplace_back(bytes);
      reduce_ranks(of_rank, first.what == "reduce_scatter" ? r * first.count : 0, first.count, results.back().data());
    }
    for (std::size_t r = 0; r < of_rank.size(); ++r) std::memcpy(of_rank[r]->to, results[r].data(), bytes);
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
int StandIn::num_aborted() const { return state_->num_aborted; }
int StandIn::num_ended_in_order() const { return state_->num_ended; }

}  // namespace ft::testing
