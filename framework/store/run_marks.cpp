#include "framework/store/run_marks.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <utility>

#include "framework/base/reading.h"
#include "framework/store/last_start.h"
#include "framework/store/lock.h"
#include "framework/store/stage_folder.h"

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

// "solver-0123456789ab", with what every stage begins with.
bool holds_stages(const fs::path& folder) {
  for (const std::string& name : list_folder(folder)) {
    if (read_stage_folder_name(name).stage.empty()) continue;
    if (look_through(folder / name / "identity.txt").kind == Found::Kind::file) return true;
  }
  return false;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// What batch systems, shells and editors leave where a job is started: slurm-17.out, train.log.gz, job.o123, nohup.out.
bool is_log_or_script(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))) return true;
  const std::string ending = fs::path(name).extension().string();
  if (is_one_of(ending, {".yaml", ".yml", ".sh", ".sbatch", ".slurm", ".pbs", ".sge", ".lsf", ".job", ".pid", ".md"}))
    return true;
  if (is_one_of(name.substr(0, name.find('.')), {"readme", "license", "makefile", "core"})) return true;
  const bool by_number = ending.size() > 1 && ending.find_first_not_of("0123456789", 1) == std::string::npos;
  if (!by_number && !is_one_of(ending, {"", ".log", ".out", ".err", ".txt", ".gz"})) {
    const std::size_t digits = ending.find_first_of("0123456789");  // ".o123", ".pe123"
    return is_one_of(ending.substr(0, digits), {".o", ".e", ".po", ".pe"}) && digits != std::string::npos &&
           ending.find_first_not_of("0123456789-.", digits) == std::string::npos;
  }
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  for (auto at = name.begin(); at != name.end();) {
    const auto begin = std::find_if(at, name.end(), is_letter);
    at = std::find_if_not(begin, name.end(), is_letter);
    if (is_one_of({begin, at},
                  {"log", "logs", "out", "err", "error", "errors", "output", "stdout", "stderr", "nohup", "slurm"}))
      return true;
  }
  return false;
}

// Whether a file that the run reads is `path` or lies below it.
bool leads_to(const fs::path& path, const std::vector<fs::path>& inputs) {
  const std::string above = fs::weakly_canonical(fs::absolute(path)).string();
  return std::ranges::any_of(inputs, [&](const fs::path& input) {
    const std::string full = fs::weakly_canonical(fs::absolute(input)).string();
    return full == above || full.starts_with(above + "/");
  });
}

bool is_harmless(const fs::path& path, const std::vector<fs::path>& inputs) {
  const std::string name = path.filename().string();
  if (name.starts_with('.') || name == "lost+found" || name == "hang") return true;
  const Found found = look_through(path);
  if (found.kind == Found::Kind::file) return found.size == 0 || is_log_or_script(name) || leads_to(path, inputs);
  if (found.kind != Found::Kind::folder) return false;
  if (leads_to(path, inputs)) return true;
  return std::ranges::all_of(list_folder(path),
                             [&](const std::string& inner) { return is_harmless(path / inner, inputs); });
}

// The run in whose own folders, of stages or examples, `folder` would lie; empty: none.
fs::path run_around(const fs::path& folder) {
  for (fs::path inner = fs::weakly_canonical(fs::absolute(folder)); inner.has_relative_path();
       inner = inner.parent_path()) {
    if (is_one_of(inner.filename().string(), {"stages", "examples", "hang"}) && has_run_marks(inner.parent_path()))
      return inner.parent_path();
  }
  return {};
}

std::string whole_names(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

}  // namespace

// The first that a start writes is the lock: so a folder in which one was killed at any moment has one of these.
bool has_run_marks(const fs::path& folder) {
  if (!RunLock::token_in(folder).empty()) return true;
  if (beginning(folder / "ledger.jsonl", 8).starts_with("{\"sum\":")) return true;
  const std::string settings = read_if_there(folder / "run.yaml").value_or("");
  if (settings.starts_with(kRunMark) || settings.find("\n    # identity ") != std::string::npos) return true;
  const std::string start = read_if_there(folder / kLastStartName).value_or("");
  if (start.starts_with('{') && start.find("\"version\"") < start.find("\"stages\"")) return true;
  return holds_stages(folder / "stages");
}

std::string why_not_a_runs(const fs::path& folder, const fs::path& run_file, const std::vector<fs::path>& inputs) {
  if (const fs::path around = run_around(folder); !around.empty()) {
    return fmt::format("it lies among what the run in {} writes and removes; give a folder outside of that one",
                       around.string());
  }
  if (!is_folder(folder)) return "";
  if (const fs::path whole = fs::absolute(folder).lexically_normal(); whole == whole.root_path())
    return "it is the root of the file system; give a folder that is the run's alone";
  if (is_same_file(folder / "run.yaml", run_file)) {
    return "the run file itself is its run.yaml, which every start replaces by its own copy; give the run file another "
           "name or place";
  }
  if (has_run_marks(folder)) return "";
  for (const std::string_view name : kNames) {
    const fs::path path = folder / name;
    if (!is_there(path) || holds_nothing(path)) continue;
    return fmt::format(
        "no run has been in it, and it holds '{}', a name that runs write to; give a folder that is the run's alone, "
        "such as "
        "'{}'",
        name, (folder / "run").lexically_normal().string());
  }
  std::vector<fs::path> known = inputs;
  known.push_back(run_file);
  std::vector<std::string> foreign = list_folder(folder);
  std::erase_if(foreign, [&](const std::string& name) { return is_harmless(folder / name, known); });
  if (foreign.empty()) return "";
  return fmt::format(
      "no run has been in it, and it holds {}, which {} not the run's; give a folder that is empty, or not there yet, "
      "such as '{}'",
      whole_names(foreign), foreign.size() == 1 ? "is" : "are", (folder / "run").lexically_normal().string());
}

}  // namespace ft
