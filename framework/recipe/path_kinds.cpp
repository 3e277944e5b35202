#include "framework/recipe/path_kinds.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "framework/base/plain_file.h"
#include "framework/base/reading.h"
#include "framework/store/set_aside.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

enum class Wanted { file, folder, replaceable };  // replaceable: removed before it is written, which no folder can be

std::string describe(const fs::path& path, Found::Kind kind) {
  if (kind == Found::Kind::dangling) return "a link that leads nowhere (a disk that is not mounted?)";
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) fail_unreadable(path, errno);
  return std::string(kind_text(info.st_mode));
}

// Collects the first complaint.
class Kinds {
 public:
  void want(const fs::path& path, Wanted wanted) {
    if (!wrong_.empty()) return;
    const Found::Kind kind = look_through(path).kind;
    if (kind == Found::Kind::nothing || (wanted == Wanted::file && kind == Found::Kind::file)) return;
    if (wanted == Wanted::folder && kind == Found::Kind::folder) return;
    if (wanted == Wanted::replaceable && kind != Found::Kind::folder) return;
    wrong_ = fmt::format(
        "{} is {}, where the run has {}; nothing was touched. Take it away{}, or give the run a folder of its own",
        path.string(), describe(path, kind), wanted == Wanted::folder ? "a folder" : "a file of its own",
        kind == Found::Kind::dangling ? ", or bring back what it leads to" : "");
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  std::string wrong_;
};

void look_at_examples(const fs::path& examples, Kinds& kinds) {
  for (const std::string& name : list_folder(examples)) {
    if (name.size() != 32 || name.find_first_not_of("0123456789abcdef") != std::string::npos) continue;
    kinds.want(examples / name, Wanted::folder);
    if (!kinds.wrong().empty()) return;
    for (const std::string& file : list_folder(examples / name)) kinds.want(examples / name / file, Wanted::file);
  }
}

void look_at_work(const fs::path& work, Kinds& kinds) {
  for (const std::string& name : list_folder(work)) {
    if (name.starts_with('.')) continue;  // leftovers, which a start removes whatever they are
    if (name.ends_with(".jsonl")) kinds.want(work / name, Wanted::file);
    const bool verdicts = name.starts_with("output-");
    if (verdicts || name == "checkpoints" || name == "table") kinds.want(work / name, Wanted::folder);
    if (!kinds.wrong().empty()) return;
    if (!verdicts && name != "checkpoints") continue;
    for (const std::string& inner : list_folder(work / name)) {
      if (verdicts && inner.ends_with(".jsonl")) kinds.want(work / name / inner, Wanted::file);
      if (!verdicts && inner.starts_with("step-") && !is_set_aside(inner))
        kinds.want(work / name / inner, Wanted::folder);
    }
  }
}

}  // namespace

std::string wrong_kind_in_run(const fs::path& run) {
  Kinds kinds;
  kinds.want(run, Wanted::folder);
  for (const char* folder : {"stages", "examples", "hang"}) kinds.want(run / folder, Wanted::folder);
  for (const char* file : {"lock", "log.txt", "ledger.jsonl", "exit_code", "run.yaml", "last_start.json",
                           "input_digests.json", "stop_lead_seconds"}) {
    kinds.want(run / file, Wanted::file);
    kinds.want(run / fmt::format(".{}.partial", file), Wanted::replaceable);
  }
  if (kinds.wrong().empty()) look_at_examples(run / "examples", kinds);
  return kinds.wrong();
}

std::string wrong_kind_in_stage(const fs::path& stage) {
  Kinds kinds;
  kinds.want(stage, Wanted::folder);
  for (const char* folder : {"work", "events"}) kinds.want(stage / folder, Wanted::folder);
  for (const char* file :
       {"identity.txt", "inputs.json", "steps.jsonl", "later-steps.jsonl", "saves.jsonl", "sample.txt"})
    kinds.want(stage / file, Wanted::file);
  if (!kinds.wrong().empty()) return kinds.wrong();
  for (const std::string& name : list_folder(stage)) {
    if (name.starts_with("output-") && !is_set_aside(name)) kinds.want(stage / name, Wanted::folder);
    if (name.starts_with("intact-")) kinds.want(stage / name, Wanted::file);
  }
  if (kinds.wrong().empty()) look_at_work(stage / "work", kinds);
  return kinds.wrong();
}

}  // namespace ft
