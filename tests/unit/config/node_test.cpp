#include "framework/config/node.h"

#include <doctest/doctest.h>

#include "framework/config/parser.h"
#include "framework/config/run_file.h"

using namespace ft;

namespace {

std::string refusal(auto action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kText = R"(# a comment
run: {folder: runs/x, seed: 1}
problems:
  train: {dataset: arithmetic, limit: 200}
  mixed:
    - {dataset: math}
    - {dataset: gsm8k}
empty:
)";

}  // namespace

TEST_CASE("nodes know their kind, path, order and place") {
  const Node root = parse_yaml(kText, "run.yaml");
  CHECK(root.keys() == std::vector<std::string>{"run", "problems", "empty"});
  const Node limit = root["problems"]["train"]["limit"];
  CHECK(limit.text() == "200");
  CHECK(limit.path() == "problems.train.limit");
  CHECK(to_string(limit.place()) == "run.yaml:4:39");
  CHECK(to_string(root["problems"]["train"].key_place("limit")) == "run.yaml:4:32");
  CHECK(to_string(root.key_place("problems")) == "run.yaml:3:1");
  const auto mixed = root["problems"]["mixed"].items();
  REQUIRE(mixed.size() == 2);
  CHECK(mixed[1]["dataset"].text() == "gsm8k");
  CHECK(mixed[1].path() == "problems.mixed.1");
  CHECK(root["empty"].is_null());
  CHECK(root["empty"].keys().empty());
  CHECK_FALSE(root["nothing"]);
  CHECK_FALSE(root["nothing"]["below"]);
  CHECK(root["run"].is_map());
}

TEST_CASE("reading a node as what it is not points at it") {
  const Node root = parse_yaml(kText, "run.yaml");
  CHECK(refusal([&] { (void)root.at("problem"); }) == "run.yaml:2:1: there is no 'problem'; did you mean 'problems'?");
  CHECK(refusal([&] { (void)root["problems"].at("trian"); }) ==
        "run.yaml:4:3: there is no 'trian' in 'problems'; did you mean 'train'?");
  CHECK(refusal([&] { (void)root["run"].text(); }) == "run.yaml:2:6: 'run' must be a single value, but is a map");
  CHECK(refusal([&] { (void)root["run"]["seed"].keys(); }) ==
        "run.yaml:2:29: 'run.seed' must be a map of keys and values, but is '1'");
  CHECK(refusal([&] { (void)root["run"].items(); }) == "run.yaml:2:6: 'run' must be a list, but is a map");
}

TEST_CASE("broken YAML is reported at its place") {
  CHECK(refusal([] { (void)parse_yaml("a: 1\nb: [1, 2\n", "r.yaml"); }).starts_with("r.yaml:3:1: this is not YAML:"));
  CHECK(refusal([] { (void)parse_yaml("a: 1\n\tb: 2\n", "r.yaml"); }) ==
        "r.yaml:2:1: this line is indented with a tab, which YAML does not allow: put blanks in its place");
  CHECK(refusal([] { (void)parse_yaml("a: 1\nb: 2\na: 3\n", "r.yaml"); }) ==
        "r.yaml:3:1: the key 'a' is written twice; first at r.yaml:1:1");
  CHECK(refusal([] { (void)parse_yaml("x: {y: 1, y: 2}", "r.yaml"); }) ==
        "r.yaml:1:11: the key 'y' is written twice; first at r.yaml:1:5");
  CHECK(refusal([] { (void)parse_yaml("a: 1\n---\nb: 1\n", "r.yaml"); }) ==
        "r.yaml:3:1: a second document begins; one file holds one");
  CHECK(refusal([] { (void)parse_yaml("[a, b]: 1", "r.yaml"); }) == "r.yaml:1:1: a key must be a plain word");
  CHECK(refusal([] { (void)parse_yaml("a: *b", "r.yaml"); }).starts_with("r.yaml:1:4: this is not YAML:"));
}

TEST_CASE("aliases work, endless ones and floods are refused") {
  const Node root = parse_yaml("a: &x {lanes: 4}\nb: *x\n", "r.yaml");
  CHECK(root["b"]["lanes"].text() == "4");
  CHECK(root["b"]["lanes"].path() == "b.lanes");
  CHECK(refusal([] { (void)parse_yaml("a: &x [*x]", "r.yaml"); }) != "accepted");
  std::string flood = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 12; ++i) {
    flood += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  }
  CHECK(refusal([&] { (void)parse_yaml(flood, "r.yaml"); }).find("more than 1000000 values") != std::string::npos);
}

TEST_CASE("a run file is a map, exists and is not empty") {
  CHECK(refusal([] { (void)RunFile::load("/no/such.yaml"); }) ==
        "cannot read the run file /no/such.yaml: No such file or directory");
  CHECK(refusal([] { (void)RunFile::load("/tmp"); }) == "/tmp is a folder, not a run file");
  CHECK(refusal([] { (void)RunFile::parse("# nothing\n", "r.yaml"); }) == "r.yaml: the run file is empty");
  CHECK(refusal([] { (void)RunFile::parse("[1]", "r.yaml"); }) ==
        "r.yaml:1:1: a run file is a map of sections, but this is a list");
  CHECK(RunFile::parse("a: 1", "recipes/r.yaml").folder() == "recipes");
  CHECK(RunFile::parse("a: 1", "r.yaml").folder() == ".");
}

TEST_CASE("overrides replace, add a last key, a section, a list's entry") {
  const RunFile file = RunFile::parse(
      kText, "run.yaml",
      {"run.seed=7", "training.lanes=4", "problems.train.split=valid", "problems.mixed.1.dataset=prm800k",
       "run.tags=[a, b]", "empty.x=1", "run.folder=runs/a=b", "problems.test={dataset: math, limit: 3}"});
  CHECK(read<int>(file["run"]["seed"]) == 7);
  CHECK(read<int>(file["training"]["lanes"]) == 4);
  CHECK(file["training"]["lanes"].path() == "training.lanes");
  CHECK(file["problems"]["train"]["split"].text() == "valid");
  CHECK(file["problems"]["train"]["dataset"].text() == "arithmetic");
  CHECK(file["problems"]["mixed"].items()[1]["dataset"].text() == "prm800k");
  CHECK(file["problems"]["mixed"].items()[0]["dataset"].text() == "math");
  CHECK(read<std::vector<std::string>>(file["run"]["tags"]) == std::vector<std::string>{"a", "b"});
  CHECK(file["empty"]["x"].text() == "1");
  CHECK(file["run"]["folder"].text() == "runs/a=b");
  CHECK(file["problems"]["test"]["limit"].path() == "problems.test.limit");
  CHECK(to_string(file["problems"]["test"]["limit"].place()) == "argument 'problems.test={dataset: math, limit: 3}'");
}

TEST_CASE("an override that another one would undo is refused, in any order of their depths") {
  const auto load = [](const std::vector<std::string>& arguments) {
    return refusal([&] { (void)RunFile::parse(kText, "run.yaml", arguments); });
  };
  CHECK(load({"run.seed=7", "run.folder=x", "run.seed=8"}) ==
        "argument 'run.seed=8': 'run.seed' is set twice; the other is argument 'run.seed=7'");
  CHECK(load({"problems.train.limit=3", "problems.train={dataset: math}"}) ==
        "argument 'problems.train={dataset: math}': it would undo argument 'problems.train.limit=3', which stands "
        "before it; "
        "put it first, or leave one away");
  CHECK(load({"run.seed=7", "run.seed=7"}) == "accepted");  // as scripts add them
  CHECK(load({"problems.train={dataset: math}", "problems.train.limit=3"}) == "accepted");
  CHECK(load({"problems.mixed.0.dataset=math", "problems.mixed=[{dataset: math}]"}).find("it would undo") !=
        std::string::npos);
  // Every pair of paths: refused where the later one is the earlier one or above it.
  const std::vector<std::string> paths = {"a", "a.b", "a.c", "a.b.x", "a.bb", "d"};
  for (const std::string& first : paths) {
    for (const std::string& second : paths) {
      const bool undone = first == second || first.starts_with(second + ".");
      INFO(first, " ", second);
      CHECK((refusal([&] { check_overrides({first + "=1", second + "=2"}); }) == "accepted") == !undone);
    }
  }
}

TEST_CASE("a map in place of a map says what it takes away; of a whole section nothing may be lost") {
  const auto warnings = [](const std::string& argument) {
    return RunFile::parse(kText, "run.yaml", {argument}).warnings();
  };
  CHECK(refusal([&] { (void)warnings("run={seed: 8}"); }) ==
        "argument 'run={seed: 8}': it would take the place of the whole section 'run', and folder would no longer be "
        "set; set "
        "single keys, as in run.seed=VALUE");
  CHECK(refusal([&] { (void)warnings("problems="); }).find("train, mixed would no longer be set") != std::string::npos);
  CHECK(warnings("run={seed: 8, folder: x}").empty());
  CHECK(warnings("problems.train={dataset: math}") ==
        std::vector<std::string>{
            "argument 'problems.train={dataset: math}': it takes the place of all that 'problems.train' was: "
            "limit is no longer set"});
  CHECK(warnings("problems.train={dataset: math, limit: 3}").empty());
  CHECK(warnings("problems.train=[{dataset: math}]").empty());  // another kind of thing altogether
  CHECK(warnings("problems.new={dataset: math}").empty());
  CHECK(warnings("problems.mixed.0={dataset: math}").empty());
}

TEST_CASE("an override that leads nowhere names itself") {
  const auto load = [](const std::string& argument) {
    return refusal([&] { (void)RunFile::parse(kText, "run.yaml", {argument}); });
  };
  CHECK(load("problems.trian.limit=5") ==
        "argument 'problems.trian.limit=5': there is no 'trian' in 'problems'; did you mean 'train'?");
  CHECK(load("run.seed.x=5") == "argument 'run.seed.x=5': 'run.seed' is the value '1' and has no 'x'");
  CHECK(load("problems.mixed.2.limit=5") ==
        "argument 'problems.mixed.2.limit=5': 'problems.mixed' is a list of 2 entries, counted from 0; it has no '2'");
  CHECK(load("run..seed=5") == "argument 'run..seed=5': the path has an empty key");
  CHECK(load("run.=5") == "argument 'run.=5': the path has an empty key");
  CHECK(load("seed").starts_with("argument 'seed': an override is written key.path=value"));
  CHECK(load("=5").starts_with("argument '=5': an override is written key.path=value"));
  CHECK(load("run.seed=[1").starts_with("argument 'run.seed=[1':"));
  for (const std::string text : {"{problem} {x}", "a: b: c", "*all*", "\"a\" b"}) {
    const std::string said = load("run.seed=" + text);
    CAPTURE(said);
    const std::string mark = "stands in quotes of its own: '";
    const auto at = said.find(mark);
    REQUIRE(at != std::string::npos);
    std::string argument = said.substr(at + mark.size());
    argument.pop_back();
    CHECK(RunFile::parse(kText, "run.yaml", {argument})["run"]["seed"].text() == text);
  }
  CHECK(load("run.seed={a: 1, a: 2}").find("written twice") != std::string::npos);
}

TEST_CASE("a scale sets its keys, and gives way to what the command line sets") {
  const std::string text =
      "a: {x: 1, y: 2, z: [7, 8]}\n"
      "b: {x: 1}\n"
      "scales:\n"
      "  little: {a.x: 10, a.z.1: 80, b.y: [1, 2]}\n"
      "  large: {b.x: 5}\n";
  const auto load = [&](std::vector<std::string> arguments) { return RunFile::parse(text, "r.yaml", arguments); };
  const auto refusal_of = [&](const std::string& file, std::vector<std::string> arguments) {
    return refusal([&] { (void)RunFile::parse(file, "r.yaml", arguments); });
  };
  const RunFile plain = load({});
  CHECK(plain["a"]["x"].text() == "1");
  CHECK(!plain["scales"]);
  const RunFile little = load({"scale=little"});
  CHECK(little["a"]["x"].text() == "10");
  CHECK(little["a"]["y"].text() == "2");
  CHECK(little["a"]["z"].items()[1].text() == "80");
  CHECK(little["b"]["y"].items().size() == 2);
  CHECK(little["a"]["x"].place().line == 4);
  CHECK(!little["scales"]);
  for (const std::vector<std::string>& order :
       {std::vector<std::string>{"scale=little", "a.x=3"}, {"a.x=3", "scale=little"}}) {
    const RunFile by_hand = load(order);
    CHECK(by_hand["a"]["x"].text() == "3");
    CHECK(by_hand["a"]["z"].items()[1].text() == "80");
  }
  CHECK(load({"scale=large"})["b"]["x"].text() == "5");
  CHECK(refusal_of(text, {"scale=litle"}) ==
        "argument 'scale=litle': the run file has no scale 'litle'; scales are: little, large; did you mean 'little'?");
  CHECK(refusal_of("a: {x: 1}\n", {"scale=little"}).find("no section 'scales'") != std::string::npos);
  CHECK(refusal_of("a: {x: 1}\nscales: {s: {b.x.y: 1}}\n", {}).find("r.yaml:2:14: there is no") != std::string::npos);
  CHECK(refusal_of("a: {x: 1}\nscales: {s: {a: {x: 2}}}\n", {}).find("a scale sets single keys") != std::string::npos);
  CHECK(refusal_of(text, {"scale=little", "scale=large"}).find("is set twice") != std::string::npos);
}

TEST_CASE("overrides are told from files by their '='") {
  CHECK(looks_like_override("training.lanes=4"));
  CHECK(looks_like_override("run.folder=/tmp/x"));
  CHECK_FALSE(looks_like_override("recipes/a=b.yaml"));
  CHECK_FALSE(looks_like_override("multitask.yaml"));
  CHECK_FALSE(looks_like_override("--seed=4"));
  CHECK_FALSE(looks_like_override("=4"));
}
