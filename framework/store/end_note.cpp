#include "framework/store/end_note.h"

#include <unistd.h>

#include <array>
#include <string>

#include "framework/base/reading.h"
#include "framework/store/files.h"

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
  if (read_if_there(file) == words_of_this_process()) replace_file(file, fmt::format("{}\n", static_cast<int>(code)));
}

}  // namespace ft
