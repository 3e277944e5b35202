#include "framework/store/end_note.h"

#include <unistd.h>

#include <array>
#include <string>

#include "framework/base/reading.h"
#include "framework/store/files.h"
#include "framework/store/lock.h"

namespace ft {
namespace {

std::string words_of_this_process() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("not ended: process {} on {}\n", getpid(), host.data());
}

}  // namespace

void note_begin(const std::filesystem::path& run) { replace_file(run / kEndNoteName, words_of_this_process()); }

void note_end(const std::filesystem::path& run, ExitCode code) {
  const std::filesystem::path file = run / kEndNoteName;
  const std::string number = fmt::format("{}\n", static_cast<int>(code));
  if (read_if_there(file) == words_of_this_process()) {
    replace_file(file, number);
  } else if (code == ExitCode::stopped && is_there(file)) {
    try {
      const RunLock lock(run);
      replace_file(file, number);
    } catch (const UserError&) {  // somebody is at work there: the note is theirs
    }
  }
}

}  // namespace ft
