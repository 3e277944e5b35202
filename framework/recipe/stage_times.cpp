#include "framework/recipe/stage_times.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/base/reading.h"
#include "framework/store/append_log.h"

namespace ft {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTimeLength = std::string_view("2026-11-29T17:45:00Z").size();

// What utc_text() wrote.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  std::tm time{};
  if (text.size() < kTimeLength) return std::nullopt;
  const std::string head(text.substr(0, kTimeLength));
  if (strptime(head.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) != head.c_str() + kTimeLength) return std::nullopt;
  return timegm(&time);
}

template <class Use>
void read_events(const std::filesystem::path& run_folder, Use use) {
  read_pieces({run_folder / "ledger.jsonl"}, [&](std::string_view line) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object()) return;
    const auto text = [&](const char* key) {
      return event.contains(key) && event[key].is_string() ? event[key].get<std::string>() : std::string();
    };
    use(event, text("event"), text("stage"));
  });
}

double number(const Json& event, const char* key) {
  return event.contains(key) && event[key].is_number() ? event[key].get<double>() : 0;
}

// Events that say how long a start worked at its stage.
bool is_end(const std::string& what) {
  return what == "stage ends" || what == "stage stops" || what == "stage was cut off";
}

// The time of the log's last line that has one.
std::optional<std::int64_t> last_sign_of_life(const std::filesystem::path& log) {
  constexpr std::streamoff kTail = 1 << 16;
  if (look_through(log).kind != Found::Kind::file) return std::nullopt;  // opening a pipe waits for its writer
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  file.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(file.tellg()) - kTail));
  std::optional<std::int64_t> last;
  for (std::string line; std::getline(file, line);) {
    if (const auto time = seconds_of(line)) last = time;
  }
  return last;
}

}  // namespace

StageTimes read_stage_times(const std::filesystem::path& run_folder) {
  StageTimes times;
  std::map<std::string, std::string> identities;  // of each stage's last start: later events say the name alone
  double own_memory = 0, ranks = 1, tensor = 1;
  read_events(run_folder, [&](const Json& event, const std::string& what, const std::string& stage) {
    if (what == "start") {
      own_memory = number(event, "memory") - number(event, "libraries");
      ranks = std::max(1.0, number(event, "ranks"));
      tensor = std::max(1.0, number(event, "tensor"));
    }
    if (stage.empty()) return;
    if (what == "stage begins") identities[stage] = event.value("identity", std::string());
    StageTime& time = times[{stage, identities[stage]}];
    if (what == "stage begins") ++time.starts;
    if (is_end(what)) time.seconds += number(event, "seconds");
    if (what == "stage was cut off" && number(event, "seconds") == 0) ++time.unknown;
    if (what != "stage ends") return;
    time.ended = true;
    const double peak = number(event, "memory");
    time.peak = static_cast<std::int64_t>(peak);
    time.ranks = static_cast<int>(ranks);
    time.tensor = static_cast<int>(tensor);
    time.memory =
        peak > 0 ? static_cast<std::int64_t>(std::max(0.0, peak - number(event, "libraries") - own_memory)) : 0;
  });
  return times;
}

const StageTime* find_time(const StageTimes& times, const std::string& stage, const std::string& identity) {
  const auto found = times.find({stage, identity});
  return found == times.end() ? nullptr : &found->second;
}

CutOff find_cut_off(const std::filesystem::path& run_folder) {
  CutOff cut;
  std::optional<std::int64_t> begun;
  read_events(run_folder, [&](const Json& event, const std::string& what, const std::string& stage) {
    if (what == "stage begins") {
      cut.stage = stage;
      begun = seconds_of(event.value("time", std::string()));
    } else if (is_end(what) || what == "end") {
      cut.stage.clear();
    }
  });
  if (cut.stage.empty()) return {};
  const auto last = last_sign_of_life(run_folder / "log.txt");
  cut.known = begun && last && *last >= *begun;
  if (cut.known) cut.seconds = static_cast<double>(*last - *begun);
  return cut;
}

}  // namespace ft
