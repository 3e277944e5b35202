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

std::string signed_line(Json json, const Owner& owner) {
  json["of"] = owner.text();
  const std::string line = json.dump();
  return fmt::format("{}{}{}{}", std::string_view(line).substr(0, line.size() - 1), kSumHead, sum_of(line), kSumTail);
}

bool matches_sum(std::string_view line) {
  constexpr std::size_t kSize = kSumHead.size() + kSumDigits + kSumTail.size();
  if (line.size() <= kSize) return false;
  const std::string_view end = line.substr(line.size() - kSize);
  if (!end.starts_with(kSumHead) || !end.ends_with(kSumTail)) return false;
  const std::string whole = std::string(line.substr(0, line.size() - kSize)) + "}";
  return sum_of(whole) == end.substr(kSumHead.size(), kSumDigits);
}

// The object of a line that is whole and the owner's; what it holds is not looked at.
std::optional<Json> read_signed(std::string_view line, const Owner& owner) {
  if (!matches_sum(line)) return std::nullopt;
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("of") || json["of"] != owner.text()) return std::nullopt;
  return json;
}

// What an earlier start has left.
struct Earlier {
  std::string kept;  // whole records, not of a later step
  std::int64_t foreign = 0;
  bool all_kept = true;
};

Earlier read_until(const std::filesystem::path& path, const Owner& owner, std::int64_t step) {
  Earlier earlier;
  LineReader lines(path);
  for (std::string line; lines.next(line);) {
    const auto json = lines.torn() ? std::nullopt : read_step_line(line, owner);
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

std::string to_json_line(const StepRecord& record, const Owner& owner) {
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
  return signed_line(std::move(json), owner);
}

std::optional<StepRecord> step_from_json(std::string_view line, const Owner& owner) {
  const std::optional<Json> read = read_signed(line, owner);
  if (!read) return std::nullopt;
  const Json& json = *read;
  const auto number = [](const Json& object, std::string_view key) {
    return object.contains(key) && object[key].is_number();
  };
  if (!number(json, "step") || !number(json, "loss") || !number(json, "gradient_norm")) return std::nullopt;
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

std::string to_json_line(const ValidationRecord& record, const Owner& owner) {
  Json json = {{"step", record.step}, {"validation_loss", record.loss}};
  if (record.measure) json["measure"] = *record.measure;
  return signed_line(std::move(json), owner);
}

std::optional<nlohmann::ordered_json> read_step_line(const std::string& line, const Owner& owner) {
  std::optional<Json> read = read_signed(line, owner);
  if (!read) return std::nullopt;
  const Json& json = *read;
  if (!json.contains("step") || !json["step"].is_number_integer()) return std::nullopt;
  if (json.contains("validation_loss")) return json["validation_loss"].is_number() ? std::move(read) : std::nullopt;
  for (const char* key : {"tokens", "seconds", "learning_rate"}) {
    if (!json.contains(key) || !json[key].is_number()) return std::nullopt;
  }
  const bool skipped = json.contains("skipped");
  if (!json.contains("loss") || !(json["loss"].is_number() || (skipped && json["loss"].is_null()))) return std::nullopt;
  return read;
}

std::int64_t count_foreign_lines(const std::filesystem::path& path, const Owner& owner) {
  return read_until(path, owner, std::numeric_limits<std::int64_t>::max()).foreign;
}

StepLog::StepLog(const std::filesystem::path& path, Owner owner, std::int64_t step)
    : path_(path), owner_(std::move(owner)) {
  const Earlier earlier = read_until(path, owner_, step);
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
