#include "framework/train/step_log.h"

#include <cerrno>
#include <limits>
#include <span>
#include <system_error>

#include "framework/base/digest.h"
#include "framework/base/error.h"
#include "framework/base/reading.h"
#include "framework/tensor/output_file.h"
#include "framework/train/losses.h"

namespace ft {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSumHead = ",\"sum\":\"", kSumTail = "\"}";
constexpr std::size_t kSumDigits = 16;

std::string sum_of(std::string_view line) { return xxh128(line).substr(0, kSumDigits); }

std::string with_sum(const Json& json) {
  const std::string line = json.dump();
  return fmt::format("{}{}{}{}", std::string_view(line).substr(0, line.size() - 1), kSumHead, sum_of(line), kSumTail);
}

// False where the line has a sum that is not its own.
bool matches_sum(std::string_view line) {
  constexpr std::size_t kSize = kSumHead.size() + kSumDigits + kSumTail.size();
  if (line.size() <= kSize) return true;
  const std::string_view end = line.substr(line.size() - kSize);
  if (!end.starts_with(kSumHead) || !end.ends_with(kSumTail)) return true;
  const std::string whole = std::string(line.substr(0, line.size() - kSize)) + "}";
  return sum_of(whole) == end.substr(kSumHead.size(), kSumDigits);
}

// What an earlier start has left.
struct Earlier {
  std::string kept;  // whole records, not of a later step
  std::int64_t foreign = 0;
  bool all_kept = true;
};

Earlier read_until(const std::filesystem::path& path, std::int64_t step) {
  Earlier earlier;
  LineReader lines(path);
  for (std::string line; lines.next(line);) {
    const auto json = lines.torn() ? std::nullopt : read_step_line(line);
    if (!lines.torn() && !json) ++earlier.foreign;
    if (json && json->at("step").get<std::int64_t>() <= step) {
      earlier.kept += line + "\n";
    } else {
      earlier.all_kept = false;
    }
  }
  return earlier;
}

// On the disk, whole or not at all.
void replace_log(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path fresh = path.string() + ".new";
  OutputFile file(fresh, OutputFile::Mode::replace);
  file.write(std::as_bytes(std::span(text)), 0);
  file.sync();
  file.close();
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
  if (error) fail_output("replace", path, error.value());
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
  return with_sum(json);
}

std::optional<StepRecord> step_from_json(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!matches_sum(line)) return std::nullopt;
  const auto number = [](const Json& object, std::string_view key) {
    return object.contains(key) && object[key].is_number();
  };
  if (!json.is_object() || !number(json, "step") || !number(json, "loss") || !number(json, "gradient_norm"))
    return std::nullopt;
  StepRecord record{.step = json["step"],
                    .loss = json["loss"],
                    .gradient_norm = json["gradient_norm"],
                    .skipped = json.contains("skipped")};
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
  return with_sum({{"step", record.step}, {"validation_loss", record.loss}});
}

std::optional<nlohmann::ordered_json> read_step_line(const std::string& line) {
  Json json = Json::parse(line, nullptr, false);
  if (!matches_sum(line)) return std::nullopt;
  if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) return std::nullopt;
  if (json.contains("validation_loss")) return json["validation_loss"].is_number() ? std::optional(json) : std::nullopt;
  for (const char* key : {"tokens", "seconds", "learning_rate"}) {
    if (!json.contains(key) || !json[key].is_number()) return std::nullopt;
  }
  const bool skipped = json.contains("skipped");
  if (!json.contains("loss") || !(json["loss"].is_number() || (skipped && json["loss"].is_null()))) return std::nullopt;
  return json;
}

std::int64_t count_damaged_lines(const std::filesystem::path& path) {
  return read_until(path, std::numeric_limits<std::int64_t>::max()).foreign;
}

StepLog::StepLog(const std::filesystem::path& path, std::int64_t step) : path_(path) {
  const Earlier earlier = read_until(path, step);
  foreign_lines_ = earlier.foreign;
  if (!earlier.all_kept) replace_log(path, earlier.kept);
  file_.open(path, std::ios::app);
  if (!file_) fail_output("write", path, errno);
}

void StepLog::write_line(const std::string& line) {
  file_ << line << '\n' << std::flush;
  if (!file_) fail_output("write", path_, errno);
}

}  // namespace ft
