// What the grader and its helper ftrun-cas say to each other: fixed small messages over one stream socket, which is the
// helper's standard input. Both ends run on one machine, so numbers are in its byte order.
//
// A request is a header and `length` bytes of program: two expressions in postfix, separated by '\n', their tokens by
// one blank: "2 sqrt 3 sqrt +\n5 2 6 sqrt * + sqrt". Tokens:
//
//   12 -3/4            numbers
//   pi e i             constants
//   x0 x1 ...          free variables, below kCasMostVariables
//   + - * / ^ root     two operands; root: radicand, degree
//   ~ sqrt exp ln sin cos tan asin acos atan abs floor ceil
#pragma once

#include <cstdint>

namespace ft::grade {

inline constexpr std::uint32_t kCasMagic = 0x46544332;  // "FTC2"
inline constexpr std::uint32_t kCasLongestProgram = 8192;
inline constexpr int kCasMostVariables = 8;

struct CasRequest {
  std::uint32_t magic = kCasMagic;
  std::uint32_t id = 0;
  std::uint32_t length = 0;
};

enum class CasVerdict : std::uint32_t {
  different,           // proved, at one point at least where there are variables
  equal,               // proved, at four points where there are variables
  equal_for_positive,  // only where all variables are positive
  unknown,
  out_of_resources,  // memory or time: the helper ends after this message
  malformed,         // not a program: a fault of the sender
};

struct CasResponse {
  std::uint32_t magic = kCasMagic;
  std::uint32_t id = 0;
  CasVerdict verdict = CasVerdict::unknown;
};

}  // namespace ft::grade
