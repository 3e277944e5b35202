#include "framework/watch/hang_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

namespace ft {
namespace {

constexpr std::string_view kRing = "last exchanges, oldest first:\n";
constexpr std::string_view kEnd = "end\n";

template <class Number>
Number number_in(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The part of `text` up to `delimiter`, which both are taken off.
std::string_view take(std::string_view& text, char delimiter) {
  const std::size_t end = std::min(text.find(delimiter), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::string seconds_text(double seconds) { return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0); }

std::string last_finished(const RankState& state) {
  if (state.finished.empty()) return "no exchange finished yet";
  return fmt::format("finished {} {} ago", state.finished, seconds_text(state.finished_seconds));
}

// What the other ranks of its host, or nobody, can say of a rank that says nothing itself.
std::string silent_words(int rank, std::span<const RankAnswer> answers) {
  for (const RankAnswer& answer : answers) {
    if (!answer.state || answer.silent) continue;
    const auto seen = answer.state->peers.find(rank);
    if (seen != answer.state->peers.end()) return seen->second;
  }
  const auto& state = answers[static_cast<std::size_t>(rank)].state;
  if (state) return fmt::format("does not answer any more; in stage '{}', {}", state->stage, last_finished(*state));
  return "does not answer: stopped, cut off, or its host is down";
}

// One line of the table: the ranks that are in the same state.
struct Row {
  std::vector<int> ranks;
  double least = 0, most = 0;  // seconds
  std::int64_t bytes = 0;
};

std::string where(const Row& row, std::span<const RankPlace> places) {
  std::set<std::string> hosts;
  for (const int rank : row.ranks) hosts.insert(places[static_cast<std::size_t>(rank)].host);
  if (row.ranks.size() == 1)
    return fmt::format("{} pid {}", *hosts.begin(), places[static_cast<std::size_t>(row.ranks[0])].pid);
  if (hosts.size() <= 3) return fmt::format("{}", fmt::join(hosts, ", "));
  return fmt::format("{} hosts", hosts.size());
}

}  // namespace

std::string to_text(const RankPlace& place) {
  return fmt::format("{} {} {} {}", place.pid, place.started, place.page_descriptor, place.host);
}

RankPlace read_rank_place(std::string_view text) {
  RankPlace place;
  place.pid = number_in<int>(take(text, ' '));
  place.started = number_in<std::int64_t>(take(text, ' '));
  place.page_descriptor = number_in<int>(take(text, ' '));
  place.host = text;
  return place;
}

std::string to_text(const RankState& state) {
  std::string text = fmt::format(
      "rank: {}\nhost: {}\npid: {}\nbeat: {}\nstage: {}\nwaiting: {}\nbytes: {}\nidle seconds: {:.3f}\nfinished: "
      "{}\nfinished seconds: "
      "{:.3f}\n",
      state.rank, state.host, state.pid, state.beat, state.stage, state.waiting, state.bytes, state.idle_seconds,
      state.finished, state.finished_seconds);
  for (const auto& [rank, words] : state.peers) text += fmt::format("peer: {} {}\n", rank, words);
  return text + std::string(kRing) + state.ring + std::string(kEnd);
}

std::optional<RankState> read_rank_state(std::string_view text) {
  const std::size_t ring = text.find(kRing);
  if (ring == std::string_view::npos || !text.ends_with(kEnd)) return std::nullopt;
  RankState state;
  state.ring = text.substr(ring + kRing.size(), text.size() - ring - kRing.size() - kEnd.size());
  text = text.substr(0, ring);
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view key = take(line, ':');
    if (!line.empty()) line.remove_prefix(1);
    if (key == "rank") state.rank = number_in<int>(line);
    if (key == "host") state.host = line;
    if (key == "pid") state.pid = number_in<int>(line);
    if (key == "beat") state.beat = number_in<std::int64_t>(line);
    if (key == "stage") state.stage = line;
    if (key == "waiting") state.waiting = line;
    if (key == "bytes") state.bytes = number_in<std::int64_t>(line);
    if (key == "idle seconds") state.idle_seconds = number_in<double>(line);
    if (key == "finished") state.finished = line;
    if (key == "finished seconds") state.finished_seconds = number_in<double>(line);
    if (key == "peer") {
      const int rank = number_in<int>(take(line, ' '));
      state.peers[rank] = line;
    }
  }
  return state;
}

bool stands_still(std::span<const RankAnswer> answers, double limit) {
  return std::ranges::all_of(answers, [&](const RankAnswer& answer) {
    return answer.silent || (answer.state && answer.state->idle_seconds >= limit);
  });
}

std::string state_table(std::span<const RankAnswer> answers, std::span<const RankPlace> places) {
  std::map<std::string, Row> rows;
  const auto add = [&](const std::string& words, int rank, double seconds, std::int64_t bytes) {
    const auto [place, inserted] = rows.try_emplace(words, Row{.least = seconds, .most = seconds, .bytes = bytes});
    Row& row = place->second;
    row.ranks.push_back(rank);
    row.least = std::min(row.least, seconds);
    row.most = std::max(row.most, seconds);
    row.bytes = std::max(row.bytes, bytes);
  };
  for (std::size_t r = 0; r < answers.size(); ++r) {
    const int rank = static_cast<int>(r);
    const auto& state = answers[r].state;
    if (answers[r].silent) {
      add(silent_words(rank, answers), rank, 0, 0);
    } else if (!state) {
      add("has not answered yet", rank, 0, 0);
    } else if (!state->waiting.empty()) {
      add(fmt::format("in stage '{}', waits in {}", state->stage, state->waiting), rank, state->idle_seconds,
          state->bytes);
    } else if (state->idle_seconds > 0.1) {
      add(fmt::format("in stage '{}', neither computes nor exchanges for {}; {}", state->stage,
                      seconds_text(state->idle_seconds), last_finished(*state)),
          rank, 0, 0);
    } else {
      add(fmt::format("in stage '{}', computes; {}", state->stage, last_finished(*state)), rank, 0, 0);
    }
  }
  std::vector<std::pair<std::string, Row>> sorted(rows.begin(), rows.end());
  std::ranges::sort(sorted, {},
                    [](const auto& entry) { return std::tuple(entry.second.ranks.size(), entry.second.ranks[0]); });
  std::string table;
  for (const auto& [words, row] : sorted) {
    table += fmt::format("  {} {} on {}: {}", row.ranks.size() == 1 ? "rank" : "ranks", rank_ranges(row.ranks),
                         where(row, places), words);
    if (row.bytes > 0) table += fmt::format(" ({} bytes)", row.bytes);
    if (row.most > 0)
      table += " for " + seconds_text(row.least) + (row.most - row.least > 1 ? " to " + seconds_text(row.most) : "");
    table += "\n";
  }
  return table;
}

std::string rank_ranges(std::span<const int> ranks) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    text += text.empty() ? "" : ", ";
    text += last == i ? fmt::format("{}", ranks[i]) : fmt::format("{}-{}", ranks[i], ranks[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace ft
