#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/recipe/run_records.h"
#include "framework/store/lineage.h"
#include "framework/store/sealed_folder.h"
#include "launch/asked_for.h"
#include "launch/commands.h"
#include "launch/place_check.h"
#include "launch/run_listing.h"

namespace ft {
namespace {

// Hashes every byte of sealed folders, each once, and says what is wrong with them.
class Verifier {
 public:
  bool is_sound(const std::filesystem::path& folder) {
    const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
    const auto [known, inserted] = known_.try_emplace(path, false);
    if (inserted) known->second = look(folder);
    return known->second;
  }

 private:
  static bool look(const std::filesystem::path& path) {
    bool sound = true;
    try {
      const SealedFolder folder = SealedFolder::open(path);
      for (const Complaint& complaint : folder.verify()) {
        fmt::print("{}: {}\n", path.string(), complaint.text);
        sound = sound && complaint.kind == Complaint::Kind::foreign;
      }
      if (const std::string why = why_out_of_place(path); !why.empty()) {
        fmt::print("{}\n", why);
        sound = false;
      }
      if (sound) fmt::print("{}: all {} files intact\n", path.string(), folder.manifest().files.size());
    } catch (const BrokenFolder& broken) {
      fmt::print("{}\n", broken.what());
      return false;
    }
    return sound;
  }

  std::map<std::filesystem::path, bool> known_;
};

struct Verdict {
  bool bytes = true;    // the folder's own
  bool parents = true;  // as far as they are of this run
  [[nodiscard]] bool sound() const { return bytes && parents; }
};

// Where the folder is one of many, its lineage is shown only as far as it is broken: each link is looked at anyway.
Verdict verify_folder(const std::filesystem::path& path, const AskedFor* asked, bool whole_lineage,
                      Verifier& verifier) {
  Verdict verdict{.bytes = verifier.is_sound(path)};
  std::vector<Link> links =
      lineage(path, asked == nullptr ? std::map<std::string, std::filesystem::path>() : asked->standing());
  for (Link& link : links) {
    if (const auto instead = asked != nullptr && link.state == Link::State::missing ? asked->namesake_of(link.folder)
                                                                                    : std::filesystem::path();
        !instead.empty()) {
      link.state = Link::State::replaced;
      link.text = fmt::format("and made again of the same settings since, as {}", instead.string());
    }
    if (link.state != Link::State::intact || verifier.is_sound(link.folder)) continue;
    link.state = Link::State::damaged;
    link.text = "its bytes are not those that were sealed";
  }
  for (const Link& link : links) {
    if (whole_lineage || link.broken()) fmt::print("  {}\n", to_text(link));
    verdict.parents = verdict.parents && !(link.broken() && link.depth > 0);
    verdict.bytes = verdict.bytes && !(link.broken() && link.depth == 0);
  }
  return verdict;
}

// All of a run folder, and whether that is sound which the last start asks for.
class RunVerifier {
 public:
  explicit RunVerifier(const std::filesystem::path& path) : run_(list_run(path)), asked_(path) {}

  bool verify() {
    if (run_.holder) fmt::print("in use by {}: what it writes meanwhile is not looked at\n", *run_.holder);
    for (const SeenStage& stage : run_.stages) {
      look_at_outputs(stage);
      look_at_checkpoints(stage);
      for (const auto& damaged : stage.set_aside)
        fmt::print("{}: set aside as damaged before, and not looked at\n", damaged.string());
    }
    if (!any_) {
      fail_user(fmt::format("{}{}", what_is_there(run_.folder),
                            run_.holder ? fmt::format("; it is in use by {}: verify it later", *run_.holder) : ""));
    }
    for (const MeantOutput& meant : asked_.outputs()) {
      if (!is_there(asked_.place_of(meant)))
        fmt::print("stage '{}': its output is not there (yet): {}\n", meant.stage, asked_.place_of(meant).string());
    }
    look_at_records();
    if (unasked_ > 0) {
      fmt::print("{} not sound, and no failure: the last start asks for nothing of it\n",
                 unasked_ == 1 ? "1 output or checkpoint is" : fmt::format("{} outputs or checkpoints are", unasked_));
    }
    return sound_;
  }

 private:
  void look_at_outputs(const SeenStage& stage) {
    for (const auto& output : stage.outputs) {
      if (!asked_.output(output)) fmt::print("{}: not asked for by the last start\n", output.string());
      const Verdict verdict = verify_folder(output, &asked_, false, verifier_);
      judge(verdict.sound(), asked_.output(output));
      if (verdict.sound() || !asked_.output(output)) continue;
      fmt::print("  -> {}\n", verdict.bytes
                                  ? "its own bytes are sound: it stays as it is; to have it made again, take it away"
                                  : "the next start of the run sets it aside and makes it again");
    }
    for (const auto& output : stage.unsealed) {
      fmt::print("{}{}\n", why_unsealed(output), asked_.output(output) ? "" : "; not asked for by the last start");
      judge(false, asked_.output(output));
    }
  }

  void look_at_checkpoints(const SeenStage& stage) {
    const bool finished = std::ranges::any_of(stage.outputs, [&](const auto& output) { return asked_.output(output); });
    for (const SeenCheckpoint& checkpoint : stage.checkpoints) {
      if (!is_there(checkpoint.folder)) continue;  // a run at work removes old ones
      const bool asked = asked_.stage(stage.folder);
      const bool sound = verify_folder(checkpoint.folder, &asked_, false, verifier_).sound();
      judge(sound, asked);
      if (sound || !asked) continue;
      fmt::print("  -> {}\n", finished
                                  ? "the stage is finished, so no start looks at it: remove it, and a longer length "
                                    "goes on from another one"
                                  : "the next start of the run sets it aside and goes on from the one before");
    }
  }

  // A line of the ledger costs a time in the report; without the record of the last start nobody knows what is meant.
  void look_at_records() {
    const RecordDamage damage = damage_of_records(run_.folder);
    for (const std::string& text : damage.all()) fmt::print("{}\n", text);
    if (!damage.last_start.empty()) judge(false, true);
  }

  void judge(bool sound, bool asked) {
    any_ = true;
    if (sound) return;
    if (asked) {
      sound_ = false;
    } else {
      ++unasked_;
    }
  }

  SeenRun run_;
  AskedFor asked_;
  Verifier verifier_;
  bool any_ = false, sound_ = true;
  int unasked_ = 0;
};

bool verify(const std::filesystem::path& path) {
  bool sound = false;
  if (look_through(path).kind == Found::Kind::folder && is_run_folder(path)) {
    sound = RunVerifier(path).verify();
  } else {
    const std::filesystem::path found = find_artifact(path);
    const std::optional<std::filesystem::path> run = run_around(found);
    const std::optional<AskedFor> asked = run ? std::optional<AskedFor>(*run) : std::nullopt;
    Verifier verifier;
    sound = verify_folder(found, asked ? &*asked : nullptr, true, verifier).sound();
  }
  fmt::print("{}\n", sound ? "sound" : "NOT SOUND");
  return sound;
}

}  // namespace

void add_verify(CLI::App& app, Subcommand& chosen) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("verify", "check every hash and the chain of parents");
  command->add_option("PATH", *path, "a run folder, <run folder>/<stage>, or a sealed folder")->required();
  command->callback(
      [&chosen, path] { chosen.alone = [path] { return verify(*path) ? ExitCode::done : ExitCode::failure; }; });
}

}  // namespace ft
