#include "framework/recipe/grading.h"

#include "framework/base/error.h"
#include "framework/config/parser.h"
#include "framework/config/print.h"
#include "framework/grade/version.h"
#include "tests/support/doctest_torch.h"

using namespace ft;

namespace {

Node node(const std::string& text) { return parse_yaml(text, "run.yaml"); }

}  // namespace

TEST_CASE("a stage's keys of grading stand over the section's, which stand over the defaults") {
  const auto settings = parse<GradingSettings>(
      {node("{percent: fraction, tolerance: 1e-3}"), node("{percent: either, units: required}")});
  CHECK(settings.conventions == grade::Conventions{.percent = grade::Conventions::Percent::either,
                                                   .units = grade::Conventions::Units::required,
                                                   .tolerance = 1e-3});
  CHECK_FALSE(settings.cas);
  CHECK(to_text(settings) ==
        fmt::format("grader {}, percent either, units required, tolerance 0.001", grade::kGraderVersion));
  CHECK(to_text(GradingSettings{.conventions = {}, .cas = true}) ==
        fmt::format("grader {}, conventions by default, computer algebra", grade::kGraderVersion));
}

TEST_CASE("every convention is a key of the identity, and comes back from a manifest") {
  const std::string defaults = identity_text(GradingSettings{});
  for (const grade::Convention& one : grade::convention_table()) {
    for (const auto& choice : one.choices) {
      GradingSettings settings;
      one.set(settings.conventions, choice.name);
      const std::string text = identity_text(settings);
      CHECK(text.find(fmt::format("{}: {}\n", one.name, choice.name)) != std::string::npos);
      CHECK((text == defaults) == (settings.conventions == grade::Conventions{}));
      CHECK(grading_from_json(to_json(settings)).conventions == settings.conventions);
      const auto again = parse<GradingSettings>({node(fmt::format("{{{}: {}}}", one.name, choice.name))});
      CHECK(again.conventions == settings.conventions);
    }
  }
  CHECK(grading_from_json(to_json(GradingSettings{.conventions = {}, .cas = true})).cas);
  CHECK_THROWS_AS((void)grading_from_json({{"rules", "ftrun"}}), Error);
  CHECK_THROWS_AS((void)grading_from_json({{"rules", "theirs"}}), Error);
}

TEST_CASE("what the rules do not know is no part of the identity") {
  const auto with = [](const std::string& text) { return parse<GradingSettings>({node(text)}); };
  const GradingSettings bare = with("{rules: prm800k}"),
                        more = with("{rules: prm800k, units: required, percent: either}");
  CHECK(identity_text(bare) == identity_text(more));
  CHECK(identity_text(bare) != identity_text(GradingSettings{}));
  CHECK(to_json(effective(more)) == to_json(bare));
  CHECK(effective(with("{units: required}")).conventions.units == grade::Conventions::Units::required);
}

TEST_CASE("a wrong key or value of grading is refused at its place") {
  for (const auto& [text, words] :
       {std::pair{"{percnt: number}", "run.yaml:1:2: unknown key 'percnt'; did you mean 'percent'?"},
        std::pair{"{percent: fractoin}", "did you mean 'fraction'?"},
        std::pair{"{tolerance: 0.9}", "'tolerance' must be from 0 to 0.5"},
        std::pair{"{cas: maybe}", "'cas' must be true or false"}}) {
    CHECK_THROWS_WITH_AS((void)parse<GradingSettings>({node(text)}), doctest::Contains(words), UserError);
  }
}
