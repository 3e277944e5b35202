#include "framework/store/run_marks.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "framework/base/reading.h"
#include "framework/store/lock.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

// All that a run writes into its folder.
constexpr std::string_view kNames[] = {"run.yaml",        "log.txt",  "ledger.jsonl", "exit_code",
                                       "last_start.json", "examples", "stages",       "lock"};

std::string beginning(const fs::path& path, std::size_t bytes) {
  std::optional<InputFile> file = InputFile::open_if_there(path);
  std::string text(file ? bytes : 0, '\0');
  if (file) text.resize(file->read(text));
  return text;
}

// The first that a start writes is the lock: so a folder in which one was killed at any moment has one of these.
bool has_marks(const fs::path& folder) {
  if (!RunLock::token_in(folder).empty()) return true;
  if (beginning(folder / "ledger.jsonl", 8).starts_with("{\"sum\":")) return true;
  const std::string settings = read_if_there(folder / "run.yaml").value_or("");
  return settings.starts_with(kRunMark) || settings.find("\n    # identity ") != std::string::npos;
}

// Of files that are there.
bool is_same_file(const fs::path& one, const fs::path& other) {
  struct stat infos[2] = {};
  for (const auto& [path, info] : {std::pair(&one, &infos[0]), std::pair(&other, &infos[1])}) {
    if (::stat(path->c_str(), info) == 0) continue;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    fail_unreadable(*path, errno);
  }
  return infos[0].st_dev == infos[1].st_dev && infos[0].st_ino == infos[1].st_ino;
}

bool holds_nothing(const fs::path& path) {
  const Found found = look_at(path);
  return found.kind == Found::Kind::folder ? list_folder(path).empty() : found.size == 0;
}

}  // namespace

std::string why_not_a_runs(const fs::path& folder, const fs::path& run_file) {
  if (!is_folder(folder)) return "";
  if (const fs::path whole = fs::absolute(folder).lexically_normal(); whole == whole.root_path())
    return "it is the root of the file system; give a folder that is the run's alone";
  if (is_same_file(folder / "run.yaml", run_file)) {
    return "the run file itself is its run.yaml, which every start replaces by its own copy; give the run file another "
           "name or place";
  }
  if (has_marks(folder)) return "";
  for (const std::string_view name : kNames) {
    const fs::path path = folder / name;
    if (!is_there(path) || holds_nothing(path)) continue;
    return fmt::format(
        "no run has been in it, and it holds '{}', a name that runs write to; give a folder that is the run's alone, "
        "such as "
        "'{}'",
        name, (folder / "run").lexically_normal().string());
  }
  return "";
}

}  // namespace ft
