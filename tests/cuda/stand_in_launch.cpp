#include "tests/cuda/stand_in_launch.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cstring>
#include <map>

#include "framework/comm/tree_sum.h"
#include "parallel/cuda/nccl_api.h"

namespace ft::testing {
namespace {

std::size_t width_of(int type) {
  switch (type) {
    case kNcclUint8:
      return 1;
    case kNcclBfloat16:
      return 2;
    case kNcclInt32:
    case kNcclFloat32:
      return 4;
    default:
      return 8;
  }
}

at::ScalarType dtype_of(int type) {
  static const std::map<int, at::ScalarType> kTypes = {{kNcclInt32, at::kInt},
                                                       {kNcclInt64, at::kLong},
                                                       {kNcclFloat32, at::kFloat},
                                                       {kNcclFloat64, at::kDouble},
                                                       {kNcclBfloat16, at::kBFloat16}};
  return kTypes.at(type);
}

ReduceOp op_of(int op) { return op == kNcclMax ? ReduceOp::max : op == kNcclMin ? ReduceOp::min : ReduceOp::sum; }

void reduce_ranks(const std::vector<const Operation*>& of_rank, std::size_t offset, std::size_t count, void* to) {
  std::vector<const void*> parts;
  for (const Operation* operation : of_rank) {
    parts.push_back(static_cast<const std::byte*>(operation->from) + offset * width_of(operation->type));
  }
  std::vector<std::byte> sum(count * width_of(of_rank[0]->type));
  reduce_tree(dtype_of(of_rank[0]->type), op_of(of_rank[0]->op), parts, sum.data(), static_cast<std::int64_t>(count));
  std::memcpy(to, sum.data(), sum.size());
}

void move_collective(const std::vector<const Operation*>& of_rank) {
  const Operation& first = *of_rank[0];
  const std::size_t bytes = first.count * width_of(first.type);
  if (first.what == "broadcast") {
    for (const Operation* o : of_rank) std::memmove(o->to, of_rank[static_cast<std::size_t>(first.root)]->from, bytes);
  } else if (first.what == "all_gather") {
    for (const Operation* o : of_rank) {
      for (std::size_t r = 0; r < of_rank.size(); ++r)
        std::memmove(static_cast<std::byte*>(o->to) + r * bytes, of_rank[r]->from, bytes);
    }
  } else if (first.what == "reduce") {
    reduce_ranks(of_rank, 0, first.count, of_rank[static_cast<std::size_t>(first.root)]->to);
  } else {  // results aside first: an operation in place reads what another rank's result replaces
    std::vector<std::vector<std::byte>> results;
    for (std::size_t r = 0; r < of_rank.size(); ++r) {
      results.emplace_back(bytes);
      reduce_ranks(of_rank, first.what == "reduce_scatter" ? r * first.count : 0, first.count, results.back().data());
    }
    for (std::size_t r = 0; r < of_rank.size(); ++r) std::memcpy(of_rank[r]->to, results[r].data(), bytes);
  }
}

// The sends from a to b, in order, are b's receives from a. Returns what is wrong, or nothing.
std::string move_messages(const std::vector<std::shared_ptr<Launch>>& launches) {
  for (std::size_t a = 0; a < launches.size(); ++a) {
    for (std::size_t b = 0; b < launches.size(); ++b) {
      std::vector<const Operation*> sends, receives;
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
        std::memcpy(receives[i]->to, sends[i]->from, sends[i]->count * width_of(sends[i]->type));
      }
    }
  }
  return "";
}

}  // namespace

std::string Operation::text() const {
  return fmt::format("{} of {} x type {}, op {}, root {}", what, count, type, op, root);
}

std::string move_data(const std::vector<std::shared_ptr<Launch>>& launches) {
  if (std::string fault = move_messages(launches); !fault.empty()) return fault;
  std::vector<std::vector<const Operation*>> collective(launches.size());
  for (std::size_t r = 0; r < launches.size(); ++r) {
    for (const Operation& o : launches[r]->operations) {
      if (!o.is_message()) collective[r].push_back(&o);
    }
    if (collective[r].size() != collective[0].size()) return "ranks launch different numbers of operations";
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
