#include "tests/cuda/stand_in_launch.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>

namespace ft::testing {
namespace {

void move_collective(const std::vector<const Operation*>& of_rank) {
  const Operation& first = *of_rank[0];
  const std::size_t bytes = first.count;  // the only type is that of bytes
  if (first.what == "broadcast") {
    for (const Operation* o : of_rank) std::memmove(o->to, of_rank[static_cast<std::size_t>(first.root)]->from, bytes);
  } else if (first.what == "all_gather") {
    for (const Operation* o : of_rank) {
      for (std::size_t r = 0; r < of_rank.size(); ++r)
        std::memmove(static_cast<std::byte*>(o->to) + r * bytes, of_rank[r]->from, bytes);
    }
  }
}

// The sends from a to b, in order, are b's receives from a. Returns what is wrong, or nothing.
std::string move_messages(const std::vector<std::shared_ptr<Launch>>& launches) {
  for (std::size_t a = 0; a < launches.size(); ++a) {
    for (std::size_t b = 0; b < launches.size(); ++b) {
      std::vector<const Operation*> sends, receives;
      if (launches[a] == nullptr || launches[b] == nullptr) continue;
      for (const Operation& o : launches[a]->operations) {
        if (o.what == "send" && o.peer == static_cast<int>(b)) sends.push_back(&o);
      }
      for (const Operation& o : launches[b]->operations) {
        if (o.what == "receive" && o.peer == static_cast<int>(a)) receives.push_back(&o);
      }
      if (sends.size() != receives.size()) {
        return fmt::format("{} sends from {} to {}, but {} receives", sends.size(), a, b, receives.size());
      }
      for (std::size_t i = 0; i < sends.size(); ++i) {
        if (sends[i]->count != receives[i]->count || sends[i]->type != receives[i]->type) {
          return "a message is received with another size than it is sent";
        }
        std::memcpy(receives[i]->to, sends[i]->from, sends[i]->count);
      }
    }
  }
  return "";
}

}  // namespace

std::string Operation::text() const { return fmt::format("{} of {} x type {}, root {}", what, count, type, root); }

std::string move_data(const std::vector<std::shared_ptr<Launch>>& launches) {
  if (std::string fault = move_messages(launches); !fault.empty()) return fault;
  std::vector<std::vector<const Operation*>> collective;
  for (const auto& launch : launches) {
    if (launch == nullptr) continue;
    auto& of_rank = collective.emplace_back();
    for (const Operation& o : launch->operations) {
      if (!o.is_message()) of_rank.push_back(&o);
    }
    if (of_rank.size() != collective[0].size()) return "ranks launch different numbers of operations";
  }
  for (std::size_t i = 0; i < collective[0].size(); ++i) {
    std::vector<const Operation*> of_rank;
    for (const auto& of_one : collective) of_rank.push_back(of_one[i]);
    for (const Operation* o : of_rank) {
      if (o->text() != of_rank[0]->text()) {
        return fmt::format("{} on one rank, {} on another", of_rank[0]->text(), o->text());
      }
    }
    move_collective(of_rank);
  }
  return "";
}

}  // namespace ft::testing
