// What a start leaves lying: found by the last start's record, or as the work that differs least; told with its amount.

#include "framework/recipe/superseded.h"

#include <unistd.h>

#include "framework/base/digest.h"
#include "framework/recipe/input_content.h"
#include "framework/store/append_log.h"
#include "framework/store/files.h"
#include "framework/store/folder_writer.h"
#include "framework/store/last_start.h"
#include "framework/store/set_aside.h"
#include "framework/store/stage_folder.h"
#include "tests/support/doctest_torch.h"

using namespace ft;
namespace fs = std::filesystem;

namespace {

class Toy final : public Recipe {
 public:
  explicit Toy(ArtifactKind kind) : kind_(kind) {}
  void describe(Binder&) override {}
  ArtifactKind output() const override { return kind_; }
  void run(StageContext&) override {}

 private:
  ArtifactKind kind_;
};

struct Run {
  fs::path folder = fs::temp_directory_path() / fmt::format("ft_superseded_{}", ::getpid());
  RunPlan plan;
  Run() {
    fs::remove_all(folder);
    make_folder(folder / "stages");
    plan.run.folder = folder.string();
  }
  ~Run() { fs::remove_all(folder); }

  StagePlan stage(const std::string& name, const std::string& text, ArtifactKind kind = ArtifactKind::model) const {
    StagePlan stage;
    stage.name = name;
    stage.recipe = std::make_shared<Toy>(kind);
    stage.identity_text = text;
    stage.identity = sha256(text);
    stage.key_paths = {{"lanes", "training.lanes"}, {"rate", "training.rate"}};
    stage.folder = folder / "stages" / fmt::format("{}-{}", name, stage.identity.substr(0, 12));
    stage.output = stage.folder / "output-0123456789ab";
    return stage;
  }

  // The work that such a stage would have left.
  static void begin(const StagePlan& stage) {
    make_folder(stage.folder / "work");
    replace_file(stage.folder / "identity.txt", stage.identity_text);
    replace_file(stage.folder / kInputsFile, to_json(stage.contents));
  }
  static void save(const StagePlan& stage, std::int64_t step) {
    begin(stage);
    FolderWriter writer = FolderWriter::create(stage.folder / "work/checkpoints" / fmt::format("step-{:08}", step));
    writer.write("rank-0000.h5", std::string(500, 'x'));
    Manifest manifest{.format = "ftrun-checkpoint"};
    manifest.body["metadata"]["cursor"] = {{"step", step},   {"position", step},      {"num_tokens", step},
                                           {"seconds", 0.0}, {"consumed_digest", ""}, {"best_validation_loss", 0.0},
                                           {"best_step", 0}};
    writer.seal(std::move(manifest));
  }
  static void finish(const StagePlan& stage, const nlohmann::ordered_json& body) {
    begin(stage);
    FolderWriter writer = FolderWriter::create(stage.output);
    writer.write("a", "content");
    Manifest manifest{.format = "ftrun-test"};
    manifest.body = body;
    writer.seal(std::move(manifest));
  }
  void record(const std::vector<StagePlan>& stages) const {
    LastStart start;
    for (const StagePlan& s : stages) {
      const fs::path relative = fs::path("stages") / s.folder.filename();
      start.outputs.push_back(
          {s.name, relative, relative / output_folder_name(sha256(s.extent_text)), s.identity, s.extent_text});
    }
    write_last_start(folder, start);
  }
  std::vector<Superseded> find(std::vector<StagePlan> stages) {
    plan.stages = std::move(stages);
    return find_superseded(plan);
  }
};

std::string refusal(const RunPlan& plan, const std::vector<Superseded>& work) {
  try {
    refuse_restart(plan, work);
  } catch (const UserError& error) {
    return error.what();
  }
  return "allowed";
}

const std::string kTwo = "recipe: sft 1\nlanes: 2\nrate: 0.1\n", kFour = "recipe: sft 1\nlanes: 4\nrate: 0.1\n",
                  kSix = "recipe: sft 1\nlanes: 6\nrate: 0.3\n";

}  // namespace

TEST_CASE("nothing is superseded where nothing was worked on") {
  Run run;
  CHECK(run.find({run.stage("solver", kTwo)}).empty());
  Run::begin(run.stage("solver", kTwo));  // a folder that a start has only made
  CHECK(run.find({run.stage("solver", kFour)}).empty());
  Run::save(run.stage("solver", kTwo), 4);
  CHECK(run.find({run.stage("solver", kTwo)}).empty());  // it goes on with its own
  CHECK(run.find({run.stage("judge", kFour)}).empty());
}

TEST_CASE("work of the last start is told with what has changed and how much it is") {
  Run run;
  const StagePlan before = run.stage("solver", kTwo), now = run.stage("solver", kFour);
  Run::save(before, 4);
  Run::save(before, 24);
  run.record({before});
  AppendLog ledger(run.folder / "ledger.jsonl");
  ledger.append(fmt::format(R"({{"event":"stage begins","stage":"solver","identity":"{}"}})", before.identity));
  ledger.append(R"({"event":"stage stops","stage":"solver","seconds":90})");
  const auto found = run.find({now});
  REQUIRE(found.size() == 1);
  CHECK(found[0].folder == before.folder);
  CHECK(found[0].begins_anew);
  CHECK(found[0].reasons == std::vector<std::string>{"training.lanes was 2, is 4"});
  CHECK(found[0].amount == "24 steps");
  CHECK(found[0].bytes > 1000);
  CHECK(found[0].seconds == 90);
  const std::string text = to_text(found[0]);
  CHECK(text.starts_with("stage 'solver' begins anew: training.lanes was 2, is 4; 24 steps ("));
  CHECK(text.find(" kB, ") != std::string::npos);
  CHECK(text.ends_with(fmt::format("of work) in {} are set aside", before.folder.string())));
}

TEST_CASE("checkpoints none of which is sound are lost work, as far as is looked") {
  Run run;
  const StagePlan solver = run.stage("solver", kTwo);
  Run::save(solver, 4);
  Run::save(solver, 8);
  run.record({solver});
  const auto file = [&](int step) {
    return solver.folder / "work/checkpoints" / fmt::format("step-{:08}", step) / "rank-0000.h5";
  };
  replace_file(file(8), "short");
  CHECK(run.find({solver}).empty());  // the one before is sound
  CHECK(find_superseded(run.plan, Look::bytes).empty());
  replace_file(file(4), std::string(500, 'y'));
  CHECK(run.find({solver}).empty());
  const auto found = find_superseded(run.plan, Look::bytes);
  REQUIRE(found.size() == 1);
  CHECK(found[0].is_damaged);
  CHECK(found[0].begins_anew);
  CHECK(found[0].amount == "8 steps");
  CHECK(to_text(found[0]).find("step-00000008 is not whole: rank-0000.h5 has 5 bytes instead of 500; ") !=
        std::string::npos);
  CHECK(to_text(found[0]).ends_with("are lost"));
  run.plan.run.restart = Restart::refuse;
  CHECK(refusal(run.plan, found).find("bring back sound checkpoints") != std::string::npos);
  fs::remove(file(4));
  REQUIRE(run.find({solver}).size() == 1);
  CHECK(run.find({solver})[0].is_damaged);
}

TEST_CASE("without a record it is the work that differs least; with one, the work that the last start meant") {
  Run run;
  const StagePlan near = run.stage("solver", kTwo), far = run.stage("solver", kSix), now = run.stage("solver", kFour);
  Run::save(near, 1);
  Run::save(far, 2);
  CHECK(run.find({now}).at(0).folder == near.folder);
  CHECK(run.find({now}).at(0).amount == "1 step");
  run.record({far});
  CHECK(run.find({now}).at(0).folder == far.folder);
  replace_file(run.folder / kLastStartName, "{");  // as if there were none
  CHECK(run.find({now}).at(0).folder == near.folder);
  fs::remove(near.folder / "identity.txt");
  CHECK(run.find({now}).at(0).folder == near.folder);
  CHECK(run.find({now}).at(0).reasons == std::vector<std::string>{"its folder does not say what it was made from"});
}

TEST_CASE("going back to older settings goes on with their work") {
  Run run;
  const StagePlan first = run.stage("solver", kTwo), second = run.stage("solver", kFour);
  Run::save(first, 8);
  Run::save(second, 3);
  run.record({second});
  const auto found = run.find({first});
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].begins_anew);
  CHECK(found[0].folder == second.folder);
  CHECK(to_text(found[0]).find(
            "goes on with what it made of these settings before: training.lanes was 4, is 2; 3 steps") !=
        std::string::npos);
  run.record({first});
  CHECK(run.find({first}).empty());
}

TEST_CASE("finished work is told by its manifest, and a stage under another name by its identity") {
  Run run;
  Run::finish(run.stage("solver", kTwo), {{"metadata", {{"training", {{"steps", 6}}}}}});
  Run::finish(run.stage("answers", kTwo, ArtifactKind::attempts), {{"summary", {{"attempts", 120}}}});
  const auto found = run.find({run.stage("solver", kFour), run.stage("answers", kFour, ArtifactKind::attempts)});
  REQUIRE(found.size() == 2);
  CHECK(found[0].amount == "finished, 6 steps");
  CHECK(found[1].amount == "finished, 120 attempts");
  const auto renamed = run.find({run.stage("pupil", kTwo)});
  REQUIRE(renamed.size() == 1);
  CHECK(renamed[0].reasons.front().starts_with("it was named '"));
  // A damaged manifest tells nothing, and what was set aside is no output.
  const StagePlan solver = run.stage("solver", kTwo);
  replace_file(solver.output / "manifest.json", "{");
  CHECK(run.find({run.stage("solver", kFour)}).at(0).amount == "a finished output");
  (void)set_aside(solver.output);
  CHECK(run.find({run.stage("solver", kFour)}).empty());
}

TEST_CASE("where inputs were not read nothing is said of what has changed") {
  Run run;
  Run::save(run.stage("solver", kTwo), 4);
  StagePlan unknown = run.stage("solver", kFour);
  unknown.contents = {{"model", "model", "base", "", {{"model.safetensors", std::string(kNotRead)}}}};
  CHECK(run.find({unknown}).empty());
}

TEST_CASE("run.restart: refuse refuses what begins anew, all at once, but no report and no going back") {
  Run run;
  Run::save(run.stage("solver", kTwo), 4);
  Run::save(run.stage("judge", kTwo), 4);
  Run::finish(run.stage("report", kTwo, ArtifactKind::report), {});
  const auto all = run.find(
      {run.stage("solver", kFour), run.stage("judge", kFour), run.stage("report", kFour, ArtifactKind::report)});
  REQUIRE(all.size() == 3);
  CHECK(refusal(run.plan, all) == "allowed");
  run.plan.run.restart = Restart::refuse;
  const std::string text = refusal(run.plan, all);
  CHECK(text.find("stage 'solver' begins anew") != std::string::npos);
  CHECK(text.find("stage 'judge' begins anew") != std::string::npos);
  CHECK(text.find("stage 'report'") == std::string::npos);
  CHECK(text.find("--yes") != std::string::npos);
  CHECK(refusal(run.plan, {all[2]}) == "allowed");
  Superseded back = all[0];
  back.begins_anew = false;
  CHECK(refusal(run.plan, {back}) == "allowed");
}
