#include "framework/base/process_end.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "framework/base/mapped_file.h"

namespace ft {
namespace {

constexpr std::size_t kStack = std::size_t{1} << 20;
constexpr std::size_t kPutAside = std::size_t{4} << 20;
constexpr unsigned kFlushSeconds = 10;  // a reader that does not read keeps us waiting for so long

// A signal handler reaches nothing but what has static storage.
std::atomic<int> code_of_end{-1};  // -1: no end has begun
static_assert(std::atomic<int>::is_always_lock_free);

// Given back at the first failure: what unwinds and reports then finds some. Static: handlers take no arguments.
std::atomic<void*> put_aside{nullptr};

void on_new_failure() {
  std::free(put_aside.exchange(nullptr));
  throw std::bad_alloc();
}

std::atomic<const char*> words_of_delay{nullptr};

extern "C" void on_delay(int) {
  if (const char* words = words_of_delay.load()) say_plainly(words);
  _exit(1);
}

extern "C" void on_last_alarm(int) { _exit(code_of_end); }

[[noreturn]] void on_terminate() noexcept {
  end_within(kFlushSeconds, 1);
  say_plainly("ftrun: ended by ");
  if (std::current_exception() == nullptr) {
    say_plainly("a fault of the program: std::terminate without an exception\n");
  } else {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      say_plainly("a lack of memory, in a place where it cannot be told what for");
    } catch (const std::exception& error) {
      say_plainly("an error in a place where it cannot be handled: ");
      say_plainly(error.what());
    } catch (...) {
      say_plainly("an unknown error");
    }
    say_plainly("; the same command goes on from what has been saved\n");
  }
  _exit(1);
}

constexpr std::array<int, 4> kCrashes{SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
std::array<struct sigaction, kCrashes.size()> handled_before;
alignas(16) std::array<char, std::size_t{64} << 10> stack_of_handlers;  // where the main thread's own has no room

// By a system call alone: the heap may be in any state.
bool memory_is_out() {
  void* piece = mmap(nullptr, kPutAside, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (piece == MAP_FAILED) return true;
  munmap(piece, kPutAside);
  return false;
}

// A mapped file that could not be read is told of by its name (base/mapped_file.h).
extern "C" void on_crash(int signal, siginfo_t* info, void*) {
  if (const char* file = signal == SIGBUS ? mapped_file_at(info->si_addr) : nullptr; file != nullptr) {
    say_plainly("ftrun: cannot read ");
    say_plainly(file);
    say_plainly(
        ": its disk has failed, or somebody has made it shorter, while it was in use; nothing of it was changed: when "
        "it "
        "can be read again, the same command goes on\n");
    _exit(1);
  }
  if (memory_is_out()) {
    say_plainly(
        "ftrun: out of memory, inside a library that does not survive it; `ftrun plan RUNFILE --ranks N` tells what "
        "each stage needs. The same command goes on from what has been saved\n");
    _exit(1);
  }
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    if (kCrashes[i] == signal) sigaction(signal, &handled_before[i], nullptr);
  }
  raise(signal);  // once more when this one returns
}

extern "C" void on_exit_of_a_library(int, void*) {
  if (const int code = code_of_end; code >= 0) _exit(code);  // MPI_Abort, after all was said
  say_plainly("ftrun: a library has ended the process");
  say_plainly(memory_is_out() ? ": out of memory\n" : "; its reason may stand above\n");
  _exit(1);
}

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is given out, so these come in their order.
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      (void)open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY);
  }
}

// Not inlined: its frame is gone when it returns, the pages stay.
[[gnu::noinline]] void grow_stack() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur < 4 * kStack) return;
  [[maybe_unused]] volatile char pages[kStack];
  for (std::size_t i = kStack; i > 4096; i -= 4096) pages[i - 1] = 0;  // downwards, as a stack grows
}

}  // namespace

void prepare_process() {
  open_standard_streams();
  const stack_t stack{.ss_sp = stack_of_handlers.data(), .ss_flags = 0, .ss_size = stack_of_handlers.size()};
  sigaltstack(&stack, nullptr);
  watch_for_crashes();
  grow_stack();
  put_aside = std::malloc(kPutAside);
  std::set_new_handler(on_new_failure);
  std::set_terminate(on_terminate);
}

void watch_for_crashes() noexcept {
  struct sigaction action = {};
  action.sa_sigaction = on_crash;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    struct sigaction before = {};
    sigaction(kCrashes[i], &action, &before);
    if (before.sa_sigaction != on_crash) handled_before[i] = before;
  }
}

void forbid_exit() {
#if !defined(__SANITIZE_ADDRESS__)
  on_exit(on_exit_of_a_library, nullptr);
#endif
}

void require_memory(std::size_t bytes) {
  void* piece = std::malloc(bytes);
  if (piece == nullptr) throw std::bad_alloc();
  std::free(piece);
}

void end_within(unsigned seconds, int code) noexcept {
  int none = -1;
  code_of_end.compare_exchange_strong(none, code);
  struct sigaction action = {};
  action.sa_handler = on_last_alarm;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  const unsigned left = alarm(seconds);
  if (left != 0 && left < seconds) alarm(left);
}

void expect_within(unsigned seconds, const char* words) noexcept {
  words_of_delay = words;
  struct sigaction action = {};
  action.sa_handler = on_delay;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  alarm(seconds);
}

void has_come() noexcept {
  if (code_of_end.load() == -1) alarm(0);
}

void say_plainly(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void end_process(int code) noexcept {
  end_within(kFlushSeconds, code);
  std::fflush(stdout);
  std::fflush(stderr);
#if defined(__SANITIZE_ADDRESS__)
  std::exit(code);
#else
  _exit(code);
#endif
}

}  // namespace ft
