// What a change of the run file redoes: exactly the stages whose result it may change, and those made from them.

#include "framework/recipe/run_plan.h"

#include <unistd.h>

#include <fstream>
#include <set>

#include "framework/text/word_tokenizer.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

constexpr std::string_view kBase = R"(run: {folder: runs/toy, seed: 1}
models: {base: {preset: tiny}, other: {preset: tiny-gqa}}
problems:
  train: {dataset: sums, limit: 100}
  test: {dataset: squares, limit: 20}
training: {learning_rate: 0.5}
stages:
  solver: {recipe: toy_train, model: base, problems: train, workers: 1}
  tries: {recipe: toy_sample, model: solver, problems: test, per_problem: 8}
  counts: {recipe: toy_count, of: [tries]}
  judge: {recipe: toy_train, model: base, problems: train, learning_rate: 0.25}
)";

const std::string kUnused = "run.yaml:2:32: model 'other' is used by no stage";

RunServices services() {
  RunServices services;
  services.identify_problems = [](const Node& node) {
    return ProblemSetIdentity{node.at("dataset").text(), node["limit"] ? node["limit"].text() : "0"};
  };
  services.preset_tokenizer = [](const std::string& name, const PromptTemplates&) {
    return make_word_tokenizer({name == "folder/of/other/words" ? "b" : "a"});
  };
  services.on_one_rank = [](const std::function<std::string()>& compute) { return compute(); };
  services.digest_files = [](const auto& list) { return digests_of(list(), {}); };
  return services;
}

RunPlan plan(const std::string& text, const std::vector<std::string>& overrides = {}) {
  PluginLoader plugins;
  plugins.load_built_in(std::filesystem::path(FT_TEST_PLUGINS) / "toy");
  return plan_run(RunFile::parse(text, "run.yaml", overrides), plugins, services());
}

std::string replaced(const std::string& old_text, const std::string& new_text) {
  std::string text(kBase);
  const auto at = text.find(old_text);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old_text.size(), new_text);
}

struct Changes {
  std::set<std::string> identity, extent;
  bool operator==(const Changes&) const = default;
};

Changes changes(const RunPlan& changed) {
  const RunPlan base = plan(std::string(kBase));
  Changes found;
  REQUIRE(changed.stages.size() == base.stages.size());
  for (std::size_t i = 0; i < base.stages.size(); ++i) {
    const StagePlan &before = base.stages[i], &after = changed.stages[i];
    if (before.identity != after.identity) found.identity.insert(after.name);
    if (before.extent != after.extent) found.extent.insert(after.name);
    CHECK((before.output != after.output) ==
          (before.identity != after.identity || before.extent != after.extent || before.name != after.name));
  }
  return found;
}

Changes changed_by(const std::string& argument) { return changes(plan(std::string(kBase), {argument})); }

const Changes kNothing;

std::string complaint(const std::string& text) {
  try {
    (void)plan(text);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an identity key redoes its stage, what is made from it, and nothing else") {
  CHECK(changed_by("stages.solver.learning_rate=0.75") == Changes{{"solver", "tries", "counts"}, {}});
  CHECK(changed_by("stages.tries.temperature=0.9") == Changes{{"tries", "counts"}, {}});
  CHECK(changed_by("stages.counts.least=2") == Changes{{"counts"}, {}});
  CHECK(changed_by("stages.judge.learning_rate=0.75") == Changes{{"judge"}, {}});
  CHECK(changed_by("training.learning_rate=0.75") ==
        Changes{{"solver", "tries", "counts"}, {}});  // the judge has its own
  CHECK(changed_by("run.seed=2") == Changes{{"solver", "tries", "counts", "judge"}, {}});
}

TEST_CASE("a key that asks for more keeps the identity and changes the extent; what is made from it is redone") {
  CHECK(changed_by("stages.tries.per_problem=16") == Changes{{"counts"}, {"tries"}});
}

TEST_CASE("more problems: more work for a sampler, another model for a training") {
  CHECK(changed_by("problems.test.limit=40") == Changes{{"counts"}, {"tries"}});
  CHECK(changed_by("problems.train.limit=200") == Changes{{"solver", "tries", "counts", "judge"}, {}});
  CHECK(changed_by("problems.test.dataset=cubes") == Changes{{"tries", "counts"}, {}});
}

TEST_CASE("what does not change the result redoes nothing") {
  CHECK(changed_by("stages.solver.workers=8") == kNothing);
  CHECK(changed_by("run.time_limit=10min") == kNothing);
  CHECK(changed_by("stages.solver.learning_rate=0.5") == kNothing);   // what `training` says anyway
  CHECK(changed_by("stages.solver.learning_rate=5e-1") == kNothing);  // another way to write it
  CHECK(changed_by("stages.tries.temperature=0.5") == kNothing);      // the default
  const auto moved = plan(std::string(kBase), {"run.folder=runs/elsewhere"});
  CHECK(moved.stages[0].identity == plan(std::string(kBase)).stages[0].identity);
  CHECK(moved.stages[0].folder.parent_path() == "runs/elsewhere/stages");
}

TEST_CASE("names are no part of an identity") {
  std::string text = replaced("{base: {preset: tiny}", "{start: {preset: tiny}");
  for (auto at = text.find("model: base"); at != std::string::npos; at = text.find("model: base"))
    text.replace(at, 11, "model: start");
  CHECK(changes(plan(text)) == kNothing);
  text = replaced("  test: {", "  exam: {");
  CHECK(changes(plan(text.replace(text.find("problems: test"), 14, "problems: exam"))) == kNothing);
  text = replaced("  tries: {", "  attempts: {");
  CHECK(changes(plan(text.replace(text.find("[tries]"), 7, "[attempts]"))) == kNothing);
}

TEST_CASE("another input, another identity; prompts count where they are used") {
  CHECK(changed_by("stages.judge.model=other") == Changes{{"judge"}, {}});
  CHECK(changed_by("stages.judge.problems=test") == Changes{{"judge"}, {}});
  CHECK(changed_by("prompts.solver='Q: {problem} '") == Changes{{"solver", "tries", "counts", "judge"}, {}});
}

TEST_CASE("a preset's vocabulary counts by what it holds, not by where it lies") {
  const auto with = [](const std::string& tokenizer) {
    return plan(std::string(kBase), {"models.base.tokenizer=" + tokenizer});
  };
  const RunPlan first = with("folder/of/words"), moved = with("moved/folder"), other = with("folder/of/other/words");
  for (std::size_t i = 0; i < first.stages.size(); ++i) {
    CHECK(moved.stages[i].identity == first.stages[i].identity);
    CHECK(other.stages[i].identity != first.stages[i].identity);
  }
  CHECK(first.stages[0].identity_text.find("folder") == std::string::npos);
  CHECK(plan(std::string(kBase)).stages[0].identity_text.find("preset tiny tokenizer arithmetic seed 1\n") !=
        std::string::npos);
}

TEST_CASE("a user's plugin counts by its bytes, a built-in one by its version") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("ft_plugin_{}", ::getpid());
  std::filesystem::create_directories(folder);
  const auto planned = [&](const std::string& name, const std::string& tail) {
    std::filesystem::copy_file(std::filesystem::path(FT_TEST_PLUGINS) / "toy" / "librecipe_toy_train.so", folder / name,
                               std::filesystem::copy_options::overwrite_existing);
    std::ofstream(folder / name, std::ios::app | std::ios::binary) << tail;
    PluginLoader plugins;
    const std::string text = fmt::format(
        "plugins: [{}]\nmodels: {{base: {{preset: tiny}}}}\nproblems: {{train: {{dataset: sums}}}}\n"
        "stages: {{solver: {{recipe: toy_train, model: base, problems: train}}}}\n",
        (folder / name).string());
    return plan_run(RunFile::parse(text, "run.yaml"), plugins, services());
  };
  const RunPlan first = planned("a.so", ""), moved = planned("b.so", ""), changed = planned("c.so", " ");
  CHECK(first.stages[0].identity == moved.stages[0].identity);
  CHECK(first.stages[0].identity != changed.stages[0].identity);
  CHECK(first.stages[0].identity_text.find("\nplugin: ") != std::string::npos);
  CHECK(plan(std::string(kBase)).stages[0].identity_text.find("plugin") == std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE(
    "what a stage is made from is kept with the digests of its files, and its keys with where they were written") {
  const StagePlan solver = plan(std::string(kBase)).stages[0];
  REQUIRE(solver.contents.size() == 2);
  CHECK(solver.contents[0].what == "model");
  CHECK(solver.contents[0].settings == "preset: tiny\ntokenizer: arithmetic\n");
  CHECK(solver.contents[1].what == "problem set");
  CHECK(solver.key_paths.at("learning_rate") == "training.learning_rate");
  CHECK(plan(std::string(kBase)).stages[3].key_paths.at("learning_rate") == "stages.judge.learning_rate");
}

TEST_CASE("what is wrong in the run file is said at its place") {
  const auto has = [](const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(complaint(replaced("model: solver", "model: slover")),
      "run.yaml:9:38: there is no model 'slover'; did you mean 'solver'?");
  has(complaint(replaced("model: solver", "model: tries")),
      "run.yaml:9:38: stage 'tries' cannot be made from its own output");
  has(complaint(replaced("of: [tries]", "of: [solver]")), "'of' wants attempts, but stage 'solver' gives a model");
  has(complaint(replaced("  judge:", "  train:")), "the name 'train' is used twice: for a problem set at run.yaml:4:3");
  has(complaint(replaced("per_problem: 8", "per_problem: 101")), "stage 'tries': more than 100 is too many");
  has(complaint(replaced("preset: tiny}", "preset: tinny}")),
      "model 'base': unknown model preset 'tinny'; did you mean 'tiny'?");
  has(complaint(replaced("workers: 1", "worker: 1")),
      "unknown key 'worker' in 'stages.solver'; did you mean 'workers'?");
}

TEST_CASE(
    "problems of all stages are looked at before anything is hashed, large ones to their ends last, unused ones by "
    "their keys") {
  std::vector<std::string> done;
  RunServices watched = services();
  watched.identify_problems = [&](const Node& node) {
    done.push_back("hash " + node.at("dataset").text());
    return ProblemSetIdentity{node.at("dataset").text(), "0"};
  };
  watched.look_at_problems = [&](const Node& node, Reach reach) {
    const std::string name = node.at("dataset").text();
    done.push_back((reach == Reach::keys ? "keys " : reach == Reach::beginning ? "beginning " : "end ") + name);
    if (name == "broken") fail_user({"problems.jsonl", 7}, "not valid JSON");
    return SeenProblems{{{.id = "1", .text = "x"}}, name != "squares"};
  };
  PluginLoader plugins;
  plugins.load_built_in(std::filesystem::path(FT_TEST_PLUGINS) / "toy");
  std::string text = replaced("  test: {dataset: squares, limit: 20}",
                              "  test: {dataset: squares, limit: 20}\n  spare: {dataset: cubes}");
  const RunPlan plan = plan_run(RunFile::parse(text, "run.yaml"), plugins, watched);
  CHECK(done == std::vector<std::string>{"beginning sums", "beginning squares", "keys cubes", "end squares",
                                         "hash sums", "hash squares"});
  REQUIRE(plan.notes.size() == 1);
  CHECK(plan.notes[0].starts_with(
      "problem set 'test' is large: lengths and tokens were looked at in its first 1 problems"));
  CHECK(plan.warnings == std::vector<std::string>{kUnused, "run.yaml:6:3: problem set 'spare' is used by no stage"});

  done.clear();
  text.replace(text.find("squares"), 7, "broken");
  try {
    (void)plan_run(RunFile::parse(text, "run.yaml"), plugins, watched);
    FAIL("accepted");
  } catch (const UserError& error) {
    CHECK(std::string(error.what()) == "problems.jsonl:7: not valid JSON (in stage 'tries', run.yaml:10:10)");
  }
  CHECK(done == std::vector<std::string>{"beginning sums", "beginning broken"});
}

TEST_CASE("what stands under training and no stage reads is told of with its place") {
  using Lines = std::vector<std::string>;
  CHECK(plan(std::string(kBase)).warnings == Lines{kUnused});
  const std::string more = replaced("learning_rate: 0.5", "learning_rate: 0.5, lanes: 4");
  CHECK(plan(more).warnings == Lines{"run.yaml:6:39: training.lanes has no effect: no stage reads it", kUnused});
  const std::string own = replaced("workers: 1", "workers: 1, learning_rate: 0.125");
  CHECK(plan(own).warnings ==
        Lines{"run.yaml:6:27: training.learning_rate has no effect: every stage that reads it sets its own", kUnused});
  CHECK(plan(std::string(kBase), {"models.spare={preset: tiny}"}).warnings ==
        Lines{kUnused, "argument 'models.spare={preset: tiny}': model 'spare' is used by no stage"});
}

TEST_CASE("ranks that do not divide, and a run folder in whose way a file stands") {
  const auto refused = [](const std::string& text, int ranks) -> std::string {
    PluginLoader plugins;
    plugins.load_built_in(std::filesystem::path(FT_TEST_PLUGINS) / "toy");
    RunServices with_ranks = services();
    with_ranks.ranks = ranks;
    try {
      (void)plan_run(RunFile::parse(text, "run.yaml"), plugins, with_ranks);
    } catch (const UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string grid = replaced("training:", "parallel: {tensor: 2}\ntraining:");
  CHECK(refused(grid, 4) == "accepted");
  CHECK(refused(grid, 3).starts_with("run.yaml:6:20: ranks 3 do not divide by parallel.tensor 2"));
  CHECK(refused(replaced("folder: runs/toy", "folder: /proc/version/x"), 1) ==
        "run.yaml:1:15: run.folder '/proc/version/x': /proc/version is a file, not a folder");
}
