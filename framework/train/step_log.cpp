#include "framework/train/step_log.h"

#include <cerrno>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/tensor/output_file.h"
#include "framework/train/losses.h"

namespace ft {

namespace {

using Json = nlohmann::ordered_json;

// Lines of an earlier start that are whole and not of a later step.
std::string lines_until(const std::filesystem::path& path, std::int64_t step) {
  std::ifstream file(path);
  std::string kept, line;
  while (std::getline(file, line)) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step") || json["step"].get<std::int64_t>() > step) continue;
    kept += line + "\n";
  }
  return kept;
}

}  // namespace

std::string to_json_line(const StepRecord& record) {
  Json terms = Json::object();
  for (int k = 0; k < kNumLossKinds; ++k)
    if (record.counts[k] > 0) terms[std::string(to_string(static_cast<LossKind>(k)))] = record.terms[k];
  Json json = {{"step", record.step},
               {"num_steps", record.num_steps},
               {"loss", record.loss},
               {"terms", terms},
               {"gradient_norm", record.gradient_norm},
               {"learning_rate", record.learning_rate},
               {"tokens", record.num_tokens},
               {"seconds", record.seconds},
               {"tokens_per_second", record.tokens_per_second}};
  if (record.skipped) {  // a loss that is no number stands there as null
    json["skipped"] = true;
    json["suspects"] = record.suspects;
  }
  return json.dump();
}

std::optional<StepRecord> step_from_json(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  const auto number = [](const Json& object, std::string_view key) { return object.contains(key) && object[key].is_number(); };
  if (!json.is_object() || !number(json, "step") || !number(json, "loss") || !number(json, "gradient_norm")) return std::nullopt;
  StepRecord record{.step = json["step"], .loss = json["loss"], .gradient_norm = json["gradient_norm"], .skipped = json.contains("skipped")};
  const Json terms = json.value("terms", Json::object());
  for (int k = 0; k < kNumLossKinds; ++k) {
    const auto kind = to_string(static_cast<LossKind>(k));
    if (!terms.is_object() || !number(terms, kind)) continue;
    record.terms[k] = terms[kind];
    record.counts[k] = 1;
  }
  return record;
}

std::string to_json_line(const ValidationRecord& record) {
  return Json{{"step", record.step}, {"validation_loss", record.loss}}.dump();
}

StepLog::StepLog(const std::filesystem::path& path, std::int64_t step) : path_(path) {
  const std::string kept = lines_until(path, step);
  const std::filesystem::path fresh = path.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << kept << std::flush;
    if (!out) fail_output("write", fresh, errno);
  }
  std::filesystem::rename(fresh, path);
  file_.open(path, std::ios::app);
  if (!file_) fail_output("write", path, errno);
}

void StepLog::write_line(const std::string& line) {
  file_ << line << '\n' << std::flush;
  if (!file_) fail_output("write", path_, errno);
}

}  // namespace ft
