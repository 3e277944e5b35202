// The words for a changed identity: of keys, prompts, inputs and files, from a text and a list of inputs as a stage's
// folder keeps them.

#include "framework/recipe/identity_change.h"

#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

using Words = std::vector<std::string>;

class Prompted final : public Recipe {
 public:
  void describe(Binder&) override {}
  ArtifactKind output() const override { return ArtifactKind::model; }
  void run(StageContext&) override {}
};

StagePlan stage(const std::string& text, std::vector<InputContent> contents = {}) {
  StagePlan plan;
  plan.name = "solver";
  plan.recipe = std::make_shared<Prompted>();
  plan.identity_text = text;
  plan.contents = std::move(contents);
  plan.key_paths = {{"lanes", "training.lanes"}, {"style", "stages.solver.style"}, {"solver", "stages.solver.solver"}};
  return plan;
}

const std::string kText = "recipe: sft 1\nseed: 1\nsolver: \"Q: {problem}\"\nlanes: 2\n";

}  // namespace

TEST_CASE("a key is named where it was written, with both values") {
  CHECK(changes(stage(kText), kText, {}).empty());
  CHECK(changes(stage("recipe: sft 1\nseed: 1\nsolver: \"Q: {problem}\"\nlanes: 4\n"), kText, {}) ==
        Words{"training.lanes was 2, is 4"});
  CHECK(changes(stage(kText + "style: fine\n"), kText, {}) == Words{"stages.solver.style was not set, is fine"});
  CHECK(changes(stage(kText), kText + "gone: 3\n", {}) == Words{"stages.solver.gone was 3, is not set"});
  CHECK(changes(stage("recipe: sft 2\nseed: 7\nsolver: \"Q: {problem}\"\nlanes: 2\n"), kText, {}) ==
        Words{"recipe sft was version 1, is version 2", "run.seed was 1, is 7"});
  CHECK(changes(stage("recipe: dpo 1\nseed: 1\nsolver: \"Q: {problem}\"\nlanes: 2\n"), kText, {}) ==
        Words{"stages.solver.recipe was sft, is dpo"});
}

TEST_CASE("prompts and a recipe's key of the same name are two things; long values are shown where they differ") {
  const std::string two = kText + "solver: a\n";
  CHECK(changes(stage(kText + "solver: b\n"), two, {}) == Words{"stages.solver.solver was a, is b"});
  const std::string lead(300, 'x');
  const std::string before = "solver: " + lead + "before" + lead + "\n",
                    after = "solver: " + lead + "after" + lead + "\n";
  const Words words = changes(stage(after), before, {});
  REQUIRE(words.size() == 1);
  CHECK(words[0].starts_with("prompts.solver was ...xxxxxxxxxxxxxxxbefore"));
  CHECK(words[0].find("is ...xxxxxxxxxxxxxxxafter") != std::string::npos);
  CHECK(words[0].size() < 180);
}

TEST_CASE("inputs are compared file by file and key by key") {
  const auto with = [](const std::string& digest) { return kText + "input model: files " + digest + "\n"; };
  const InputContent before{"model", "model", "base", "", {{"a.json", "1"}, {"b.json", "2"}, {"c.json", "3"}}};
  InputContent now = before;
  now.files = {{"a.json", "1"}, {"b.json", "9"}, {"d.json", "4"}};
  CHECK(changes(stage(with("2"), {now}), with("1"), std::vector{before}) ==
        Words{"model 'base': b.json changed, c.json is gone, d.json is new"});
  CHECK(changes(stage(with("2"), {now}), with("1"), {}) == Words{"its model is another"});  // of an older program
  now = {"model", "stage", "first", "identity: 12\n", {}};
  CHECK(changes(stage(with("2"), {now}), with("1"), std::vector{before}) ==
        Words{"model was model 'base', is stage 'first'"});
  const InputContent first{"model", "stage", "first", "identity: 12\nlength: 6steps\n", {}};
  now.settings = "identity: 12\nlength: 8steps\n";
  CHECK(changes(stage(with("2"), {now}), with("1"), std::vector{first}) ==
        Words{"its model, stage 'first', is another: length was 6steps, is 8steps"});
  now.settings = "identity: 13\nlength: 6steps\n";
  CHECK(changes(stage(with("2"), {now}), with("1"), std::vector{first}) ==
        Words{"its model, stage 'first', is another"});
}

TEST_CASE("a list of data sets says some keys several times; limits are the sets'") {
  const InputContent before{
      "problems", "problem set", "mixed", "dataset: a\nsplit: train\ndataset: b\nsplit: train\n", {}};
  InputContent now = before;
  now.settings = "dataset: a\nsplit: train\ndataset: b\nsplit: test\n";
  CHECK(changes(stage("input problems: 2\n", {now}), "input problems: 1\n", std::vector{before}) ==
        Words{"problems.mixed.split was train, is test"});
  CHECK(changes(stage("extent of problems: 60 \n", {now}), "extent of problems: 40 \n", std::vector{before}) ==
        Words{"problems.mixed.limit was 40, is 60"});
}

TEST_CASE("what a preset's digest says of the seed is not said twice") {
  const InputContent preset{"model", "model", "base", "preset: tiny\n", {}};
  CHECK(changes(stage("seed: 2\ninput model: preset tiny seed 2\n", {preset}),
                "seed: 1\ninput model: preset tiny seed 1\n", std::vector{preset}) == Words{"run.seed was 1, is 2"});
}
