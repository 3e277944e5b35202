#include "framework/base/results.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace ft {
namespace {

// A pipe or socket that nobody reads, a terminal that was closed.
bool reader_is_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

void put_results(std::string_view text) noexcept { (void)std::fwrite(text.data(), 1, text.size(), stdout); }

int flush_results() noexcept {
  const int error = std::fflush(stdout) != 0 ? errno : 0;
  if ((error == 0 && std::ferror(stdout) == 0) || error == EPIPE || reader_is_gone()) return 0;
  return error != 0 ? error : EIO;  // of an earlier write the stream remembers that it failed, not why
}

}  // namespace ft
