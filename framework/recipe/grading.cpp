#include "framework/recipe/grading.h"

#include "framework/base/error.h"
#include "framework/grade/cas_client.h"
#include "framework/grade/version.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCas = "cas";

}  // namespace

// Binders read or fill what they are given at once, so a copy of each value serves.
void describe(GradingSettings& s, Binder& b) {
  for (const grade::Convention& one : grade::convention_table()) {
    if (one.is_number) {
      double value = parse_number(one.get(s.conventions));
      b.identity(one.name, value, one.meaning, Range{0, grade::kLargestTolerance});
      one.set(s.conventions, shortest(value));
      continue;
    }
    std::vector<std::string> names;
    for (const auto& choice : one.choices) names.emplace_back(choice.name);
    std::string value = one.get(s.conventions);
    b.choice(one.name, value, std::move(names), KeyKind::identity, one.meaning);
    one.set(s.conventions, value);
  }
  b.identity(kCas, s.cas, "prove identities by computer algebra (ftrun-cas), too; the run ends where it is not there");
  if (s.conventions.rules == grade::Conventions::Rules::ftrun) return;
  for (const grade::Convention& one : grade::convention_table()) {
    if (one.name != "rules") b.idle(one.name, "the rules prm800k know no such choice");
  }
}

GradingSettings effective(GradingSettings settings) {
  const bool knows_all = settings.conventions.rules == grade::Conventions::Rules::ftrun;
  if (!knows_all) settings.conventions = {.rules = settings.conventions.rules};
  return settings;
}

std::string to_text(const GradingSettings& s) {
  const std::string conventions =
      s.conventions == grade::Conventions{} ? "conventions by default" : grade::to_text(s.conventions);
  return fmt::format("grader {}, {}{}", grade::kGraderVersion, conventions, s.cas ? ", computer algebra" : "");
}

Json to_json(const GradingSettings& s) {
  Json json{{"grader", grade::kGraderVersion}};
  for (const grade::Convention& one : grade::convention_table()) json[std::string(one.name)] = one.get(s.conventions);
  json[kCas] = s.cas;
  return json;
}

GradingSettings grading_from_json(const Json& json) {
  GradingSettings settings;
  try {
    for (const grade::Convention& one : grade::convention_table())
      one.set(settings.conventions, json.at(std::string(one.name)).get<std::string>());
    settings.cas = json.at(kCas).get<bool>();
  } catch (const std::exception& error) {
    throw Error(fmt::format("these verdicts do not say how they were made: {}", error.what()));
  }
  return settings;
}

std::shared_ptr<const grade::Judge> make_judge(const GradingSettings& settings) {
  const auto prover = settings.cas ? grade::cas_prover() : nullptr;
  if (settings.cas && !prover) {
    fail_user(
        "cas is true, but there is no helper ftrun-cas beside the program (FTRUN_CAS names another place): install it, "
        "or set cas: false");
  }
  return std::make_shared<grade::Judge>(settings.conventions, prover);
}

}  // namespace ft
