#include "parallel/mpi/mpi_transport.h"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <utility>

namespace ft {
namespace {

// The longest single message; longer ones are cut. Far below INT_MAX, a multiple of every element size.
constexpr std::int64_t kMaxMessage = std::int64_t{1} << 28;
constexpr int kTag = 1, kNoTag = 2, kNoteTag = 3;  // nobody sends with the second

MPI_Comm comm_of(MpiHandle handle) { return MPI_Comm_f2c(static_cast<MPI_Fint>(handle)); }

void check_mpi(int result, Name name) {
  if (result == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(result, text.data(), &length);
  throw Error(
      fmt::format("exchange '{}' failed: {}", name, std::string_view(text.data(), static_cast<std::size_t>(length))));
}

void wait_all(std::vector<MPI_Request>& requests, int spins, Name name) {
  int done = 0;
  for (Backoff backoff(spins);; backoff.pause()) {
    check_mpi(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE), name);
    if (done != 0) return;
  }
}

}  // namespace

MpiTransport::MpiTransport(MpiHandle owned, JobEnd& job, const MpiSettings& settings)
    : handle_(owned), job_(job), settings_(settings) {
  MPI_Comm_set_errhandler(comm_of(owned), MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_of(owned), &rank_);
  MPI_Comm_size(comm_of(owned), &size_);
  const int first = settings.shared_memory ? meet_host() : rank_;
  std::vector<int> firsts(static_cast<std::size_t>(size_));
  check_mpi(MPI_Allgather(&first, 1, MPI_INT, firsts.data(), 1, MPI_INT, comm_of(owned)), "hosts");
  std::vector<int> seen;
  for (const int of_rank : firsts) {
    const auto known = std::ranges::find(seen, of_rank);
    hosts_.push_back(static_cast<int>(known - seen.begin()));
    if (known == seen.end()) seen.push_back(of_rank);
  }
}

MpiTransport::~MpiTransport() {
  if (std::uncaught_exceptions() > 0) return;  // freeing is collective, and the other ranks may never come
  MPI_Comm comm = comm_of(handle_);
  MPI_Comm_free(&comm);
}

int MpiTransport::meet_host() {
  MPI_Comm host = MPI_COMM_NULL;
  int place = 0, size = 0, first = rank_;
  check_mpi(MPI_Comm_split_type(comm_of(handle_), MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &host), "hosts");
  MPI_Comm_rank(host, &place);
  if (settings_.share_among > 0) {
    MPI_Comm whole = host;
    check_mpi(MPI_Comm_split(whole, place / settings_.share_among, place, &host), "hosts");
    MPI_Comm_free(&whole);
    MPI_Comm_rank(host, &place);
  }
  MPI_Comm_size(host, &size);
  if (size > 1) {
    SharedSegment segment(MpiHandle{static_cast<int>(MPI_Comm_c2f(host))},
                          SharedWindow::bytes_for(size, settings_.window_bytes));
    if (segment.valid()) {
      MPI_Bcast(&first, 1, MPI_INT, 0, host);
      std::function<void()> look = [this] { job_.check_peers(); };
      // A message may be half way when MPI calls it sent, and moves on only within MPI: ranks of other hosts might wait
      // for it, and this one for them.
      if (size < size_) {
        look = [this] {
          job_.check_peers();
          progress();
        };
      }
      window_.emplace(std::move(segment), place, size, settings_.window_bytes, settings_.spins, std::move(look));
    }
  }
  MPI_Comm_free(&host);
  return first;
}

void MpiTransport::progress() const {
  int any = 0;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kNoTag, comm_of(handle_), &any, MPI_STATUS_IGNORE), "messages on their way");
}

std::size_t MpiTransport::chunk_bytes() const {
  const bool any_share = std::ranges::max(hosts_) + 1 < size_;
  return any_share ? settings_.window_bytes : settings_.chunk_bytes;
}

void MpiTransport::exchange(Name name, std::span<const Incoming> receive, std::span<const Outgoing> send) {
  std::vector<MPI_Request> requests;
  const auto start = [&](const auto& messages, auto post) {
    for (const auto& message : messages) {
      for (std::int64_t begin = 0; begin < message.bytes; begin += kMaxMessage) {
        const int count = static_cast<int>(std::min(kMaxMessage, message.bytes - begin));
        requests.push_back(MPI_REQUEST_NULL);
        check_mpi(post(message.data + begin, count, MPI_BYTE, message.peer, kTag, comm_of(handle_), &requests.back()),
                  name);
      }
    }
  };
  start(receive, [](auto... arguments) { return MPI_Irecv(arguments...); });
  start(send, [](auto... arguments) { return MPI_Isend(arguments...); });
  wait_all(requests, settings_.spins, name);
}

// So short that MPI takes it at once, or holds it until the other side looks: which it does, now and then.
void MpiTransport::post(int peer, std::int64_t value) {
  check_mpi(MPI_Send(&value, sizeof value, MPI_BYTE, peer, kNoteTag, comm_of(handle_)), "note");
}

std::optional<Note> MpiTransport::next_note() {
  int any = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kNoteTag, comm_of(handle_), &any, &status), "note");
  if (any == 0) return std::nullopt;
  Note note{status.MPI_SOURCE, 0};
  check_mpi(
      MPI_Recv(&note.value, sizeof note.value, MPI_BYTE, note.peer, kNoteTag, comm_of(handle_), MPI_STATUS_IGNORE),
      "note");
  return note;
}

Note MpiTransport::wait_for_note() {
  for (Backoff backoff(settings_.spins);; backoff.pause()) {
    if (const auto note = next_note()) return *note;
    if (!backoff.spinning()) job_.check_peers();
  }
}

std::unique_ptr<Transport> MpiTransport::split(int colour, int key) {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_of(handle_), colour, key, &part), "split");
  return std::make_unique<MpiTransport>(MpiHandle{static_cast<int>(MPI_Comm_c2f(part))}, job_, settings_);
}

void MpiTransport::abort(std::string_view why, ExitCode code) { job_.abort(why, code); }

}  // namespace ft
