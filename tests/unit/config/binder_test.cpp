#include "framework/config/binder.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "framework/base/user_path.h"
#include "framework/config/parser.h"
#include "framework/config/print.h"
#include "framework/config/run_file.h"

using namespace ft;

namespace {

enum class Loss { margin, xent };
constexpr auto names_of(Loss) { return std::to_array<std::string_view>({"margin", "xent"}); }

struct TrainingSettings {
  int lanes = 8;
  double learning_rate = 1e-3;
  Length length{2, Length::Unit::epochs};
  Length warmup{50, Length::Unit::steps};
  Loss loss = Loss::margin;
  bool shuffle = true;
  std::int64_t seed = 1;
  Duration save_every{600};
  Recompute recompute;
  ByteSize cache{std::int64_t{1} << 30};
  std::optional<int> limit;
  std::optional<Length> patience;
  int per_problem = 64;
  std::vector<int> ks = {1, 8};
  std::vector<std::string> tags;
};

void describe(TrainingSettings& s, Binder& b) {
  b.identity("lanes", s.lanes, "fixed sequences of micro-batches that one step sums over", Range{1, 65536});
  b.identity("learning_rate", s.learning_rate, "peak learning rate", Range::above(0));
  b.extends("length", s.length, "how long to train");
  b.identity("warmup", s.warmup, "linear rise of the learning rate", Units{Length::Unit::steps, Length::Unit::tokens});
  b.choice("loss", s.loss, KeyKind::identity, "what the verifier minimises");
  b.identity("shuffle", s.shuffle, "a new order each epoch");
  b.identity("seed", s.seed, "of all random numbers");
  b.execution("save_every", s.save_every, "time between checkpoints");
  b.execution("cache", s.cache, "memory for tokens");
  b.identity("limit", s.limit, "problems to use", Range::at_least(1));
  b.identity("patience", s.patience, "stop after so long without progress");
  b.extends("per_problem", s.per_problem, "attempts of each problem");
  b.execution("ks", s.ks, "k of pass@k");
  b.execution("tags", s.tags, "words for the report");
  b.execution("recompute", s.recompute, "what is computed again");
}

struct VerifierSettings {
  std::string model;
  std::vector<std::string> of;
  std::optional<std::string> file;
  int pairs = 10;
};

void describe(VerifierSettings& s, Binder& b) {
  b.required_input("model", s.model, "model", "what to start from");
  b.input("of", s.of, "table", "what to report on");
  b.input("file", s.file, "file", "a list of problems");
  b.identity("pairs", s.pairs, "pairs of each problem");
}

Node yaml(const std::string& text) { return parse_yaml(text, "r.yaml"); }

TrainingSettings parsed(const std::string& text) { return parse<TrainingSettings>({yaml(text)}); }

std::string refusal(const std::string& text) {
  try {
    (void)parsed(text);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an empty map gives the defaults, a full one its values") {
  CHECK(print(parse<TrainingSettings>({Node()})) == print(TrainingSettings{}));
  const TrainingSettings s = parsed(
      "{lanes: 16, learning_rate: 3e-4, length: 5Mtokens, warmup: 100steps, loss: xent, shuffle: false, seed: -5, "
      "save_every: 1h, recompute: 4, cache: 512MiB, limit: 7, patience: 10min, per_problem: 1e2, ks: [1, 2, 4], tags: "
      "[a, 'b c']}");
  CHECK(s.lanes == 16);
  CHECK(s.learning_rate == 3e-4);
  CHECK(s.length == Length{5e6, Length::Unit::tokens});
  CHECK(s.warmup == Length{100, Length::Unit::steps});
  CHECK(s.loss == Loss::xent);
  CHECK_FALSE(s.shuffle);
  CHECK(s.seed == -5);
  CHECK(s.save_every.seconds == 3600);
  CHECK(s.recompute.layers == 4);
  CHECK(s.cache.bytes == 512 << 20);
  CHECK(s.limit == 7);
  CHECK(s.patience == Length{600, Length::Unit::seconds});
  CHECK(s.per_problem == 100);
  CHECK(s.ks == std::vector<int>{1, 2, 4});
  CHECK(s.tags == std::vector<std::string>{"a", "b c"});
}

TEST_CASE("the last layer that has a key wins, null unsets an optional") {
  const Node training = yaml("{lanes: 4, learning_rate: 1e-2, limit: 9}");
  const Node stage = yaml("{lanes: 2, limit: null}");
  const auto s = parse<TrainingSettings>({training, stage});
  CHECK(s.lanes == 2);
  CHECK(s.learning_rate == 1e-2);
  CHECK(s.limit == std::nullopt);
}

TEST_CASE("mistakes are reported with place, wish and the nearest right thing") {
  CHECK(refusal("lanes: 4\nlearing_rate: 1e-3\n") ==
        "r.yaml:2:1: unknown key 'learing_rate'; did you mean 'learning_rate'?");
  CHECK(refusal("{zzzzzz: 4}").starts_with("r.yaml:1:2: unknown key 'zzzzzz'; known keys: cache, ks, lanes, "));
  CHECK(refusal("lanes: yes") == "r.yaml:1:8: 'lanes' must be a whole number, but is 'yes'");
  CHECK(refusal("lanes: 1.5") == "r.yaml:1:8: 'lanes' must be a whole number, but is '1.5'");
  CHECK(refusal("lanes: [1]") == "r.yaml:1:8: 'lanes' must be a whole number, but is a list");
  CHECK(refusal("lanes:") == "r.yaml:1:1: 'lanes' must be a whole number, but is nothing");
  CHECK(refusal("seed: 3\nlanes: ~") == "r.yaml:2:1: 'lanes' must be a whole number, but is nothing");
  CHECK(refusal("lanes: 3000000000") ==
        "r.yaml:1:8: 'lanes' must be a whole number, but is '3000000000'; it is too large");
  CHECK(refusal("lanes: 0") == "r.yaml:1:8: 'lanes' must be from 1 to 65536, but is 0");
  CHECK(refusal("learning_rate: 0") == "r.yaml:1:16: 'learning_rate' must be above 0, but is 0");
  CHECK(refusal("learning_rate: .nan") == "r.yaml:1:16: 'learning_rate' must be a number, but is '.nan'");
  CHECK(refusal("limit: 0") == "r.yaml:1:8: 'limit' must be at least 1, but is 0");
  CHECK(refusal("shuffle: yes") == "r.yaml:1:10: 'shuffle' must be true or false, but is 'yes'; write true");
  CHECK(refusal("loss: margn") ==
        "r.yaml:1:7: 'loss' must be one of margin, xent, but is 'margn'; did you mean 'margin'?");
  CHECK(refusal("length: 200") ==
        "r.yaml:1:9: 'length': '200' has no unit; write for example 200steps, 5Mtokens, 2epochs or 10min");
  CHECK(
      refusal("warmup: 2epochs") ==
      "r.yaml:1:9: 'warmup' must be a length (200steps, 5Mtokens), but is '2epochs'; a length in epochs has no meaning "
      "here");
  CHECK(refusal("save_every: 10steps").find("unknown unit of time 'steps'") != std::string::npos);
  CHECK(refusal("recompute: layer") ==
        "r.yaml:1:12: 'recompute': 'layer' is not what can be computed again: write none, layers, or how many layers "
        "at a "
        "time, from 2 to 65536; did you mean 'layers'?");
  CHECK(refusal("recompute: [2]") ==
        "r.yaml:1:12: 'recompute' must be a number of layers (none, layers, 2, 3, ...), but is a list");
  CHECK(refusal("ks: 4") == "r.yaml:1:5: 'ks' must be a list of whole numbers, but is '4'");
  CHECK(refusal("ks: [1, x]") == "r.yaml:1:9: 'ks.1' must be a whole number, but is 'x'");
  CHECK(refusal("[1]") == "r.yaml:1:1: this must be a map of keys and values, but is a list");
}

TEST_CASE("mistakes in an override point at the argument") {
  const auto refused = [](const std::string& argument) -> std::string {
    try {
      const RunFile file = RunFile::parse("training: {lanes: 8}", "r.yaml", {argument});
      (void)parse<TrainingSettings>({file["training"]});
    } catch (const UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(refused("training.lanes=x") == "argument 'training.lanes=x': 'lanes' must be a whole number, but is 'x'");
  CHECK(refused("training.lane=4") ==
        "argument 'training.lane=4': unknown key 'lane' in 'training'; did you mean 'lanes'?");
  CHECK(refused("training.lanes=4") == "accepted");
  CHECK(refused("training.tags=[{problem}]").ends_with("a text that begins with { stands in quotes"));
}

TEST_CASE("several structs share one parser; unknown is what none of them knows") {
  TrainingSettings training;
  VerifierSettings verifier;
  const Node stage = yaml("{recipe: verifier_sft, model: solver, pairs: 3, lanes: 2, of: answers}");
  Parser parser({yaml("{lanes: 4, seed: 3, unseen_here: 1}"), stage});
  parser.accept("recipe");
  describe(training, parser);
  describe(verifier, parser);
  CHECK_NOTHROW(parser.finish());
  CHECK(training.lanes == 2);
  CHECK(training.seed == 3);
  CHECK(verifier.model == "solver");
  CHECK(verifier.of == std::vector<std::string>{"answers"});
  CHECK(to_string(parser.place("pairs")) == "r.yaml:1:46");
  CHECK(parser.given("seed"));
  CHECK_FALSE(parser.given("loss"));
}

TEST_CASE("a missing required key says what it is for") {
  CHECK_THROWS_WITH_AS((void)parse<VerifierSettings>({yaml("{pairs: 3}")}),
                       "r.yaml:1:1: the key 'model' is missing: what to start from (name (model))", UserError);
}

TEST_CASE("descriptions that contradict themselves are programmers' errors") {
  TrainingSettings s;
  Explainer twice;
  describe(s, twice);
  CHECK_THROWS_AS(describe(s, twice), Error);
  std::string kind = "other";
  Explainer wrong_default;
  CHECK_THROWS_AS(wrong_default.choice("kind", kind, {"margin", "xent"}, KeyKind::identity, ""), Error);
}

TEST_CASE("the digest's text knows neither order nor spelling, only what changes the result") {
  const std::string text = identity_text(TrainingSettings{});
  CHECK(text == "lanes: 8\nlearning_rate: 0.001\nloss: margin\nseed: 1\nshuffle: true\nwarmup: 50steps\n");
  for (const char* same : {"learning_rate: 0.001", "learning_rate: 1e-3", "learning_rate: '1E-3'", "lanes: 8e0",
                           "warmup: 50 steps", "save_every: 1s", "per_problem: 128", "length: 9epochs", "ks: []"}) {
    CAPTURE(same);
    CHECK(identity_text(parsed(same)) == text);
  }
  for (const char* other : {"learning_rate: 0.0010000000000000002", "lanes: 9", "warmup: 50tokens", "limit: 3"}) {
    CAPTURE(other);
    CHECK(identity_text(parsed(other)) != text);
  }
  CHECK(extends_text(TrainingSettings{}) == "length: 2epochs\nper_problem: 64\n");
}

TEST_CASE("inputs are listed, and no name of an input enters the digest") {
  const auto one = parse<VerifierSettings>({yaml("{model: solver, of: [a, b]}")});
  const auto inputs = list_inputs(one);
  REQUIRE(inputs.size() == 3);
  CHECK(inputs[0].key == "model");
  CHECK(inputs[0].what == "model");
  CHECK(inputs[0].names == std::vector<std::string>{"solver"});
  CHECK(inputs[1].names == std::vector<std::string>{"a", "b"});
  CHECK(inputs[2].names.empty());
  CHECK(list_inputs(parse<VerifierSettings>({yaml("{model: m, file: x.txt}")}))[2].names ==
        std::vector<std::string>{"x.txt"});
  CHECK(identity_text(one) == "pairs: 10\n");
}

TEST_CASE("the resolved dump parses back to the same settings") {
  CHECK(rc::check([] {
    TrainingSettings s;
    s.lanes = *rc::gen::inRange(1, 65537);
    const double rate = *rc::gen::arbitrary<double>();
    s.learning_rate = std::isfinite(rate) && rate != 0 ? std::abs(rate) : 1;
    s.seed = *rc::gen::arbitrary<std::int64_t>();
    s.shuffle = *rc::gen::arbitrary<bool>();
    s.ks = *rc::gen::arbitrary<std::vector<int>>();
    if (*rc::gen::arbitrary<bool>()) s.limit = *rc::gen::inRange(1, 1000);
    const auto ascii = rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
    s.tags = *rc::gen::container<std::vector<std::string>>(ascii);
    const TrainingSettings back = parsed(print(s));
    RC_ASSERT(print(back) == print(s));
    RC_ASSERT(back.tags == s.tags);
    RC_ASSERT(back.learning_rate == s.learning_rate);
    RC_ASSERT(back.seed == s.seed);
  }));
  TrainingSettings s;
  s.tags = {"null", "~", "", "true", "- x", "a: b", "\xc3\xa9", "#", "-", "--- ", "1e3", "{", "'", "\"", "\\"};
  CHECK(parsed(print(s)).tags == s.tags);
  CHECK(print(VerifierSettings{.model = "m"}, 2) == "  model: m\n  of: []\n  file: null\n  pairs: 10\n");
}

TEST_CASE("explain tells name, type, default, range and kind") {
  const auto keys = explain<TrainingSettings>();
  REQUIRE(keys.size() == 15);
  CHECK(to_text(keys[0]) ==
        "lanes: fixed sequences of micro-batches that one step sums over\n  type:    whole number\n  default: 8\n"
        "  range:   from 1 to 65536\n  kind:    identity (a change redoes the stage)\n");
  CHECK(keys[3].type == "length (200steps, 5Mtokens)");
  CHECK(keys[4].type == "one of margin, xent");
  CHECK(keys[9].default_text == "null");
  CHECK(keys[10].type == "length (200steps, 5Mtokens, 2epochs, 10min)");
  CHECK(keys[14].type == "number of layers (none, layers, 2, 3, ...)");
  CHECK(keys[14].default_text == "none");
  const auto verifier = explain<VerifierSettings>();
  CHECK(to_text(verifier[0]) ==
        "model: what to start from\n  type:    name (model)\n  default: none, it must be given\n"
        "  kind:    input (a change of what it names redoes the stage)\n");
  CHECK(verifier[1].type == "list of names (table)");
}

TEST_CASE("a key that nothing reads is told of, and counts for the identity as if it were not given") {
  struct Loss {
    std::string kind = "margin";
    double margin = 1;
    std::optional<int> rank;
    std::string of;
  };
  const auto describe_loss = [](Loss& s, Binder& b) {
    b.choice("kind", s.kind, {"margin", "xent"}, KeyKind::identity, "");
    b.identity("margin", s.margin, "");
    b.identity("rank", s.rank, "");
    b.input("of", s.of, "table", "");
    if (s.kind == "margin") return;
    for (const char* key : {"margin", "rank", "of"}) b.idle(key, "kind is " + s.kind);
  };
  Loss fresh;
  Explainer explainer;
  describe_loss(fresh, explainer);
  const auto identity = [&](const std::string& text) {
    Loss loss;
    Parser parser({yaml(text)});
    describe_loss(loss, parser);
    Digester digester(default_texts(explainer.keys()));
    describe_loss(loss, digester);
    return digester.identity_text();
  };
  CHECK(identity("{kind: xent, margin: 2, rank: 3}") == identity("{kind: xent}"));
  CHECK(identity("{kind: xent}") == "kind: xent\nmargin: 1\n");
  CHECK(identity("{margin: 2}") != identity("{}"));
  CHECK(identity("{rank: 3}") != identity("{}"));

  Loss loss;
  Parser parser({yaml("{margin: 5}"), yaml("{kind: xent, of: x}")});
  parser.accept("recipe");
  describe_loss(loss, parser);
  CHECK(parser.idle_keys().size() == 3);
  CHECK(parser.idle_keys().at("margin") == "kind is xent");
  CHECK(parser.describes("rank"));
  CHECK_FALSE(parser.describes("recipe"));
  CHECK_FALSE(parser.describes("other"));
  Printer printer;
  CHECK_THROWS_AS(printer.idle("nobody", "why"), Error);
}

TEST_CASE("a key with a usual value: that value gives no line, another one does, and its help calls it identity") {
  struct Late {
    std::string prompt = "p";
    std::vector<std::string> stop;
    Loss loss = Loss::xent;
    int width = 3;
  };
  const auto describe_late = [](Late& s, Binder& b) {
    const Late usual;
    b.identity_unless(usual.prompt, "prompt", s.prompt, "");
    b.identity_unless(usual.stop, "stop", s.stop, "");
    b.choice_unless(usual.loss, "loss", s.loss, "");
    b.identity("width", s.width, "");
    if (s.width == 0) b.idle("prompt", "no width");
  };
  Late fresh;
  Explainer explainer;
  describe_late(fresh, explainer);
  for (const KeyInfo& info : explainer.keys()) CHECK(info.key.kind == KeyKind::identity);
  const auto identity = [&](Late late) {
    Digester digester(default_texts(explainer.keys()));
    describe_late(late, digester);
    return digester.identity_text();
  };
  CHECK(identity({}) == "width: 3\n");
  CHECK(identity({.prompt = "q", .stop = {"a"}, .loss = Loss::margin}) ==
        "loss: margin\nprompt: q\nstop: [a]\nwidth: 3\n");
  CHECK(identity({.prompt = "q", .width = 0}) == "width: 0\n");
}

TEST_CASE("ranges in words") {
  CHECK(to_string(Range{0, 100000}) == "from 0 to 100000");
  CHECK(to_string(Range{1, 1e12}) == "from 1 to 1000000000000");
  CHECK(to_string(Range{.low = 1e-8, .low_open = true}) == "above 1e-08");
  CHECK(to_string(Range{0, 1}) == "from 0 to 1");
  CHECK(to_string(Range{.low = 0, .high = 1, .high_open = true}) == "at least 0 and below 1");
  CHECK(to_string(Range{.high = 1}) == "at most 1");
  CHECK(to_string(Range{}).empty());
}

TEST_CASE("keys that hold a path get the home folder for a tilde, at any depth, and others do not") {
  struct Paths {
    std::string folder = "runs", title;
    std::optional<std::string> path;
    std::vector<std::string> files;
    std::string list;
  };
  Paths paths;
  const RunFile file = RunFile::parse("folder: ~/a\ntitle: ~/b\npath: ~/c d\nfiles: [~/e, f]\nlist: ~/g\n", "run.yaml");
  Parser parser({file.root()});
  parser.execution("folder", paths.folder, "", Limits::path());
  parser.identity("title", paths.title, "");
  parser.identity("path", paths.path, "", Limits::path());
  parser.identity("files", paths.files, "", Limits::path());
  parser.input("list", paths.list, "file", "");
  parser.finish();
  const std::string home = user_path("~");
  CHECK(paths.folder == home + "/a");
  CHECK(paths.title == "~/b");
  CHECK(paths.path == home + "/c d");
  CHECK(paths.files == std::vector<std::string>{home + "/e", "f"});
  CHECK(paths.list == home + "/g");

  const RunFile wrong = RunFile::parse("x:\n  folder: ~no-such-user/a\n", "run.yaml");
  Parser refused({wrong["x"]});
  CHECK_THROWS_WITH_AS(refused.execution("folder", paths.folder, "", Limits::path()),
                       doctest::Contains("run.yaml:2:11: 'folder': '~no-such-user/a': there is no user"), UserError);
}
