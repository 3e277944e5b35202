// ftrun-cas: decides whether two expressions are equal, for the grader. A process of its own because computer algebra
// may run out of memory or time, which here costs one verdict and not a run. Started by framework/grade/cas_client.cpp;
// not meant to be run by hand.
//
// Links FLINT and Calcium only. Bounds itself: address space, processor time of one decision, Calcium's own limits.

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/grade/cas_protocol.h"
#include "launch/ftrun_cas/cas_shim.h"

namespace {

using ft::grade::CasRequest;
using ft::grade::CasResponse;
using ft::grade::CasVerdict;
using ft::grade::kCasLongestProgram;
using ft::grade::kCasMagic;
using ft::grade::kCasMostVariables;

constexpr rlim_t kAddressSpace = rlim_t{512} << 20U;
constexpr int kProcessorMilliseconds = 250;  // of one decision

volatile std::sig_atomic_t request_id = 0;  // of the request in work, for answer_and_end

// Called when memory or time is up. Only calls that are allowed in a signal handler.
[[noreturn]] void answer_and_end() {
  const CasResponse response{kCasMagic, static_cast<std::uint32_t>(request_id), CasVerdict::out_of_resources};
  [[maybe_unused]] const ssize_t sent = send(STDIN_FILENO, &response, sizeof response, MSG_NOSIGNAL);
  _exit(0);
}

void on_timer(int) { answer_and_end(); }

void limit_this_process() {
  const rlimit memory{kAddressSpace, kAddressSpace};
  const rlimit none{0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &none);
  cas_on_abort(answer_and_end);
  struct sigaction action {};
  action.sa_handler = on_timer;
  sigaction(SIGPROF, &action, nullptr);
}

void set_timer(int milliseconds) {
  const itimerval timer{{0, 0}, {milliseconds / 1000, (milliseconds % 1000) * 1000}};
  setitimer(ITIMER_PROF, &timer, nullptr);
}

struct CloseMachine {
  void operator()(cas_machine* machine) const { cas_close(machine); }
};
using Machine = std::unique_ptr<cas_machine, CloseMachine>;

const std::map<std::string_view, cas_operation>& operations() {
  static const std::map<std::string_view, cas_operation> all{
      {"+", CAS_ADD},     {"-", CAS_SUBTRACT}, {"*", CAS_MULTIPLY},  {"/", CAS_DIVIDE},  {"^", CAS_POWER},
      {"root", CAS_ROOT}, {"~", CAS_NEGATE},   {"sqrt", CAS_SQRT},   {"exp", CAS_EXP},   {"ln", CAS_LOG},
      {"sin", CAS_SIN},   {"cos", CAS_COS},    {"tan", CAS_TAN},     {"asin", CAS_ASIN}, {"acos", CAS_ACOS},
      {"atan", CAS_ATAN}, {"abs", CAS_ABS},    {"floor", CAS_FLOOR}, {"ceil", CAS_CEIL}, {"pi", CAS_PI},
      {"e", CAS_EULER},   {"i", CAS_IMAGINARY}};
  return all;
}

enum class Step { done, impossible, malformed };

// The value of variable `index` at a point: "odd" fractions, the same for every request. Points 0 and 1 are positive;
// in 2 and 3 the signs alternate, starting with minus and with plus.
std::pair<std::string, std::string> value_at(int point, int index) {
  constexpr std::array<std::pair<int, int>, 4> kStart{{{22, 7}, {5, 11}, {13, 9}, {7, 3}}};
  const auto [top, bottom] = kStart[static_cast<std::size_t>(point)];
  const bool minus = point >= 2 && (index + point) % 2 == 0;
  return {(minus ? "-" : "") + std::to_string(top + 7 * index), std::to_string(bottom + 6 * index)};
}

Step push_number(cas_machine* machine, std::string_view token) {
  const std::size_t slash = token.find('/');
  const std::string top(token.substr(0, slash));
  const std::string bottom(slash == std::string_view::npos ? "1" : token.substr(slash + 1));
  return cas_push_fraction(machine, top.c_str(), bottom.c_str()) != 0 ? Step::done : Step::malformed;
}

Step run_token(cas_machine* machine, std::string_view token, int point) {
  if (token.empty()) return Step::malformed;
  if (token.front() == 'x') {
    int index = -1;
    std::from_chars(token.data() + 1, token.data() + token.size(), index);
    if (index < 0 || index >= kCasMostVariables) return Step::malformed;
    const auto [top, bottom] = value_at(point, index);
    return cas_push_fraction(machine, top.c_str(), bottom.c_str()) != 0 ? Step::done : Step::impossible;
  }
  const bool number = token.find_first_of("0123456789") != std::string_view::npos;
  if (number) return push_number(machine, token);
  const auto found = operations().find(token);
  if (found == operations().end()) return Step::malformed;
  return cas_apply(machine, found->second) != 0 ? Step::done : Step::impossible;
}

std::vector<std::string_view> tokens_of(std::string_view program) {
  std::vector<std::string_view> tokens;
  while (!program.empty()) {
    const std::size_t end = program.find_first_of(" \n");
    if (end != 0) tokens.push_back(program.substr(0, end));
    program.remove_prefix(end == std::string_view::npos ? program.size() : end + 1);
  }
  return tokens;
}

// Both expressions at one point. Nothing for a malformed program.
std::optional<cas_answer> decide_at(std::string_view program, int point) {
  const Machine machine(cas_open());
  for (const std::string_view token : tokens_of(program)) {
    const Step step = run_token(machine.get(), token, point);
    if (step == Step::malformed) return std::nullopt;
    if (step == Step::impossible) return CAS_UNKNOWN;
  }
  return cas_equal(machine.get());
}

CasVerdict decide(std::string_view program) {
  const bool variables = program.find("x0") != std::string_view::npos;
  int equal_positive = 0;
  int equal_elsewhere = 0;
  bool split = false;
  for (int point = 0; point < (variables ? 4 : 1); ++point) {
    const auto answer = decide_at(program, point);
    if (!answer) return CasVerdict::malformed;
    if (*answer == CAS_EQUAL) ++(point < 2 ? equal_positive : equal_elsewhere);
    if (*answer == CAS_DIFFERENT) {
      if (point < 2 || equal_positive < 2) return CasVerdict::different;
      split = true;
    }
  }
  if (!variables) return equal_positive == 1 ? CasVerdict::equal : CasVerdict::unknown;
  if (equal_positive < 2) return CasVerdict::unknown;
  return split || equal_elsewhere == 0 ? CasVerdict::equal_for_positive : CasVerdict::equal;
}

bool receive(void* buffer, std::size_t size) {
  auto* bytes = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = recv(STDIN_FILENO, bytes, size, 0);
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

int main() {
  limit_this_process();
  std::string program;
  for (CasRequest request; receive(&request, sizeof request);) {
    if (request.magic != kCasMagic || request.length > kCasLongestProgram) {
      std::fputs("ftrun-cas is a helper of ftrun: see ftrun grade --help\n", stderr);
      return 2;
    }
    program.resize(request.length);
    if (!receive(program.data(), program.size())) return 0;
    request_id = static_cast<std::sig_atomic_t>(request.id);
    set_timer(kProcessorMilliseconds);
    CasResponse response{kCasMagic, request.id, CasVerdict::unknown};
    try {
      response.verdict = decide(program);
    } catch (const std::exception&) {  // no memory left for the strings
      answer_and_end();
    }
    set_timer(0);
    if (send(STDIN_FILENO, &response, sizeof response, MSG_NOSIGNAL) != sizeof response) return 0;
  }
  return 0;
}
