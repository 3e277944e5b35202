#include "framework/store/end_note.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "framework/base/reading.h"
#include "framework/store/files.h"
#include "framework/store/lock.h"
#include "framework/store/run_marks.h"

namespace ft {
namespace {

std::string words_of_this_process() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("not ended: process {} on {}\n", getpid(), host.data());
}

std::string content_of(const FileHandle& file) {
  std::array<char, 512> buffer{};
  ssize_t count = 0;
  do {
    count = ::pread(file.descriptor(), buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail_unreadable(file.path(), errno);
  return {buffer.data(), static_cast<std::size_t>(count)};
}

// Over what is there, by one write, which needs no new room where the old text is longer. Line ends fill what is left of
// it until it is cut off: a script that reads meanwhile finds the new text, too.
void overwrite(FileHandle& file, std::string_view text) {
  std::string bytes(text);
  bytes.resize(std::max(bytes.size(), content_of(file).size()), '\n');
  ssize_t written = 0;
  do {
    written = ::pwrite(file.descriptor(), bytes.data(), bytes.size(), 0);
  } while (written < 0 && errno == EINTR);
  if (written != std::ssize(bytes)) fail_system("write", file.path(), written < 0 ? errno : ENOSPC);
  if (::ftruncate(file.descriptor(), static_cast<off_t>(text.size())) != 0) fail_system("write", file.path(), errno);
  file.sync();
}

}  // namespace

void EndNote::planning(const std::filesystem::path& run) {
  const std::filesystem::path path = run / kEndNoteName;
  try {
    if (look_at_entry(path).kind != Found::Kind::file || !has_run_marks(run)) return;
    FileHandle file(path, O_RDWR);
    const std::string content = content_of(file);
    if (content.find_first_not_of("0123456789\n") == std::string::npos) overwrite(file, words_of_this_process());
  } catch (const Error&) {  // rights are told of when the folder is taken
  }
}

void EndNote::begin(const std::filesystem::path& run) {
  const std::filesystem::path path = run / kEndNoteName;
  const bool is_new = !is_there(path);
  file_.emplace(path, O_RDWR | O_CREAT);
  overwrite(*file_, words_of_this_process());
  if (is_new) sync_folder(run);
}

void EndNote::end(const std::filesystem::path& run, ExitCode code) {
  const std::string number = fmt::format("{}\n", static_cast<int>(code));
  if (file_) {
    if (content_of(*file_) == words_of_this_process()) overwrite(*file_, number);
    return;
  }
  const std::filesystem::path path = run / kEndNoteName;
  try {
    if (look_at_entry(path).kind != Found::Kind::file || !has_run_marks(run)) return;
    const RunLock lock(run);
    replace_file(path, number);
  } catch (const UserError&) {  // somebody is at work there: the note is theirs
  } catch (const Error&) {      // of a start that was refused, maybe for that very reason
    if (code == ExitCode::stopped) throw;
  }
}

}  // namespace ft
