// What the ranks of a job that stands still say of themselves, and the one table that a person reads.
//
// Each rank writes its state into a file of its own; one rank reads them all, judges whether anything moves, and if
// nothing does makes the table. Here is what needs no clock and no file: texts, judgement, table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

// Where a rank runs, told to all ranks at the start: a rank that answers no more must be named by the others.
struct RankPlace {
  std::string host;
  int pid = 0;
  std::int64_t started = 0;  // of the process, in the kernel's ticks: a process number may be used again
  int page_descriptor = -1;  // ExchangeTrace::page_descriptor
};
[[nodiscard]] std::string to_text(const RankPlace& place);
[[nodiscard]] RankPlace read_rank_place(std::string_view text);

// What a rank says of itself.
struct RankState {
  int rank = 0;
  std::string host;
  int pid = 0;
  std::int64_t beat = 0;  // counts how often it has said something
  std::string stage;
  std::string waiting;  // the exchange it is in; empty: it is elsewhere
  std::int64_t bytes = 0;
  double idle_seconds = 0;  // in that exchange; elsewhere: without using the processor or moving data
  std::string finished;     // its last exchange that is over
  double finished_seconds = 0;
  std::map<int, std::string> peers;  // ranks of its host that do not run, in words: "stopped (signal), after ..."
  std::string ring;                  // ExchangeTrace::dump()
};
// Lines "key: value", then the ring: for people and for read_rank_state. Nothing where the text is cut or is no state.
[[nodiscard]] std::string to_text(const RankState& state);
[[nodiscard]] std::optional<RankState> read_rank_state(std::string_view text);

// What is known of a rank when the states are judged.
struct RankAnswer {
  std::optional<RankState> state;  // the newest, if there has been one
  bool silent = false;             // it has had its time to answer, and has not
};

// True when no rank has moved for `limit` seconds: each is silent, or idle for so long.
[[nodiscard]] bool stands_still(std::span<const RankAnswer> answers, double limit);

// One line a state, the ranks with the same one together, the fewest first: who waits where, who is elsewhere, who does
// not answer. `places` and `answers` by rank.
[[nodiscard]] std::string state_table(std::span<const RankAnswer> answers, std::span<const RankPlace> places);

// "0-3, 7, 9-10"
[[nodiscard]] std::string rank_ranges(std::span<const int> ranks);

}  // namespace ft
