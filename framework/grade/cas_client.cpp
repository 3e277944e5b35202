#include "framework/grade/cas_client.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "framework/base/error.h"
#include "framework/grade/numeric.h"

namespace ft::grade {

// One running helper. Any trouble makes it broken for good; the owner then throws it away.
class CasProver::Helper {
 public:
  // Broken from the start where the program cannot be started.
  explicit Helper(const std::filesystem::path& program) {
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    socket_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::string name = program.string();
    std::string language = "LC_ALL=C";
    char* arguments[] = {name.data(), nullptr};
    char* environment[] = {language.data(), nullptr};
    if (posix_spawn(&child_, name.c_str(), &actions, nullptr, arguments, environment) != 0) child_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
  }

  // The helper ends by itself when the socket closes; one that is broken may not.
  ~Helper() {
    if (socket_ >= 0) close(socket_);
    if (child_ <= 0) return;
    if (broken_) kill(child_, SIGKILL);
    int status = 0;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // Nothing where the helper died, hung or answered nonsense.
  std::optional<CasVerdict> ask(const std::string& program, int patience) {
    const CasRequest request{kCasMagic, ++last_id_, static_cast<std::uint32_t>(program.size())};
    std::string message(reinterpret_cast<const char*>(&request), sizeof request);
    message += program;
    CasResponse response;
    broken_ = child_ <= 0 || !send_all(message) || !receive_all(&response, sizeof response, patience) ||
              response.magic != kCasMagic || response.id != request.id || response.verdict > CasVerdict::malformed;
    if (broken_) return std::nullopt;
    return response.verdict;
  }

 private:
  [[nodiscard]] bool send_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  [[nodiscard]] bool receive_all(void* target, std::size_t size, int patience) const {
    auto* bytes = static_cast<char*>(target);
    while (size > 0) {
      pollfd wait{socket_, POLLIN, 0};
      const int ready = poll(&wait, 1, patience * 1000);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return false;
      const ssize_t got = recv(socket_, bytes, size, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      bytes += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

  pid_t child_ = -1;
  int socket_ = -1;
  std::uint32_t last_id_ = 0;
  bool broken_ = false;
};

CasProver::CasProver(std::filesystem::path helper, int patience) : helper_(std::move(helper)), patience_(patience) {}
CasProver::~CasProver() = default;

CasCounts CasProver::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void CasProver::count(CasVerdict verdict) const {
  const std::lock_guard lock(mutex_);
  ++counts_.asked;
  switch (verdict) {
    case CasVerdict::equal:
      ++counts_.equal;
      break;
    case CasVerdict::different:
      ++counts_.different;
      break;
    case CasVerdict::out_of_resources:
      ++counts_.out_of_resources;
      break;
    case CasVerdict::malformed:
      ++counts_.deaths;
      break;
    default:
      ++counts_.undecided;
      break;
  }
}

// A new helper where none is idle. Many deaths end the asking: a helper that cannot start would cost a process a pair.
CasVerdict CasProver::ask(const std::string& program) const {
  constexpr long long kMostDeaths = 100;
  std::unique_ptr<Helper> helper;
  {
    const std::lock_guard lock(mutex_);
    if (counts_.deaths >= kMostDeaths) return CasVerdict::unknown;
    if (!idle_.empty()) {
      helper = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!helper) helper = std::make_unique<Helper>(helper_);
  const auto verdict = helper->ask(program, patience_);
  if (verdict && *verdict != CasVerdict::out_of_resources) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(helper));
  }
  return verdict.value_or(CasVerdict::malformed);  // counted as a death; the helper ends here
}

std::optional<Judgement> CasProver::decide(const Node& a, const Node& b, Budget& budget) const {
  if (compare_numerically(a, b, budget) == NumericVerdict::different) return std::nullopt;
  const auto program = cas_program(a, b);
  if (!program) return std::nullopt;
  const CasVerdict verdict = ask(*program);
  count(verdict);
  switch (verdict) {
    case CasVerdict::equal:
      return Judgement{Verdict::equal, "proved by computer algebra"};
    case CasVerdict::different:
      return Judgement{Verdict::different, "proved different by computer algebra"};
    case CasVerdict::equal_for_positive:
      return Judgement{Verdict::unknown, "equal for positive values only"};
    default:
      return std::nullopt;
  }
}

std::shared_ptr<const CasProver> cas_prover() {
  const char* named = std::getenv("FTRUN_CAS");
  std::filesystem::path helper = named != nullptr ? named : "";
  if (helper == "off") return nullptr;
  std::error_code error;
  if (helper.empty()) helper = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "ftrun-cas";
  if (!std::filesystem::is_regular_file(helper, error)) {
    if (named != nullptr) fail_user("the environment variable FTRUN_CAS names no file: " + helper.string());
    return nullptr;
  }
  return std::make_shared<CasProver>(std::move(helper));
}

}  // namespace ft::grade
