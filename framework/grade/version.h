// Which grader gave a verdict. Raised whenever a verdict or an extracted answer can change: what an older one
// graded is graded again, from the attempts that are there, so that no stage holds verdicts of two.
#pragma once

#include <string_view>

// A literal, for the versions of recipes that are made of it.
#define FT_GRADER_VERSION "10"

namespace ft::grade {

inline constexpr std::string_view kGraderVersion = FT_GRADER_VERSION;

}  // namespace ft::grade
